"""The kinds of answer a question may ask for. Each takes what was typed and returns what is kept."""

import re
from collections.abc import Callable
from datetime import date

from bot.errors import CitizenError
from nlu.codes import sound_id, sound_uscc

LONGEST = 200
_LONGEST_NAME = 60


def text(typed: str) -> str:
    found = " ".join(typed.split())
    if not found:
        raise CitizenError("answer.empty")
    if len(found) > LONGEST:
        raise CitizenError("answer.too_long", most=str(LONGEST))
    return found


def name(typed: str) -> str:
    """What something is called: short, and with letters in it."""
    found = text(typed)
    if len(found) > _LONGEST_NAME or not re.search(r"[^\W\d_]", found):
        raise CitizenError("answer.name", most=str(_LONGEST_NAME))
    return found


def phone(typed: str) -> str:
    digits = re.sub(r"[\s()-]", "", _narrow(typed)).removeprefix("+86")
    if not re.fullmatch(r"1[3-9]\d{9}", digits):
        raise CitizenError("answer.phone")
    return digits


def id_number(typed: str) -> str:
    found = re.sub(r"\s", "", _narrow(typed)).upper()
    if not sound_id(found):
        raise CitizenError("answer.id_number")
    return found


def credit_code(typed: str) -> str:
    """A unified social credit code."""
    found = re.sub(r"[\s-]", "", _narrow(typed)).upper()
    if not sound_uscc(found):
        raise CitizenError("answer.uscc")
    return found


def number(typed: str) -> str:
    found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,2})?)\s*", _narrow(typed))
    if found is None:
        raise CitizenError("answer.number")
    return found[1]


def area(typed: str) -> str:
    """Square metres."""
    found = re.match(r"\s*(\d{1,6}(?:\.\d{1,2})?)(?![\d.])", _narrow(typed))
    if found is None or float(found[1]) <= 0:
        raise CitizenError("answer.area")
    return found[1]


def day(typed: str) -> str:
    """A day as ISO 8601."""
    found = re.fullmatch(r"\s*(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})\D?\s*", _narrow(typed))
    try:
        return date(*map(int, found.groups())).isoformat() if found else _no_day()
    except ValueError:
        return _no_day()


def address(typed: str) -> str:
    found = text(typed)
    if len(found) < 4:
        raise CitizenError("answer.address")
    return found


def _no_day() -> str:
    raise CitizenError("answer.date")


def _narrow(typed: str) -> str:
    """Full-width digits and signs as ASCII."""
    return "".join(chr(ord(sign) - 0xFEE0) if "\uff01" <= sign <= "\uff5e" else sign for sign in typed)


KINDS: dict[str, Callable[[str], str]] = {
    "text": text,
    "name": name,
    "phone": phone,
    "id_number": id_number,
    "uscc": credit_code,
    "number": number,
    "area": area,
    "date": day,
    "address": address,
}
