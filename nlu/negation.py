"""Whether a word in a sentence is denied: by a negation right before it, or right behind."""

import re
from functools import cache
from typing import Any

from nlu.data_files import written


@cache
def _words() -> dict[str, Any]:
    return written("negation")


@cache
def _before() -> re.Pattern[str]:
    words = _words()
    return re.compile(f"{words['before']}[^{re.escape(words['stops'])}]{{0,{words['gap']}}}$")


def negated(text: str, at: int) -> bool:
    """Is what begins at `at` denied? Words that only look like a negation do not count."""
    words = _words()
    reach = text[max(at - 8, 0) : at]
    for word in words["except"]:
        reach = reach.replace(word, words["stops"][0] * len(word))
    return _before().search(reach) is not None


def denied_behind(text: str, end: int) -> bool:
    """Is what ends at `end` denied by what follows, as in "milk tea, no"?"""
    return _behind().match(text[end : end + 12]) is not None


@cache
def _behind() -> re.Pattern[str]:
    return re.compile(_words()["behind"])
