"""From a model to people and systems."""
