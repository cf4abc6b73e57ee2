"""What records say should be here: finding it, bringing it, and making the workspace agree with it."""
