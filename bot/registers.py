"""What other offices know of somebody. The first source is a file of this hall: config/credit.csv.

Each line: an identity number or a credit code, and good, ordinary or poor. The standing itself is never shown.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from bot.errors import ConfigError
from bot.settings import Promises

Standing = Literal["good", "ordinary", "poor"]
_NUMBERS = ("uscc", "id_number")  # the facts by which somebody is known there


@dataclass(frozen=True)
class Credit:
    """Who may promise, and how much. Nobody is refused an ordinary application for it."""

    standings: Mapping[str, Standing]
    rules: Promises

    def of(self, facts: Mapping[str, str]) -> Standing:
        """The worst that is known of any of the numbers among these facts."""
        known = [self.standings[facts[name]] for name in _NUMBERS if facts.get(name) in self.standings]
        return max(known, key=get_args(Standing).index, default=self.rules.unknown)

    def deferrals(self, facts: Mapping[str, str]) -> int:
        return self.rules.deferrals.get(self.of(facts), 0)

    def may_promise(self, facts: Mapping[str, str]) -> bool:
        return self.of(facts) != "poor"


def load_credit(path: Path, rules: Promises) -> Credit:
    """A file that is not there knows nobody. ConfigError names the line."""
    if not path.exists():
        return Credit({}, rules)
    standings: dict[str, Standing] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, row in enumerate(csv.reader(file), 1):
                if len(row) != 2 or row[1].strip() not in get_args(Standing):
                    raise ConfigError(f"{path}:{line}: a number, and good, ordinary or poor")
                standings[row[0].strip().upper()] = row[1].strip()  # type: ignore[assignment]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: {error}") from error
    return Credit(standings, rules)
