"""All contact with Git."""
