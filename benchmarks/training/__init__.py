"""How long training takes beside the bare LightGBM fits in it."""
