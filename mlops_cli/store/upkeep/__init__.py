"""Keeping a store sound and small: checking, mending, collecting what nothing leads to."""
