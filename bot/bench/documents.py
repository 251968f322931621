"""Every paper and every form as PDF, picture and DOCX, each filled with texts of the length that people write."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np

from bot.bench import Row
from bot.bundles.catalogue import load_catalogue
from bot.bundles.model import Question
from bot.documents.compose import compose
from bot.documents.docx import docx
from bot.documents.facts import KINDS
from bot.documents.forms import FormLayout, fill, load_forms
from bot.documents.papers import Imprint, Paper
from bot.documents.pdf import Press
from bot.documents.wording import load_wording
from bot.settings import Settings

ENTRIES = 4  # in every list of facts


def measure(settings: Settings, rounds: int) -> list[Row]:
    """A row a paper, in milliseconds; no two rounds print the same text, so that nothing is found made already."""
    wording, questions = load_wording(settings.config), load_catalogue(settings.config).questions
    sentences = [question.ask for question in questions.values()]

    def told(shape: type, number: int) -> Paper:
        return compose(wording, _made(shape, sentences, number), _imprint(number))

    def filled(form: FormLayout, number: int) -> Paper:
        return fill(form, _answers(questions, number), questions, _imprint(number), wording.words)

    makers = {kind: partial(told, shape) for kind, shape in KINDS.items()}
    makers |= {f"form {id}": partial(filled, form) for id, form in load_forms(settings.config).items()}
    press = Press(wording.words)
    return [_row(what, rounds, press, paper) for what, paper in makers.items()]


def _row(what: str, rounds: int, press: Press, paper: Callable[[int], Paper]) -> Row:
    press.pdf(paper(0))  # warms up
    papers = [paper(number) for number in range(1, rounds + 1)]
    pdf, size = _times(press.pdf, papers)
    picture, _ = _times(press.picture, papers)
    editable, _ = _times(lambda one: docx(one, press.words), papers)
    p50, p95 = np.percentile(pdf, [50, 95])
    return {
        "what": what,
        "pdf p50 ms": float(p50),
        "pdf p95 ms": float(p95),
        "pdf KB": size / 1024,
        "picture p50 ms": float(np.median(picture)),
        "docx p50 ms": float(np.median(editable)),
    }


def _times(make: Callable[[Paper], bytes], papers: list[Paper]) -> tuple[list[float], int]:
    took, size = [], 0
    for paper in papers:
        began = time.perf_counter()
        size = len(make(paper))
        took.append((time.perf_counter() - began) * 1000)
    return took, size


def _imprint(number: int) -> Imprint:
    link = f"https://hall.example/r/{number:08}"
    return Imprint(f"20260101-XX-{number:05}", "Hall", datetime(2026, 1, 1).astimezone(), contact="12345", link=link)


def _answers(questions: Mapping[str, Question], number: int) -> dict[str, str]:
    """The first option of each question, or its own words."""
    return {id: one.options[0].value if one.options else f"{one.ask} {number}" for id, one in questions.items()}


def _made(hint: Any, sentences: Sequence[str], number: int) -> Any:
    """A value of a type: texts are sentences, lists have some entries, and a word of several is one of them."""
    if hint is str:
        return f"{sentences[number % len(sentences)]} {number}"
    if get_origin(hint) is Literal:
        return get_args(hint)[number % len(get_args(hint))]
    if get_origin(hint) is tuple:
        return tuple(_made(get_args(hint)[0], sentences, number + place) for place in range(ENTRIES))
    hints = enumerate(get_type_hints(hint).items(), number)
    return hint(**{name: _made(of, sentences, place) for place, (name, of) in hints})
