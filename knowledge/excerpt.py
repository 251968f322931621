"""The words of a text that answer a question: whole sentences, a list with its lead-in."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from knowledge.evidence import Asked
from knowledge.manner import manner
from knowledge.patterns import pattern
from knowledge.synonyms import meant_by
from knowledge.wording import words

WHOLE = 160  # characters up to which a text is given as it is
LONGEST_LIST = 400  # characters of a list that is still given whole with its lead-in
WANTED = 0.3  # of the question's weight, for a sentence that has the kind of thing asked for
MEANT = 0.06  # the same for each word that the question means without having it
FIRST = 1.05  # an article opens with its rule
ENOUGH = 120  # characters that an excerpt may grow to


@dataclass(frozen=True)
class _Piece:
    """A sentence with its place: paragraph, and whether it leads in the items that follow it."""

    paragraph: int
    text: str
    leads: bool
    item: bool


def excerpt(text: str, ask: Asked, title: str = "") -> tuple[str, str]:
    """The part of a text that fits the question best, and the whole text where that is more.

    The words of the title do not count: they stand in the question to name the text, not to find a place in it.
    """
    ask = _without(ask, set(words(title)))
    if len(text) <= WHOLE:
        return text, ""
    pieces = list(_pieces(text))
    if len(pieces) < 2:
        return text, ""
    worth = [_worth(piece.text, ask) for piece in pieces]
    worth[0] *= FIRST
    best = int(np.argmax(worth))
    chosen = _joined(pieces, _with_list(pieces, _grown(pieces, worth, best), best))
    return (chosen, text) if len(chosen) < len(text) else (text, "")


def _without(ask: Asked, idle: set[str]) -> Asked:
    kept = np.array([word not in idle for word in ask.words], np.bool_)
    return replace(ask, weights=np.where(kept, ask.weights, 0).astype(np.float32))


def _pieces(text: str) -> Iterable[_Piece]:
    leads_in = manner().leads_in
    for n, paragraph in enumerate(text.split("\n")):
        for sentence in pattern("wording", "full_sentence").findall(paragraph):
            item = pattern("law", "item").match(sentence) is not None
            yield _Piece(n, sentence.strip(), bool(leads_in.search(sentence)), item)


def _worth(sentence: str, ask: Asked) -> float:
    """The question's weight that a sentence has, more where it has what is asked for, a little less if long."""
    known = set(words(sentence))
    pairs = zip(ask.words, ask.weights.tolist(), strict=True)
    shared = sum(weight for word, weight in pairs if word in known)
    meant = sum(ask.mass * MEANT for word in set(words(meant_by(ask.text))) if word in known)
    heard = any(asked.search(ask.text) and wanted.search(sentence) for asked, wanted in manner().wants)
    return float(shared + meant + WANTED * ask.mass * heard) / (1 + len(sentence) / 400)


def _grown(pieces: list[_Piece], worth: list[float], best: int) -> set[int]:
    """The best sentence, and neighbours of its paragraph while they fit the question and the length."""
    chosen = {best}
    size = len(pieces[best].text)
    for step in (1, -1):
        at = best + step
        while 0 <= at < len(pieces) and pieces[at].paragraph == pieces[best].paragraph:
            size += len(pieces[at].text)
            if size > ENOUGH or worth[at] < 0.4 * worth[best]:
                break
            chosen.add(at)
            at += step
    return chosen


def _with_list(pieces: list[_Piece], chosen: set[int], best: int) -> set[int]:
    """What was chosen, with the lead-in of an item and the items of a lead-in."""
    lead = best
    while lead > 0 and pieces[lead].item:
        lead -= 1
    if not pieces[lead].leads:
        return chosen
    last = lead
    while last + 1 < len(pieces) and pieces[last + 1].item:
        last += 1
    whole = set(range(lead, last + 1))
    if pieces[best].item and sum(len(pieces[n].text) for n in whole) > ENOUGH:
        return chosen | {lead}
    if sum(len(pieces[n].text) for n in whole) <= LONGEST_LIST:
        return chosen | whole
    return chosen | {lead}


def _joined(pieces: list[_Piece], chosen: set[int]) -> str:
    text, last = "", -1
    for n in sorted(chosen):
        if text and pieces[n].paragraph != last:
            text += "\n"
        text += pieces[n].text
        last = pieces[n].paragraph
    return text
