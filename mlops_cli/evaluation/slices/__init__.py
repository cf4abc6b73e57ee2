"""Slices of a table: declared by people, or found where a model is weak; each with its rows, its condition and its metrics."""
