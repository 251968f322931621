"""Statutes: one passage an article, with its chapter, its number and the day from which it holds."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from knowledge.numerals import article_label, number
from knowledge.passages import Authority, Passage
from knowledge.patterns import pattern, phrase, phrases
from knowledge.places import place_of_title
from knowledge.wording import closed_up

FEWEST_ARTICLES = 3


@dataclass
class _Draft:
    label: str
    section: str
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Head:
    title: str
    lines: tuple[str, ...]


def is_law(text: str) -> bool:
    """Whether the lines of a text run from a first article through a third one."""
    seen = 0
    for line in text.splitlines():
        match = pattern("law", "article").match(line)
        if match and number(match["n"]) == seen + 1 and _opens(match, seen):
            seen += 1
            if seen == FEWEST_ARTICLES:
                return True
    return False


def law_passages(text: str, name: str) -> list[Passage]:
    """One passage an article, in order; `name` is the file's name without its suffix.

    `valid_from` is the day in the last article's sentence of effect where it is not before this version's
    own day, otherwise the version's day: amended statutes keep the sentence of their first version.
    """
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if _starts_articles(line)), 0)
    head = _head(lines[:start], name)
    drafts = _drafts(lines[start:])
    version = _version(head.lines, name)
    valid_from = _effect(drafts, version)
    region = place_of_title(head.title)
    first = Passage(
        id="",
        kind="law",
        title=head.title,
        text="",
        authority=_authority(head, region),
        number=_number(head.lines, version),
        region=region,
        valid_from=valid_from,
    )
    edition = f"{head.title}@{version}" if version else head.title
    return [
        replace(
            first,
            id=f"{edition}#{draft.label}",
            text="\n".join(draft.lines).strip(),
            article=draft.label,
            section=draft.section,
        )
        for draft in drafts
    ]


def superseded(passages: Iterable[Passage]) -> list[Passage]:
    """The same passages, each older version of a statute ending on the day on which the next one begins."""
    kept = list(passages)
    versions: dict[tuple[str, str], set[date]] = {}
    for one in kept:
        if one.kind == "law" and one.valid_from:
            versions.setdefault((one.title, one.region), set()).add(one.valid_from)
    ends = {
        (*key, day): later
        for key, days in versions.items()
        for day, later in zip(sorted(days), sorted(days)[1:], strict=False)
    }
    return [
        replace(one, valid_until=min(filter(None, (one.valid_until, ends[one.title, one.region, one.valid_from]))))
        if one.kind == "law" and one.valid_from and (one.title, one.region, one.valid_from) in ends
        else one
        for one in kept
    ]


def _starts_articles(line: str) -> bool:
    match = pattern("law", "article").match(line)
    return bool(match and number(match["n"]) == 1 and _opens(match, 0)) or _heading(line) is not None


def _opens(match: re.Match[str], last: int) -> bool:
    """Whether the label of an article at the start of a line opens an article, or the line merely speaks of one."""
    value = number(match["n"])
    if value is None or value < last or (value == last and not match["sub"]):
        return False
    if match["gap"]:
        return bool(match["rest"])
    return value - last <= 1 and bool(match["rest"]) and not pattern("law", "speaks_of").match(match["rest"])


def _heading(line: str) -> tuple[int, str] | None:
    match = pattern("law", "heading").match(line)
    if match is None or not (match["gap"] or "#" in line):
        return None
    name = closed_up(match["name"].strip(" *\u3000"))
    return phrases("law", "ranks").index(match["rank"]), f"{match['mark']} {name}".strip()


@dataclass
class _Splitter:
    """Reads a statute line by line."""

    drafts: list[_Draft] = field(default_factory=list)
    sections: dict[int, str] = field(default_factory=dict)
    last: int = 0
    under: int | None = None  # the rank of a heading that no article has followed yet

    def read(self, line: str) -> None:
        if heading := _heading(line):
            self.under, title = heading
            self.sections = {rank: name for rank, name in self.sections.items() if rank < self.under}
            self.sections[self.under] = title
            return
        match = pattern("law", "article").match(line)
        if match and _opens(match, self.last):
            self.last = number(match["n"]) or self.last
            label = article_label(self.last, number(match["sub"] or "") or 0)
            self.drafts.append(_Draft(label, " ".join(self.sections[rank] for rank in sorted(self.sections))))
            self.under = None
            line = match["rest"].strip()
        self._text(line)

    def _text(self, line: str) -> None:
        if not line or line.startswith(("<!--", "#")):
            return
        if self.under is not None:  # a heading that was broken over two lines
            self.sections[self.under] += closed_up(line)
        elif self.drafts:
            self.drafts[-1].lines.append(line.replace("**", ""))


def _drafts(lines: Iterable[str]) -> list[_Draft]:
    splitter = _Splitter()
    for line in lines:
        splitter.read(line.strip("\ufeff\u200b\u3000 \t"))
    return splitter.drafts


def _head(lines: Sequence[str], name: str) -> _Head:
    kept = [line.strip("#* \u3000\t\ufeff\u200b") for line in lines]
    kept = [line for line in kept if line and not pattern("law", "info_end").match(line)]
    title = next((m["title"] for line in kept[:6] if (m := pattern("law", "is_title").match(line))), "")
    title = closed_up(title or pattern("dates", "in_name").sub("", name))
    return _Head(title.removeprefix(phrase("law", "country")) or title, tuple(kept))


def _version(lines: Iterable[str], name: str) -> date | None:
    """The day of this version: the latest of the header's days and of the one in the file's name."""
    days = [day for line in lines for found in pattern("dates", "written").finditer(line) if (day := _day(found))]
    if (in_name := pattern("dates", "in_name").search(name)) and (day := _day(in_name)):
        days.append(day)
    return max(days, default=None)


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


def _effect(drafts: Sequence[_Draft], version: date | None) -> date | None:
    for draft in reversed(drafts[-3:]):
        if match := pattern("law", "takes_effect").search("".join(draft.lines)):
            day = _day(match)
            return day if day and (version is None or day >= version) else version
    return version


def _number(lines: Sequence[str], version: date | None) -> str | None:
    """The last number of the header: that of the latest promulgation which the header names."""
    found = [match.group() for line in lines for match in pattern("law", "number").finditer(line)]
    return pattern("law", "number_noise").sub("", found[-1]) or None if found else None


def _authority(head: _Head, region: str) -> Authority:
    header = " ".join(head.lines)
    if region:
        local = pattern("law", "congress").search(header) or pattern("law", "regulation").search(head.title)
        return "local" if local else "rule"
    if phrase("law", "state_council") in header or pattern("law", "regulation").search(head.title):
        return "regulation"
    if pattern("law", "rule").search(head.title):
        return "rule"
    return "law" if pattern("law", "statute").search(head.title) else "rule"
