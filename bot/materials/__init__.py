"""What citizens send as proof: photos and files, kept sealed, and looked at when they come."""
