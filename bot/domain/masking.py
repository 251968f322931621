"""What is shown of names and numbers of people: enough to know it again, not enough to use it."""

import re


def masked_value(kind: str, value: str) -> str:
    """A telephone keeps three and four digits, an identity number three and three, a name its ends."""
    if kind == "phone" and len(value) >= 8:
        return f"{value[:3]}{'*' * (len(value) - 7)}{value[-4:]}"
    if kind == "id_number" and len(value) >= 8:
        return f"{value[:3]}{'*' * (len(value) - 6)}{value[-3:]}"
    if kind == "uscc" and len(value) >= 8:
        return f"{value[:4]}{'*' * (len(value) - 5)}{value[-1]}"
    if kind == "name" and re.fullmatch(r"\w{2,4}", value):
        return value[0] + "*" * (len(value) - 1) if len(value) == 2 else value[0] + "*" * (len(value) - 2) + value[-1]
    return value
