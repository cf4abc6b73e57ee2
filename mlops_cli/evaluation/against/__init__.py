"""Two models on the same rows, paired: which one is better, how sure that is, and where."""
