"""Bundles: several items of several departments, applied for at once by one conversation and one form."""
