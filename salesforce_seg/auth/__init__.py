"""Login: a strategy per flow, one login at a time."""
