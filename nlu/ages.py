"""How old people say that they are themselves."""

import re
from functools import cache

from nlu.data_files import written
from nlu.quantities import figure
from nlu.text import narrow


def own_age(text: str) -> int | None:
    """In years; the most that it can be, where somebody says what they are not yet. None where nobody tells."""
    text = narrow(text)
    if _pattern("minor").search(text):
        most: int = written("ages")["minor_at_most"]
        return most
    for name, less in (("not_yet", 1), ("told", 0), ("this_year", 0)):
        found = _pattern(name).search(text)
        years = figure(found["count"]) if found else None
        if years is not None:
            return int(years) - less
    return None


@cache
def _pattern(name: str) -> re.Pattern[str]:
    words = written("ages")
    return re.compile(words[name].replace("{self}", words["self"]).replace("{count}", words["count"]))
