"""What each source of data adds to the forecast: by backtest with and without it, and elsewhere where it is missing."""
