"""Whether two tables are alike, and whether the difference matters."""
