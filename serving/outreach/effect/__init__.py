"""What acting saved: treated against held out."""
