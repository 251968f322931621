"""Plain types and the rules that need nothing else: no files, no clock, no network."""
