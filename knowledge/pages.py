"""Guides, notices and web pages: cut into passages at headings and sentences."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from knowledge.passages import Passage
from knowledge.patterns import pattern
from knowledge.wording import closed_up, sentences

SHORTEST, LONGEST = 150, 350  # characters of a passage; a single sentence is never cut
OPENING = 24  # characters of a text that stand for a title where it has none
OFTEN = 3  # times that a place is named in a text about it
DROPPED = (
    "script",
    "style",
    "nav",
    "header",
    "footer",
    "aside",
    "form",
    "noscript",
    "template",
    "iframe",
    "svg",
)
BLOCKS = {
    "p",
    "div",
    "li",
    "tr",
    "br",
    "section",
    "article",
    "table",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "blockquote",
    "pre",
}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
MAIN = "//main | //article | //*[@role='main'] | //*[@id='content' or @id='main' or @id='zoom' or @id='UCAP-CONTENT']"


@dataclass
class _Cutter:
    """Collects paragraphs under the nearest heading and hands out finished pieces."""

    section: str = ""
    held: list[str] = field(default_factory=list)
    done: list[tuple[str, str]] = field(default_factory=list)

    def flush(self) -> None:
        if text := "\n".join(self.held).strip():
            self.done.append((self.section, text))
        self.held = []

    def add(self, paragraph: str) -> None:
        size = sum(map(len, self.held))
        if size and size + len(paragraph) > LONGEST:
            self.flush()
        if len(paragraph) <= LONGEST:
            self.held.append(paragraph)
        else:
            self._long(paragraph)
        if sum(map(len, self.held)) >= SHORTEST:
            self.flush()

    def _long(self, paragraph: str) -> None:
        for sentence in sentences(paragraph):
            if self.held and len(self.held[-1]) + len(sentence) > LONGEST:
                self.flush()
            self.held = [self.held[-1] + sentence] if self.held else [sentence]


def document_passages(text: str, name: str, title: str = "") -> list[Passage]:
    """Passages of about 150-350 characters; `name` makes their ids, `title` overrides the first sensible line."""
    lines = [line.strip(" \t\u3000\u200b\ufeff\r") for line in text.splitlines()]
    lines = [line for line in lines if line]
    title = title or _title(lines) or _opening(lines) or name
    subject = _subject(text)
    cutter = _Cutter()
    for line in lines:
        is_title = len(lines) > 1 and closed_up(line.lstrip("# ")) == title
        if is_title or pattern("pages", "breadcrumb").search(line):
            continue
        if heading := _heading(line):
            cutter.flush()
            cutter.section = heading
            if not pattern("pages", "question").match(line):
                continue
        cutter.add(closed_up(line))
    cutter.flush()
    number = _number(lines)
    return [
        Passage(
            id=f"{name}#{i}",
            kind="document",
            title=title,
            text=text,
            authority="guide",
            number=number,
            section=f"{subject} {section}".strip(),
        )
        for i, (section, text) in enumerate(cutter.done, start=1)
    ]


def _title(lines: list[str]) -> str:
    for line in lines[:8]:
        bare = line.lstrip("# ").strip()
        skipped = pattern("pages", "breadcrumb").search(line) or pattern("pages", "not_a_title").match(bare)
        if not skipped and not pattern("pages", "question").match(bare) and 4 <= len(bare) <= 60:
            return closed_up(bare)
    return ""


def _opening(lines: list[str]) -> str:
    """The first words of a text that has no title."""
    if not lines:
        return ""
    asked = pattern("pages", "question").match(lines[0])
    opening = closed_up(asked["text"] if asked else lines[0])
    return opening if len(opening) <= OPENING else f"{opening[:OPENING]}…"


def _subject(text: str) -> str:
    """The place that a text is about, so that its later passages are found by it too; "" where none is named often."""
    named = Counter(pattern("pages", "place").findall(text)).most_common(1)
    return str(named[0][0]) if named and named[0][1] >= OFTEN else ""


def _heading(line: str) -> str:
    if line.startswith("#"):
        return closed_up(line.lstrip("# "))
    if asked := pattern("pages", "question").match(line):
        return asked["text"][:80]
    numbered = pattern("pages", "heading").match(line)
    if len(line) <= (40 if numbered else 22) and not pattern("pages", "ends_sentence").search(line) and numbered:
        return closed_up(line)
    return ""


def _number(lines: list[str]) -> str | None:
    for line in lines[:10]:
        if len(line) <= 40 and (match := pattern("law", "number").search(line)):
            return pattern("law", "number_noise").sub("", match.group()) or None
    return None


def page_text(html: str) -> tuple[str, str]:
    """Main text of an HTML page with its headings marked "# ", and its title."""
    import lxml.html
    from lxml.etree import ParserError

    try:
        root: Any = lxml.html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", html))
    except ParserError:
        return "", ""
    named = root.findtext(".//title") or ""
    for tag in DROPPED:
        for element in list(root.iter(tag)):
            element.drop_tree()
    largest = max(root.xpath(MAIN), key=lambda element: len(element.text_content()), default=root)
    body = largest if len(largest.text_content().strip()) > SHORTEST else root
    heading = next((text for h1 in root.iter("h1") if (text := h1.text_content().strip())), "")
    title = heading or pattern("pages", "title_tail").sub("", named.strip())
    return "\n".join(line for line in _lines(body)), closed_up(title)


def _lines(root: Any) -> Iterator[str]:
    """Text lines of an element: one a block, cells of a row parted by a bar."""
    held: list[str] = []
    for kind, text in _events(root):
        if kind == "text":
            held.append(text)
            continue
        line = re.sub(r"[ \t\r\n\u3000]+", " ", "".join(held)).strip(" |")
        if line:
            yield f"# {line}" if kind in HEADINGS else line
        held = []


def _events(element: Any) -> Iterator[tuple[str, str]]:
    tag = element.tag if isinstance(element.tag, str) else ""
    apart = tag in BLOCKS or tag in HEADINGS
    if tag and tag != "title":
        if apart:
            yield "block", ""
        if element.text:
            yield "text", element.text
        for child in element:
            yield from _events(child)
        if tag in ("td", "th"):
            yield "text", " | "
        if apart or element.getparent() is None:
            yield (tag if tag in HEADINGS else "block"), ""
    if element.tail:
        yield "text", element.tail
