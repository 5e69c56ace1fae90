"""Is one group of customers served worse than the others: by any column of the customers file, beyond chance."""
