"""One file a command: options in, one action, one rendering."""
