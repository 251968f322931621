"""Numbers with a structure: identity, credit, licence and case numbers, telephones. Check digits decide."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nlu.codes import case_check, day_of, sound_id, sound_licence, sound_uscc
from nlu.patterns import pattern

_NOT_SIGNS = re.compile(r"[^0-9A-Z]")
_MISREAD = str.maketrans("OIL", "011")  # as a camera, or a hurried thumb, writes them


@dataclass(frozen=True)
class Number:
    """`sound`: what the check digits say; None where the kind has none."""

    entity: str
    value: str
    sound: bool | None
    start: int
    end: int


def numbers(text: str) -> Iterator[Number]:
    """The numbers of a `narrow` text, none over another; the more structure, the sooner it is believed."""
    taken: list[tuple[int, int]] = []
    for name, read in _READERS.items():
        for found in pattern("numbers", name).finditer(text):
            group = "number" if name == "local" else 0
            start, end = found.span(group)
            number = read(found)
            if number and not any(start < other_end and other < end for other, other_end in taken):
                taken.append((start, end))
                yield Number(*number, start, end)


_Read = tuple[str, str, bool | None]


def _licence(found: re.Match[str]) -> _Read:
    number = _NOT_SIGNS.sub("", found["head"]) + _NOT_SIGNS.sub("", found["rest"]).translate(_MISREAD)
    return "licence_number", number, sound_licence(number)


def _case(found: re.Match[str]) -> _Read | None:
    if day_of(found["day"]) is None:
        return None
    number = "-".join(found.group("day", "scene", "serial"))
    check = found["check"]
    return "case_number", f"{number}-{check}" if check else number, case_check(number) == check if check else None


def _eighteen(found: re.Match[str]) -> _Read | None:
    """A citizen's number or a credit code. Where it is neither by its check digits, its looks decide."""
    number = _NOT_SIGNS.sub("", found[0])
    if sound_id(number):
        return "id_number", number, True
    if sound_uscc(number):
        return "uscc", number, True
    if number != found[0]:
        return None  # in pieces it may be several numbers
    a_person = number[:17].isdigit() and number[17] in "0123456789X"
    if a_person and (day_of(number[6:14]) or number[0] != "9"):
        return "id_number", number, False
    return ("uscc", number, False) if number[2:8].isdigit() else None


def _telephone(found: re.Match[str]) -> _Read:
    number = _NOT_SIGNS.sub("", found["number"])
    area = found.groupdict().get("area")
    return "phone", f"{area}-{number}" if area else number, None


_READERS: dict[str, Callable[[re.Match[str]], _Read | None]] = {
    "licence_number": _licence,
    "case_number": _case,
    "eighteen": _eighteen,
    "mobile": _telephone,
    "landline": _telephone,
    "hotline": _telephone,
    "local": _telephone,
}
