"""What comes after: a licence is given to whose it is, and they say how they were served."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Mark = Literal["good", "fair", "poor"]
MARKS: tuple[Mark, ...] = get_args(Mark)
Delivered = Literal["electronic", "post", "window"]


@dataclass(frozen=True)
class Delivery:
    """What came of a case was given out. `note` is such as the number of a parcel."""

    case: str
    way: Delivered
    note: str
    who: str
    at: datetime


@dataclass(frozen=True)
class Rating:
    """`about` is what was served: `ticket:12` or `case:20261122-CY-00001-6`. `mark` is "" until they say."""

    id: int
    about: str
    mark: Mark | Literal[""]
    reason: str
    asked_at: datetime
