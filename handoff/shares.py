"""A part of a whole: no figure of the desk stands without what it is a share of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.part / self.whole) if self.whole else None
