"""The staff's side: the desk."""
