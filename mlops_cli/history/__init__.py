"""Run records, and what Git's history says of them."""
