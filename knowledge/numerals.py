"""Article numbers, Chinese and Arabic, and the one way in which we write them."""

from knowledge.patterns import phrase


def number(text: str) -> int | None:
    """The value of a Chinese or Arabic numeral of 1..9999; None where the text is no number."""
    if text.isdecimal():
        return int(text)
    units = {phrase("numerals", name): value for name, value in (("ten", 10), ("hundred", 100), ("thousand", 1000))}
    total, digit = 0, -1
    for sign in text:
        if sign in units:
            total += max(digit, 1 if digit < 0 else 0) * units[sign]
            digit = -1
        elif (value := _digit(sign)) is not None:
            digit = value
        else:
            return None
    return total + max(digit, 0) if text else None


def _digit(sign: str) -> int | None:
    if sign == phrase("numerals", "two"):
        return 2
    at = phrase("numerals", "digits").find(sign)
    return max(at - 1, 0) if at >= 0 else None  # the list opens with two signs for nought


def chinese(value: int) -> str:
    """The Chinese numeral of 1..9999, as statutes write it."""
    digits = phrase("numerals", "digits")
    nought, ten = digits[0], phrase("numerals", "ten")
    out, gap = "", False
    for unit, sign in (
        (1000, phrase("numerals", "thousand")),
        (100, phrase("numerals", "hundred")),
        (10, ten),
        (1, ""),
    ):
        digit = value // unit % 10
        if digit == 0:
            gap = bool(out)
            continue
        out += (nought if gap else "") + digits[digit + 1] + sign
        gap = False
    return out[1:] if 10 <= value < 20 else out


def article_label(value: int, sub: int = 0) -> str:
    """The label of an article, for instance of the fiftieth, or of the first one inserted after it."""
    if sub:
        return phrase("law", "article_label_sub").format(n=chinese(value), sub=chinese(sub))
    return phrase("law", "article_label").format(n=chinese(value))
