"""What each family of features adds, on each log."""
