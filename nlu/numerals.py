"""Numbers as people write them: Arabic numerals, and Chinese ones below a thousand."""

import re
from functools import cache
from typing import Any

from nlu.data_files import written


@cache
def _signs() -> dict[str, Any]:
    signs = written("numerals")
    return signs | {"whole": re.compile(signs["whole"])}


def number(written: str) -> int | None:
    """The value of a numeral; None where it is none, or one of two readings such as "three five"."""
    if written.isdecimal():
        return int(written)
    found = _signs()["whole"].fullmatch(written)
    if found is None or not written:
        return None
    value: dict[str, int] = _signs()["value"]
    hundreds = 100 * value.get(found["hundreds"] or "", 0)
    tens = value.get(found["tens"] or found["twenty"] or "", 1 if found["ten"] else 0)
    return hundreds + 10 * tens + value.get(found["ones"] or "", 0)


def digits(written: str) -> int | None:
    """The value of a number that is read out digit by digit, as years are."""
    value: dict[str, int] = _signs()["value"]
    if not written or not all(sign.isdecimal() or value.get(sign, 10) < 10 for sign in written):
        return None
    return int("".join(sign if sign.isdecimal() else str(value[sign]) for sign in written))
