"""Papers as DOCX, to be edited by hand: the same data in templates/paper.docx, a file that Word opens."""

import io
from collections.abc import Iterator
from typing import Any

from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage

from bot.documents.papers import Line, Paper, Section, Track, plain
from bot.documents.pdf import TEMPLATES, written_time
from bot.documents.pictures import qr_png
from bot.documents.wording import Words
from bot.errors import OperatorError

TICKED, EMPTY = "\u2611", "\u25a1"  # the empty box that every Chinese font of Word has


def docx(paper: Paper, words: Words) -> bytes:
    """Every text of the paper, long ones in annexes, and its pictures. Rare characters stand there as they are."""
    template = DocxTemplate(TEMPLATES / "paper.docx")
    link = paper.imprint.link if paper.scan else ""
    given: dict[str, Any] = plain(paper) | {
        "words": words.model_dump(),
        "made_at": written_time(words, paper.imprint.made_at),
        "sections": plain(list(_sections(paper, words))),
        "qr": InlineImage(template, io.BytesIO(qr_png(link)), width=Mm(18)) if link else "",
    }
    for signature, one in zip(given["signatures"], paper.signatures, strict=True):
        image = io.BytesIO(one.signed.image)
        signature["image"] = InlineImage(template, image, height=Mm(12)) if one.signed.image else ""
    return _rendered(template, given)


def _rendered(template: DocxTemplate, given: dict[str, Any]) -> bytes:
    made = io.BytesIO()
    try:
        template.render(given, autoescape=True)
        template.save(made)
    except ValueError as error:
        raise OperatorError(f"paper.docx: {error}") from error
    return made.getvalue()


def _sections(paper: Paper, words: Words) -> Iterator[dict[str, Any]]:
    """What is drawn elsewhere is put into words here."""
    for section in paper.sections:
        yield {
            "title": section.title,
            "text": section.text,
            "lines": [{"label": line.label, "value": _value(line)} for line in section.lines],
            "columns": section.columns,
            "rows": section.rows,
            "points": [*section.points, *_told(section, words)],
        }


def _value(line: Line) -> str:
    boxes = [f"{TICKED if box.ticked else EMPTY} {box.name}" for box in line.boxes]
    return "   ".join(boxes) if boxes else line.value


def _told(section: Section, words: Words) -> Iterator[str]:
    for names in section.groups:
        yield " + ".join(names) + (f" ({words.beside})" if len(names) > 1 else "")
    for track in section.tracks:
        yield _track(track, words)


def _track(track: Track, words: Words) -> str:
    stages = (
        f"{stage.name} {words.states[stage.state]}{' ' + stage.note if stage.note else ''}" for stage in track.stages
    )
    return f"{track.name} ({track.department}): " + " > ".join(stages)
