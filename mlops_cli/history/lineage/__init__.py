"""Lineage: what made an artifact and what came of it, as a graph over records. Pure."""
