"""The lines of a page put straight: however it was held, they run from left to right, and stand one below the other."""

import math
import statistics
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.materials.reading import Corners, Line, Page

Point = tuple[float, float]
Box = tuple[float, float, float, float]
_LONG = 2.0  # times its height: a line that tells how the page is held


@dataclass(frozen=True)
class Word:
    """A line as it stands on the straight page."""

    text: str
    score: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True)
class Layout:
    """A page, turned to the left by so many `quarters` once it is straight."""

    page: Page
    tilt: float
    quarters: int

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """In the order in which they are read."""
        words = [_word(line, [self._straight(point) for point in line.corners]) for line in self.page.lines]
        return tuple(sorted(words, key=lambda word: (word.middle, word.left)))

    def taken_from(self, box: Box) -> Box:
        """Where a box of the straight page stands in the picture, as shares of its width and height."""
        left, top, right, bottom = box
        points = [self._back((x, y)) for x in (left, right) for y in (top, bottom)]
        xs, ys = [x / self.page.width for x, _ in points], [y / self.page.height for _, y in points]
        return min(xs), min(ys), max(xs), max(ys)

    def _straight(self, point: Point) -> Point:
        return _turned(point, self._centre, -self.tilt - self.quarters * math.pi / 2)

    def _back(self, point: Point) -> Point:
        return _turned(point, self._centre, self.tilt + self.quarters * math.pi / 2)

    @property
    def _centre(self) -> Point:
        return self.page.width / 2, self.page.height / 2


def layouts(page: Page) -> list[Layout]:
    """The two ways in which a page may be held whose lines run like this."""
    tilts = [_angle(line.corners) for line in page.lines if _is_long(line.corners)]
    upward = sum(abs(angle) > math.pi / 4 for angle in tilts) * 2 > len(tilts)
    near = [_within_a_quarter(angle) for angle in tilts]
    tilt = statistics.median(near) if near else 0.0
    return [Layout(page, tilt, quarters) for quarters in ((1, 3) if upward else (0, 2))]


def flat(text: str) -> str:
    """As it is compared: full-width signs as the usual ones, without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def beside(word: Word, words: Sequence[Word]) -> Word | None:
    """What stands next to the right of it, in its row."""
    row = [
        one
        for one in words
        if one is not word
        and one.left > (word.left + word.right) / 2
        and abs(one.middle - word.middle) < 0.6 * max(one.height, word.height)
    ]
    return min(row, key=lambda one: one.left, default=None)


def below(word: Word, words: Sequence[Word]) -> Word | None:
    """What stands right under it."""
    found = [
        one
        for one in words
        if word.middle < one.top + one.height / 2 < word.bottom + 1.5 * word.height
        and one.left < word.right
        and one.right > word.left
    ]
    return min((one for one in found if one is not word), key=lambda one: one.top, default=None)


def _word(line: Line, points: Sequence[Point]) -> Word:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Word(flat(line.text), line.score, min(xs), min(ys), max(xs), max(ys))


def _turned(point: Point, centre: Point, angle: float) -> Point:
    x, y = point[0] - centre[0], point[1] - centre[1]
    cos, sin = math.cos(angle), math.sin(angle)
    return centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos


def _edges(corners: Corners) -> tuple[Point, Point]:
    first, second, third = corners[:3]
    return (second[0] - first[0], second[1] - first[1]), (third[0] - second[0], third[1] - second[1])


def _is_long(corners: Corners) -> bool:
    along, down = (math.hypot(*edge) for edge in _edges(corners))
    return max(along, down) > _LONG * min(along, down)


def _angle(corners: Corners) -> float:
    """Of the longer edge: nought where it lies, a quarter where it stands."""
    along, down = _edges(corners)
    x, y = along if math.hypot(*along) >= math.hypot(*down) else down
    angle = math.atan2(y, x)
    return angle - math.pi if angle > math.pi / 2 else angle + math.pi if angle <= -math.pi / 2 else angle


def _within_a_quarter(angle: float) -> float:
    return angle - math.pi / 2 if angle > math.pi / 4 else angle + math.pi / 2 if angle < -math.pi / 4 else angle
