"""Facts and their layout, put together to a paper."""

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from bot.documents.facts import Facts, kind_of
from bot.documents.papers import Imprint, Line, Paper, Section, Signature, Signed, with_annexes
from bot.documents.wording import Part, Place, Wording, placeholders, put_in


def compose(wording: Wording, facts: Facts, imprint: Imprint, signed: Mapping[str, Signed] | None = None) -> Paper:
    """`signed`: what has been signed already, by the place of papers.yml that it belongs to.

    What rests on facts that are not known is left out: a row, a sentence, a section.
    """
    layout, known = wording.papers[kind_of(facts)], vars(facts)
    paper = Paper(
        layout.title,
        imprint,
        _said(layout.intro, known),
        wording.words.numbered(_section(part, known) for part in layout.sections),
        tuple(said for note in layout.notes if (said := _said(note, known))),
        tuple(_signature(place, known, signed or {}) for place in layout.signatures),
        layout.scan,
    )
    return with_annexes(paper, wording.words.longest, wording.words.see_annex)


def _section(part: Part, known: Mapping[str, Any]) -> Section:
    lines = [Line(row.label, _said(row.value, known), half=row.half) for row in part.rows]
    if part.pairs:
        lines += [Line(*astuple(one)) for one in known[part.pairs]]
    points = known[part.points] if isinstance(part.points, str) else [_said(point, known) for point in part.points]
    return Section(
        part.title,
        _said(part.text, known),
        tuple(line for line in lines if line.value),
        tuple(part.columns.values()),
        part.widths or (1,) * len(part.columns),
        tuple(tuple(getattr(one, name) for name in part.columns) for one in known[part.table]) if part.table else (),
        tuple(point for point in points if point),
        known[part.groups] if part.groups else (),
        known[part.tracks] if part.tracks else (),
    )


def _signature(place: Place, known: Mapping[str, Any], signed: Mapping[str, Signed]) -> Signature:
    return Signature(place.caption, signed.get(place.by) or Signed(_said(place.name, known)))


def _said(sentence: str, known: Mapping[str, Any]) -> str:
    """Empty where a sentence rests on facts and none of them is known."""
    names = placeholders(sentence)
    return "" if names and not any(known[name] for name in names) else put_in(sentence, known)
