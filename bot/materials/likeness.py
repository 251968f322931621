"""Does a photo look like another? A hash of its coarse pattern of light: near for the same photo, however it was saved.

Two papers from one printed form are near too, so that it is never proof: only a reason for staff to look.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

_SIDE, _KEPT = 64, 16  # pixels to a side, and waves that are kept of them
SAME = 6  # bits of the 255 in which two savings of one photo may differ
_MARKS = 8  # pieces of the hash, of which at least one is equal where no more than SAME bits differ


def likeness(image: Image.Image) -> str:
    """The hash, in hexadecimal digits."""
    grey = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    waves = _cosines() @ np.asarray(grey, np.float64) @ _cosines().T
    low = waves[:_KEPT, :_KEPT].ravel()[1:]  # without the mean
    bits = np.concatenate([low > np.median(low), [False]])
    return np.packbits(bits).tobytes().hex()


def differ(one: str, other: str) -> int:
    """In how many bits."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def marks(hash_: str) -> list[str]:
    """Pieces, by which a store finds those that are near without looking at all."""
    long = len(hash_) // _MARKS
    return [f"{place}{hash_[place * long : (place + 1) * long]}" for place in range(_MARKS)]


@cache
def _cosines() -> npt.NDArray[np.float64]:
    place = np.arange(_SIDE)
    found: npt.NDArray[np.float64] = np.cos(np.pi * np.outer(place, 2 * place + 1) / (2 * _SIDE))
    return found
