"""Orders that Spark reads: its workers clean them by the rules of intake, and no row comes to this process."""
