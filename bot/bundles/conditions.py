"""`when:`, the whole language: `fact == value`, `!=`, `<`, `<=`, `>`, `>=`, `fact in a|b`, joined by `and`.

A fact without an answer makes a clause false, whatever the operator: nothing is decided on what nobody has said.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

_CLAUSE = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(==|!=|<=|>=|<|>|\bin\b)\s*(.+?)\s*")


class NotACondition(ValueError):
    """A `when:` that cannot be read."""


@dataclass(frozen=True)
class Clause:
    fact: str
    operator: str
    value: str

    @property
    def values(self) -> tuple[str, ...]:
        """The values that it names."""
        return tuple(one.strip() for one in self.value.split("|")) if self.operator == "in" else (self.value,)

    def holds(self, answers: Mapping[str, str]) -> bool:
        given = answers.get(self.fact, "")
        if not given:
            return False
        if self.operator in ("==", "!="):
            return (given == self.value) is (self.operator == "==")
        if self.operator == "in":
            return given in self.values
        return _compare(self.operator, given, self.value)


@cache
def clauses(condition: str) -> tuple[Clause, ...]:
    """The clauses of a condition; an empty one always holds. NotACondition where one cannot be read."""
    if not condition.strip():
        return ()
    found = []
    for text in re.split(r"\band\b", condition):
        match = _CLAUSE.fullmatch(text)
        if match is None:
            raise NotACondition(f"not a condition: {text.strip()!r}")
        if match[2] in ("<", "<=", ">", ">=") and _number(match[3]) is None:
            raise NotACondition(f"not a number: {match[3]!r}")
        found.append(Clause(*match.groups()))
    return tuple(found)


def holds(condition: str, answers: Mapping[str, str]) -> bool:
    return all(clause.holds(answers) for clause in clauses(condition))


def facts(condition: str) -> set[str]:
    """What a condition depends on."""
    return {clause.fact for clause in clauses(condition)}


def _compare(operator: str, given: str, wanted: str) -> bool:
    left, right = _number(given), _number(wanted)
    if left is None or right is None:
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
