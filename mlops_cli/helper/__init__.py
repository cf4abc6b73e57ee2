"""Second processes of this program, for work of which one Python does only a part at a time."""
