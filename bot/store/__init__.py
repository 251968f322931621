"""Everything that must survive a crash."""
