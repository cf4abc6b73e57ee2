"""What a table should be like, and the failures that nobody reports."""
