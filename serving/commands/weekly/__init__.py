"""`regulars weekly` and `regulars retrain`: the stages of a week under one lock, taken up where they stopped."""
