"""Which book this is, whether it is the shop's, how far it has come, and whether it is whole."""
