"""How well the model did out of time, as the API answers it: its grade, its list, its bands, its groups."""
