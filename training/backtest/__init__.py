"""The candidates measured on dates they have not seen."""
