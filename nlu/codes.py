"""Check digits of numbers that people read out: identity, credit and licence numbers, our own case numbers.

The digits are reckoned by python-stdnum where it can. Its `validate` is not used: it refuses people whose district
was renamed or who come from Hong Kong, Macao or Taiwan.
"""

from datetime import date
from functools import cache

from stdnum import numdb
from stdnum.cn import ric, uscc
from stdnum.iso7064 import mod_11_10

# Beyond the provinces: Taiwan, the permits of residents from Hong Kong, Macao and Taiwan.
RESIDENTS = frozenset({"71", "81", "82", "83"})
PERMANENT = "9"  # a foreigner's permanent residence card: 9, the province that gave it, the nationality
BODY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def sound_id(number: str, today: date | None = None) -> bool:
    """A citizen's number: 18 characters, region, date of birth (not after `today`) and check digit are right."""
    if len(number) != 18 or not _digits(number[:17]) or not (_digits(number[17]) or number[17] == "X"):
        return False
    region = number[1:3] if number.startswith(PERMANENT) else number[:2]
    born = day_of(number[6:14])
    if region not in _provinces() or born is None or born.year < 1850 or (today is not None and born > today):
        return False
    return ric.calc_check_digit(number) == number[17]


def sound_uscc(code: str) -> bool:
    """A unified social credit code (GB 32100): characters, the body's check digit (GB 11714), and its own."""
    if not uscc.is_valid(code) or len(code) != 18:
        return False
    body = code[8:16]
    rest = 11 - sum(int(sign, 36) * weight for sign, weight in zip(body, BODY_WEIGHTS, strict=True)) % 11
    return code[16] == {10: "X", 11: "0"}.get(rest, str(rest))


def sound_licence(number: str) -> bool:
    """JY or YB and 14 digits, the last by MOD 11,10. Some licences that were really issued fail: a hint, no proof."""
    return len(number) == 16 and _digits(number[2:]) and mod_11_10.calc_check_digit(number[2:-1]) == number[-1]


def case_check(number: str) -> str:
    """The last digit of a case number, from the rest of it: MOD 11,10, where a letter counts as A=10 to Z=35."""
    product = 10
    for sign in number.replace("-", ""):
        product = ((product + int(sign, 36)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def day_of(written: str) -> date | None:
    """The day of `YYYYMMDD`; None where there is no such day."""
    try:
        return date(int(written[:4]), int(written[4:6]), int(written[6:]))
    except ValueError:
        return None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


@cache
def _provinces() -> frozenset[str]:
    return frozenset(low for _, low, *_ in numdb.get("cn/loc").prefixes) | RESIDENTS
