"""Coming over from other tools: reading DVC's files, and saying the same in ours."""
