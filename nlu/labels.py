"""Which of a few labels somebody means by typing it, or something like it."""

import difflib
from collections.abc import Callable, Iterable

from pypinyin import lazy_pinyin

from nlu.text import fold

_NEAR = 0.6  # of the signs of a label must be right
_SHORTEST = 2


def meant(typed: str, labels: Iterable[str], *, loosely: bool = True) -> str | None:
    """The label that is typed whole, by its beginning or by its sound; None where that is unclear.

    `loosely`, also by a part of it, by something that holds it, or misspelt: for a question that waits for one.
    """
    said = fold(typed)
    by_key = {fold(label): label for label in labels if fold(label)}
    if not said or not by_key:
        return None
    if said in by_key:
        return by_key[said]
    fits: list[Callable[[str], bool]] = [lambda key: len(said) >= _SHORTEST and key.startswith(said)]
    if loosely:
        fits.append(lambda key: min(len(said), len(key)) >= _SHORTEST and (said in key or key in said))
    for fit in fits:
        found = [label for key, label in by_key.items() if fit(key)]
        if found:
            return found[0] if len(found) == 1 else None
    sounds = {sound(key): label for key, label in by_key.items()}
    near = difflib.get_close_matches(said, by_key, n=2, cutoff=_NEAR) if loosely else []
    return sounds.get(sound(said)) or (by_key[near[0]] if len(near) == 1 else None)


def sound(text: str) -> str:
    """How a text is pronounced, tones left out."""
    return "".join(lazy_pinyin(text))
