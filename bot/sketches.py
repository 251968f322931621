"""What a good picture of a point shows, drawn from the few shapes of config/points.yml."""

from collections.abc import Sequence
from html import escape

_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 100" width="640" height="400" role="img"'
    ' font-family="sans-serif" font-size="7.5" text-anchor="middle" fill="none" stroke="#0b5138">'
    '<defs><marker id="tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto">'
    '<path d="M0 0 6 3 0 6z" fill="#0b5138" stroke="none"/></marker></defs>'
    '<rect width="160" height="100" fill="#fff" stroke="none"/>'
)
_TALL = 50  # boxes that others may stand in are labelled at the top


def svg(title: str, shapes: Sequence[str]) -> str:
    """The picture; `shapes` as bot/walks.py checks them."""
    return f"{_HEAD}<title>{escape(title)}</title>{''.join(map(_drawn, shapes))}</svg>"


def _drawn(shape: str) -> str:
    kind, *rest = shape.split(" ")
    count = {"round": 3, "text": 2}.get(kind, 4)
    a, b, c, d = [int(number) for number in rest[:count]] + [0] * (4 - count)
    words = " ".join(rest[count:])
    if kind in ("box", "dash"):
        dashed = ' stroke-dasharray="4 3"' if kind == "dash" else ""
        middle = b + (7 if d >= _TALL else d / 2)
        return f'<rect x="{a}" y="{b}" width="{c}" height="{d}"{dashed}/>' + _text(a + c / 2, middle, words)
    if kind == "round":
        return f'<circle cx="{a}" cy="{b}" r="{c}"/>' + _text(a, b, words)
    if kind == "text":
        return _text(a, b, words)
    tip = ' marker-end="url(#tip)"' if kind == "arrow" else ""
    return f'<line x1="{a}" y1="{b}" x2="{c}" y2="{d}"{tip}/>'


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:g}" y="{y + 3:g}" fill="#1a201d" stroke="none">{escape(words)}</text>' if words else ""
