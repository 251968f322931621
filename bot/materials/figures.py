"""What a picture is like to look at: sharp or not, dark, washed out, taken from a screen. They only give the reason."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

GRID = 48  # cells to a side, in which places are looked at
_LOOKED_AT = 1000  # pixels
_SCREEN = 512  # pixels of the middle in which the grid of a screen is looked for

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """`sharpness` is the variance of the Laplacian, `light` the mean and `bright` the share of blown-out pixels.

    `waves`: how far the strongest regular pattern stands out. `cells`: mean and spread of the light in each cell of
    the grid, row by row, 0 to 255.
    """

    sharpness: float
    light: float
    bright: float
    contrast: float
    waves: float
    cells: tuple[tuple[int, int], ...]


def figures(image: Image.Image) -> Figures:
    grey = image.convert("L")
    waves = _waves(np.asarray(_middle(grey), np.float64))
    grey.thumbnail((_LOOKED_AT, _LOOKED_AT), Image.Resampling.BILINEAR)
    light = np.asarray(grey, np.float64)
    low, high = np.percentile(light, [5, 95])
    return Figures(
        round(float(_laplacian(light).var()), 1),
        round(float(light.mean()), 1),
        round(float((light >= 250).mean()), 3),
        round(float(high - low), 1),
        round(waves, 1),
        _cells(light),
    )


def _laplacian(light: Floats) -> Floats:
    inner = light[1:-1, 1:-1]
    return light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:] - 4 * inner


def _middle(grey: Image.Image) -> Image.Image:
    left, top = max(0, (grey.width - _SCREEN) // 2), max(0, (grey.height - _SCREEN) // 2)
    return grey.crop((left, top, min(grey.width, left + _SCREEN), min(grey.height, top + _SCREEN)))


def _waves(light: Floats) -> float:
    """The strongest fine wave over the usual one of its length: letters have many lengths, a screen has one."""
    window = np.outer(np.hanning(light.shape[0]), np.hanning(light.shape[1]))
    spectrum = np.abs(np.fft.rfft2((light - light.mean()) * window))
    rows = np.abs(np.fft.fftfreq(light.shape[0]))[:, None]
    columns = np.fft.rfftfreq(light.shape[1])[None, :]
    radius = np.hypot(rows, columns)
    strongest = 0.0
    for low in np.arange(0.12, 0.5, 0.04):
        ring = spectrum[(radius >= low) & (radius < low + 0.04)]
        strongest = max(strongest, float(ring.max() / (np.median(ring) + 1e-6))) if ring.size else strongest
    return strongest


def _cells(light: Floats) -> tuple[tuple[int, int], ...]:
    parts = [np.array_split(row, GRID, axis=1) for row in np.array_split(light, GRID, axis=0)]
    return tuple((int(cell.mean()), int(cell.std())) for row in parts for cell in row)
