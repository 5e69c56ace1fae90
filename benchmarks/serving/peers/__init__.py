"""The same look-up as others would serve it, written as their documentation shows."""
