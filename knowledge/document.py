"""What a reader of one kind of file hands on: its text, and what the file says of itself."""

from dataclasses import dataclass

from knowledge.patterns import pattern
from knowledge.wording import plain, words


@dataclass(frozen=True)
class Document:
    """Lines of text with headings marked "# "; `faults` says what of the file was not read, and why.

    `title` is "" where the text's own first lines must tell.
    """

    text: str
    title: str = ""
    faults: tuple[str, ...] = ()


def title_of(text: str, marked: str, property_: str, headings: list[str]) -> str:
    """The title that is marked as one, else that of the file's properties, else the first heading that can be one.

    Properties are often left over from another document: their title counts where the text has half of its words.
    """
    if marked:
        return marked
    told, there = words(property_), plain(text)
    left_over = 2 * sum(word in there for word in told) < len(told)
    if told and not left_over and not pattern("documents", "no_title").search(property_):
        return property_.strip()
    return next((one for one in headings if not pattern("documents", "no_title").search(one)), "")
