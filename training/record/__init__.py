"""What is recorded of a training and of a backtest: the run, its candidates, its data, and the model's card."""
