"""Measures what the lists saved: treated against held out, on the orders that came."""
