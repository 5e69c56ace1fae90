"""How quickly the HTTP interface answers, beside others that do the same."""
