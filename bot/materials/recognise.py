"""Which document is it, and what stands in it? By its words and where they stand; nothing here has seen one before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.photo import Seen
from bot.materials import values
from bot.materials.kinds import FieldKind, Kinds, PhotoKind
from bot.materials.layout import Box, Layout, Word, below, beside, flat, layouts
from bot.materials.reading import Page

_TITLE, _SHARE = 0.6, 0.3  # of a line that a title must fill; of the anchors beside it that must be there
_WITHOUT_TITLE = 0.7  # share of the anchors by which a document is known whose title was not read
_GUESSED = 0.5
_ROOM = 9.0  # heights of a label, to the right of which its value is expected


@dataclass(frozen=True)
class Document:
    """`kind` is None where it is none that we know. `gaps` are boxes in which a value was expected and not found."""

    layout: Layout
    kind: PhotoKind | None
    fields: dict[str, Seen]
    gaps: dict[str, Box]


def recognise(page: Page, kinds: Kinds, wanted: Sequence[str] = ()) -> Document:
    """The reading that makes most sense of the page, whichever way it was held.

    Where it is not clear which document it is, it is read as the one that is `wanted`.
    """
    found = [_document(layout, kinds, wanted) for layout in layouts(page)]
    return max(found, key=lambda one: (_worth(one), -one.layout.quarters))


def _worth(document: Document) -> float:
    if document.kind is None:
        return 0.0
    return 1 + sum(2 if document.kind.fields[id].required else 1 for id in document.fields)


def _document(layout: Layout, kinds: Kinds, wanted: Sequence[str]) -> Document:
    kind = _kind(layout.words, kinds, wanted)
    if kind is None:
        return Document(layout, None, {}, {})
    fields: dict[str, Seen] = {}
    gaps: dict[str, Box] = {}
    for id, field in kind.fields.items():
        seen, gap = _field(layout.words, field)
        if seen is not None:
            fields[id] = seen
        elif gap is not None:
            gaps[id] = gap
    return Document(layout, kind, fields, gaps)


def _kind(words: Sequence[Word], kinds: Kinds, wanted: Sequence[str]) -> PhotoKind | None:
    scored = [(_likeness(words, kind), kind) for kind in kinds.values() if not kind.looked_at]
    score, best = max(scored, key=lambda pair: (pair[0], pair[1].of in wanted), default=(0.0, None))
    return best if score > 0 else None


def _likeness(words: Sequence[Word], kind: PhotoKind) -> float:
    """Above nought where it may be this kind: the share of its words, and one more for its title."""
    titled = any(_is_title(word.text, flat(title)) for word in words for title in kind.title)
    there = sum(any(flat(anchor) in word.text for word in words) for anchor in kind.anchors)
    share = min(1.0, there / min(6, len(kind.anchors)))
    if titled and share >= _SHARE:
        return 1 + share
    return share if share >= _WITHOUT_TITLE else 0.0


def _is_title(text: str, title: str) -> bool:
    """Does it stand by itself, or fill most of its line?"""
    return (title in text and len(title) >= _TITLE * len(text)) or (title.endswith(")") and text.startswith(title))


def _field(words: Sequence[Word], field: FieldKind) -> tuple[Seen | None, Box | None]:
    """The value behind one of its labels, or else the place where it should stand."""
    gap = None
    for word, rest in _labelled(words, field):
        for text, score in _candidates(words, word, rest, field):
            value = values.found(field.kind, text, field.forever)
            if value is not None:
                return Seen(value.text, round(score if value.sure else min(score, _GUESSED), 3)), None
        gap = gap or _room(word, rest)
    if field.kind in ("uscc", "licence") or (field.kind == "id" and field.nth == 1):
        return _anywhere(words, field), gap
    return None, gap


def _labelled(words: Sequence[Word], field: FieldKind) -> Iterator[tuple[Word, str]]:
    """The words that begin with a label of the field, the longer labels first, and what follows it in the line."""
    for written in field.labels:
        label = flat(written.removeprefix("~"))
        count = 0
        for word in words:
            at = word.text.find(label)
            if at < 0 or (at > 0 and not written.startswith("~") and not _numbered(word.text[:at])):
                continue
            count += 1
            if count == field.nth:
                yield word, word.text[at + len(label) :].lstrip(":;,.\uff1a")


def _numbered(before: str) -> bool:
    """Is it but the number of a paragraph, or a bullet?"""
    return len(before) <= 1 and not before.isalnum()


def _candidates(words: Sequence[Word], word: Word, rest: str, field: FieldKind) -> Iterator[tuple[str, float]]:
    """Texts in which the value may stand, nearest first, each with how surely it was read."""
    if rest:
        yield rest, word.score
    right = beside(word, words)
    if right is not None:
        if field.kind == "address":
            more = below(right, words)
            if more is not None and abs(more.left - right.left) < right.height and beside_label(more, words) is None:
                yield right.text + more.text, min(right.score, more.score)
        yield right.text, right.score
        further = beside(right, words)
        if further is not None:
            yield right.text + further.text, min(right.score, further.score)
    under = below(word, words) if field.below else None
    if under is not None:
        yield under.text, under.score


def beside_label(word: Word, words: Sequence[Word]) -> Word | None:
    """What stands to the left of it, in its row: if anything does, the row is a new one."""
    row = [one for one in words if one.right < word.left + word.height and abs(one.middle - word.middle) < word.height]
    return max(row, key=lambda one: one.right, default=None)


def _anywhere(words: Sequence[Word], field: FieldKind) -> Seen | None:
    """A number that proves itself needs no label."""
    for word in words:
        value = values.found(field.kind, word.text)
        if value is not None and value.sure:
            return Seen(value.text, round(word.score, 3))
    return None


def _room(word: Word, rest: str) -> Box:
    """Where the value should stand: behind the label."""
    left = word.left + (word.right - word.left) / 2 if rest else word.right
    return left, word.top, word.right + _ROOM * word.height, word.bottom
