"""Numbers with their uncertainty: intervals, tests, distances, exact sums. Arrays and counts in, values out."""
