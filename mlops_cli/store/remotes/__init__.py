"""Named bytes on remotes of every kind behind one port, and the addresses that data is imported from."""
