"""Statutes and documents named in a question: by title, short title, article or number."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from knowledge.numerals import article_label, number
from knowledge.patterns import DATA, pattern, phrase
from knowledge.places import ends_with_place
from knowledge.wording import clean


@dataclass(frozen=True)
class Mention:
    """What a question names, by title or number; `article` is its label where one is named, otherwise ""."""

    name: str
    article: str = ""


class LawNames:
    """The statutes of one base by the names that people use for them."""

    def __init__(self, titles: Iterable[str]) -> None:
        self._titles = {title: title for title in titles}
        short = tomllib.loads((DATA / "aliases.toml").read_text(encoding="utf-8"))
        self._titles |= {
            alias: title for alias, title in short.items() if title in self._titles and alias not in self._titles
        }
        self._sizes = sorted({len(name) for name in self._titles}, reverse=True)

    def mentions(self, question: str) -> list[Mention]:
        """The statutes that the question names, in its order; none twice."""
        text = clean(question)
        return list(dict.fromkeys(self._found(text)))

    def _found(self, text: str) -> Iterator[Mention]:
        at = 0
        while at < len(text):
            name = next((text[at : at + size] for size in self._sizes if text[at : at + size] in self._titles), "")
            if not name or self._another_law(text, at, at + len(name)):
                at += 1
                continue
            at += len(name)
            yield Mention(self._titles[name], _article_after(text[at:]))

    def _another_law(self, text: str, start: int, end: int) -> bool:
        """Whether the name is only part of a longer one that the base does not have."""
        before = text[:start].removesuffix(phrase("law", "country"))
        return bool(pattern("names", "goes_on").match(text[end:])) or ends_with_place(before)


def _article_after(rest: str) -> str:
    match = pattern("names", "article_after").match(rest)
    value = number(match["n"]) if match else None
    if match is None or not value:
        return ""
    return article_label(value, number(match["sub"] or "") or 0)


def plain_number(text: str) -> str:
    """A number of a document with one kind of bracket and no blanks, for comparison."""
    signs = str.maketrans(
        dict.fromkeys(phrase("names", "brackets_open"), "(") | dict.fromkeys(phrase("names", "brackets_close"), ")")
    )
    return "".join(text.translate(signs).split())


def numbers_named(question: str, known: Iterable[str]) -> list[Mention]:
    """The base's numbers that the question names, whole or by their distinctive end, as mentions by number."""
    text = plain_number(question)
    found: list[Mention] = []
    for match in pattern("names", "number_in_question").finditer(text):
        fitting = {one for one in known if match.group() in plain_number(one)}
        whole = {one for one in fitting if text[: match.end()].endswith(plain_number(one))}
        article = _article_after(text[match.end() :])
        found += [Mention(one, article) for one in sorted(whole or fitting)]
    return found
