"""What mlops can do: one verb a file. Each joins the rooms below, returns a result, and prints nothing."""
