"""Between the local store and a remote: what lies there, what has to travel, and bringing it there and back, verified."""
