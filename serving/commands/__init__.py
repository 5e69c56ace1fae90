"""The commands, each in a file of its name; the command line, the API and notebooks call them."""
