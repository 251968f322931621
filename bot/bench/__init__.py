"""Measurements. Trust the ratios within one run, not the figures of a crowded machine."""

Row = dict[str, float | int | str]
