"""What the pictures of a customer's page show: positions, so that a template holds no arithmetic."""
