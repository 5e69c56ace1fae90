"""The KPIs of a shop: retention by period, cohorts, and what retention is worth over years."""
