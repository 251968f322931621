"""Whether a text itself says that it no longer holds, and which place issued it."""

import re
from dataclasses import dataclass
from datetime import date

from knowledge.patterns import pattern, phrases
from knowledge.places import covers, ends_with_place, place_named, place_of_title

HEAD = 12  # lines in which the marks of a text stand, unless its first article comes earlier
LONGEST_NAME = 12


@dataclass(frozen=True)
class Repeal:
    """The marks that were found; `on` is the first day on which the text no longer holds, None where they name none."""

    mark: str
    on: date | None


def without_repeal(text: str, *names: str) -> tuple[str, list[str], Repeal | None]:
    """A text and its names (its title, its file's) without the marks of its repeal, and what they said."""
    marks: list[str] = []
    lines = text.splitlines()
    for n in range(_head(lines)):
        lines[n] = _unmarked(lines[n], marks)
    bare = [_unmarked(name, marks) or name for name in names]
    if not marks:
        return text, list(names), None
    days = [day for mark in marks if (day := _last_day(mark))]
    return "\n".join(lines), bare, Repeal(marks[0].strip(), min(days, default=None))


def _head(lines: list[str]) -> int:
    """How many lines stand before the text proper."""
    filled = 0
    for n, line in enumerate(lines):
        if filled == HEAD or pattern("law", "article").match(line):
            return n
        filled += bool(line.strip())
    return len(lines)


def _unmarked(line: str, marks: list[str]) -> str:
    for mark in phrases("documents", "repealed"):
        found = re.search(mark, line)
        if found and not pattern("documents", "not_repealed").search(found.group()):
            marks.append(found.group())
            line = line[: found.start()] + line[found.end() :]
    return line


def _last_day(mark: str) -> date | None:
    days = [day for found in pattern("documents", "day").finditer(mark) if (day := day_of(found))]
    return days[-1] if days else None


def day_of(found: re.Match[str]) -> date | None:
    """The day of a match of the pattern "day"; None where there is no such day."""
    try:
        return date(int(found["year"]), int(found["month"]), int(found["date"]))
    except ValueError:
        return None


def place_of_issue(*titles: str) -> str:
    """The code of the place that the first of the titles which names one opens with; "" where none does."""
    for title in titles:
        bare = title[len(pattern("documents", "issue_lead").match(title)[0]) :]  # type: ignore[index]
        opening = bare[: 2 * LONGEST_NAME]
        if place_named(opening) and (code := place_of_title(bare)):
            return _narrower(bare, code)
        if pattern("documents", "about").match(title) and (code := place_named(opening)):
            return code
    return ""


def _narrower(title: str, code: str) -> str:
    """The city, where a title goes on with one directly after its province."""
    for n in range(2, LONGEST_NAME):
        within = place_of_title(title[n:])
        if within and within != code and covers(code, within) and ends_with_place(title[:n]):
            return within
    return code
