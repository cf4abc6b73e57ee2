"""Tables: reading, describing, checking and comparing them."""
