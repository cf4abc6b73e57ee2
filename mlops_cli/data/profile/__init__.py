"""The small, committed, mergeable description of a table."""
