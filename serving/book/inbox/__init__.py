"""The list in force as an inbox: its entries, what came of each, and what was known when it was made."""
