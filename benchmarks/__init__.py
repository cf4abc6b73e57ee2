"""Measures mlops beside DVC and make: whole processes, taking turns, each result checked.

Run it with ``make bench``; ``docs/benchmarks.md`` says what is measured and how.
"""
