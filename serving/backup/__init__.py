"""One archive of a shop at one moment, and the way back from it: book, models, settings and added exports."""
