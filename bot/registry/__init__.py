"""The departments' own systems: what is handed to them, and what they report back. One module is one kind of port."""
