"""Tables of any format as columns, read one at a time."""
