"""A signature as SVG: the strokes as paths, which stay sharp however large they are printed."""

from collections.abc import Sequence
from itertools import pairwise

from bot.domain.signing import Stroke

_PEN, _EDGE = 9, 12


def ink_svg(strokes: Sequence[Stroke]) -> str:
    """Cut to what is drawn."""
    points = [point for stroke in strokes for point in stroke]
    left, top = (min(one[axis] for one in points) - _EDGE for axis in (0, 1))
    width, height = (max(one[axis] for one in points) + _EDGE - start for axis, start in ((0, left), (1, top)))
    paths = "".join(f'<path d="{_way(stroke)}"/>' for stroke in strokes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="{left} {top} {width} {height}"><g fill="none" stroke="#101418" stroke-width="{_PEN}" '
        f'stroke-linecap="round" stroke-linejoin="round">{paths}</g></svg>'
    )


def _way(stroke: Stroke) -> str:
    """Through the middles between the points, so that no corner shows; a dot is a very short line."""
    x, y, _ = stroke[0]
    way = [f"M{x} {y}"]
    for (x, y, _), (to_x, to_y, _) in pairwise(stroke):
        way.append(f"Q{x} {y} {(x + to_x) / 2:g} {(y + to_y) / 2:g}")
    x, y, _ = stroke[-1]
    return "".join((*way, f"L{x + (len(stroke) == 1)} {y}"))
