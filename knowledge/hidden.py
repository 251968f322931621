"""Web pages without what a reader of them would not see: nothing hidden may be quoted to a citizen."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

NEVER_SHOWN = ("script", "style", "template", "noscript")
NOTHING = re.compile(r"^[+-]?0*\.?0*(?:px|em|rem|pt|ex|ch|vw|vh|%)?$")
FAR_OFF = re.compile(r"^-(?:999|\d{4,})(?:\.\d+)?(?:px|em|rem|pt|%)")
COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
PLAIN = re.compile(r"([a-zA-Z][\w-]*)?((?:[.#][\w-]+)*)")
NAME = re.compile(r"[.#][\w-]+")
# Where white letters mostly stand on a colour that the page's other style sheets give.
OFTEN_COLOURED = {"th", "thead", "h1", "h2", "h3", "h4", "h5", "h6", "a", "button", "nav", "header", "footer"}

Look = dict[str, str]


@dataclass(frozen=True)
class _Rule:
    """One plain selector of a style sheet (a tag, classes and an id, without spaces) and what it sets."""

    tag: str
    names: frozenset[str]  # ".class" and "#id"
    look: tuple[tuple[str, str], ...]


Rules = dict[str, list[tuple[int, _Rule]]]  # by one of its names, or its tag: each with its place in the order


def without_hidden(html: str) -> str:
    """The same page without its comments and hidden elements; the page itself where nothing is hidden."""
    import lxml.html
    from lxml.etree import ParserError

    try:
        root: Any = lxml.html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", html))
    except ParserError:
        return html
    rules = _sorted_in(rule for style in root.iter("style") for rule in _rules(style.text_content()))
    hidden = [element for element in root.iter() if _is_hidden(element, rules)]
    for element in hidden:
        if element.getparent() is not None:
            element.drop_tree()
    return str(lxml.html.tostring(root, encoding="unicode")) if hidden else html


def _is_hidden(element: Any, rules: Rules) -> bool:
    if not isinstance(element.tag, str):
        return True  # a comment or a processing instruction
    if element.tag in ("html", "body", "head"):
        return False  # hidden only until a script shows them
    if element.tag in NEVER_SHOWN or "hidden" in element.attrib or element.get("aria-hidden", "").lower() == "true":
        return True
    look = _look(element, rules)
    if NOTHING.match(look.get("font-size", "1")):
        # A box of letters without size often holds some with: then it is only a way to close gaps.
        return len(element) == 0 or "font-size" in dict(_declared(element.get("style", "")))
    return bool(look) and (_unseen(look) or _same_colours(element, look, rules))


def _unseen(look: Look) -> bool:
    box = any(NOTHING.match(look.get(side, "1")) for side in ("width", "height", "max-width", "max-height"))
    return (
        look.get("display") == "none"
        or look.get("visibility") in ("hidden", "collapse")
        or NOTHING.match(look.get("opacity", "1")) is not None
        or any(FAR_OFF.match(look.get(key, "")) for key in ("left", "top", "text-indent"))
        or (box and "hidden" in look.get("overflow", ""))
    )


def _same_colours(element: Any, look: Look, rules: Rules) -> bool:
    """Whether letters have the colour of what lies behind them; a page is white where nobody says otherwise."""
    colour = _colour(look.get("color", ""))
    if not colour:
        return False
    around = [element, *element.iterancestors()]
    for one in around:
        seen = look if one is element else _look(one, rules)
        behind = seen.get("background-color") or seen.get("background") or one.get("bgcolor")
        if behind and behind not in ("transparent", "none", "inherit"):
            return _colour(behind) == colour
    coloured = element.get("class") or element.get("id") or any(one.tag in OFTEN_COLOURED for one in around)
    return colour == "ffffff" and not coloured


def _look(element: Any, rules: Rules) -> Look:
    names = {f".{one}" for one in element.get("class", "").split()}
    if element.get("id"):
        names.add(f"#{element.get('id').strip()}")
    look: Look = {"color": element.get("color", "").lower()} if element.get("color") else {}
    fit = (pair for key in (*names, element.tag) for pair in rules.get(key, ()) if pair[1].names <= names)
    for _, rule in sorted(fit, key=lambda pair: pair[0]):
        if rule.tag in ("", element.tag):
            look |= dict(rule.look)
    return look | dict(_declared(element.get("style", "")))


@lru_cache(10_000)
def _declared(written: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.partition(":") for part in COMMENT.sub("", written).lower().split(";"))
    return tuple((key.strip(), value.replace("!important", "").strip()) for key, _, value in pairs if value.strip())


def _sorted_in(rules: Iterable[_Rule]) -> Rules:
    """The rules by one of their names, the less particular ones first in order."""
    kept: Rules = {}
    ordered = sorted(
        rules, key=lambda rule: (sum(one[0] == "#" for one in rule.names), len(rule.names), bool(rule.tag))
    )
    for n, rule in enumerate(ordered):
        kept.setdefault(min(rule.names, default=rule.tag), []).append((n, rule))
    return kept


def _rules(sheet: str) -> Iterator[_Rule]:
    """The plain rules of a style sheet; what holds on some devices only is left out."""
    for selectors, body in _blocks(COMMENT.sub("", sheet)):
        for selector in selectors.split(","):
            if plain := PLAIN.fullmatch(selector.strip()):
                names = frozenset(NAME.findall(plain[2]))
                yield _Rule((plain[1] or "").lower(), names, _declared(body))


def _blocks(sheet: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations of a sheet's outermost blocks."""
    depth, held = 0, ["", ""]
    for part in re.split(r"([{}])", sheet):
        if part == "{":
            depth += 1
        elif part == "}":
            depth = max(depth - 1, 0)
            if depth == 0:
                yield held[0].rpartition(";")[2], held[1]
                held = ["", ""]
        elif depth < 2:
            held[depth] += part


def _colour(written: str) -> str:
    """Six hexadecimal digits for a colour written out; "" for what is none, or not simply one."""
    written = written.strip().lower()
    if written in ("white", "black"):
        return "ffffff" if written == "white" else "000000"
    if hexadecimal := re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", written):
        digits = hexadecimal[1]
        return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    if parts := re.fullmatch(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})(?:[\s,/]+[\d.]+%?)?\s*\)", written):
        return "".join(f"{min(int(part), 255):02x}" for part in parts.groups())
    return ""
