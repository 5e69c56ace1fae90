"""How long reading takes: order lines to clean customer-days, beside plain roll-ups that check nothing, in one run."""
