"""From features to a chosen, recorded model."""
