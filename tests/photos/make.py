"""Photos of made-up documents, clean and degraded in thirteen ways, with what is true of each.

`python -m tests.photos.make FOLDER [--set judge|tune] [--people N]` writes them; the tests and `banshi bench photos`
make them as they go. The two sets share no person, no layout, no font and no seed.
"""

import argparse
import io
import itertools
import json
import random
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from tests.photos.papers import MAKERS, Box, Chance, Paper, stranger

SETS = {"tune": (0, 1000), "judge": (1, 7000)}  # the family of layouts, and the first seed

# What can still be read by a person; the others name the fault that a person would see.
READABLE = ("clean", "soft", "low_light", "bright", "tilted", "turned", "upside_down", "screen")
FAULTS = {"blurred": "blur", "shaken": "blur", "dark": "dark", "glare": "glare", "far": "far", "cut": "cut"}
CONDITIONS = (*READABLE, *FAULTS)
KEY_FIELDS = {  # what a glare or a cut hides
    "business_license": "uscc",
    "id_card_front": "id",
    "id_card_back": "valid_to",
    "food_license": "valid_to",
    "health_certificate": "valid_to",
    "lease": "valid_to",
    "lease_last": "lessee",
    "authorization": "agent_id",
}


@dataclass(frozen=True)
class Shot:
    """A photo, and what is true of it. `kind` is "" where it is none of those that we know."""

    name: str
    kind: str
    condition: str
    truth: dict[str, str]
    content: bytes

    @property
    def fault(self) -> str:
        return FAULTS.get(self.condition, "")


def shots(name: str, people: int = 2, only: tuple[str, ...] = CONDITIONS, every: int = 1) -> Iterator[Shot]:
    """Every kind in every condition for so many people, and papers that are of no kind; or only `every` so many."""
    family, seed = SETS[name]
    turns = itertools.count()
    for number in range(people):
        for place, (maker, make) in enumerate(MAKERS.items()):
            for turn, condition in enumerate(CONDITIONS):
                by = random.Random(seed + number * 500 + place * 20 + turn)
                paper = make(by, family)
                if condition in only and next(turns) % every == 0:
                    content = photographed(paper, condition, KEY_FIELDS[maker], by)
                    yield Shot(f"{maker}-{number}-{condition}", paper.kind, condition, paper.truth, content)
    for number in range(4 * people):
        by = random.Random(seed + 400 + number)
        content = photographed(stranger(by, family), "clean", "", by)
        if "clean" in only:
            yield Shot(f"stranger-{number}", "", "clean", {}, content)


def made(wanted: str) -> bytes:
    """One photo: its kind, a condition if it is not clean, and `name=` or `address=` that must stand in it."""
    maker, *rest = wanted.split()
    told = dict(one.split("=", 1) for one in rest if "=" in one)
    condition = next((one for one in rest if "=" not in one), "clean")
    by = Chance(zlib.crc32(wanted.encode()), **told)
    return photographed(MAKERS[maker](by, 0), condition, KEY_FIELDS[maker], by)


def photographed(paper: Paper, condition: str, key: str, by: random.Random) -> bytes:
    """As a telephone would take it: on a table, a little askew, in noise, as a JPEG."""
    image, place = _on_table(paper, key, by, condition)
    image = _DEGRADE[condition](image, place, by)
    made = io.BytesIO()
    image.convert("RGB").save(made, "JPEG", quality=60 if condition == "tilted" else 82)
    return made.getvalue()


def _on_table(paper: Paper, key: str, by: random.Random, condition: str) -> tuple[Image.Image, Box]:
    edge = 90
    table = Image.new(
        "RGB",
        (paper.image.width + 2 * edge, paper.image.height + 2 * edge),
        by.choice(["#7a6250", "#565b60", "#8b8f86"]),
    )
    table.paste(paper.image, (edge, edge))
    box = paper.places.get(key, (0, 0, 0, 0))
    place = (box[0] + edge, box[1] + edge, box[2] + edge, box[3] + edge)
    if condition not in ("cut", "glare"):
        table = table.rotate(by.uniform(-1.5, 1.5), Image.Resampling.BICUBIC, fillcolor=table.getpixel((2, 2)))
    noise = np.random.default_rng(by.randrange(2**31)).normal(0, 3, (table.height, table.width, 1))
    return Image.fromarray(np.clip(np.asarray(table, np.int16) + noise, 0, 255).astype(np.uint8)), place


def _blurred(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(by.uniform(6.5, 8)))


def _soft(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(by.uniform(1.4, 2.0)))


def _shaken(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    length = by.randrange(26, 34)
    pixels = np.asarray(image, np.float32)
    down = by.random() < 0.5
    moved = sum(np.roll(pixels, (step if down else step // 4, step), (0, 1)) for step in range(length))
    return Image.fromarray((np.asarray(moved) / length).astype(np.uint8))


def _dark(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    pixels = np.asarray(image, np.float32) / 255
    noise = np.random.default_rng(by.randrange(2**31)).normal(0, 7, (*pixels.shape[:2], 1))
    return Image.fromarray(np.clip(pixels**1.2 * by.uniform(9, 13) + noise, 0, 255).astype(np.uint8))


def _low_light(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    pixels = np.asarray(image, np.float32) / 255
    noise = np.random.default_rng(by.randrange(2**31)).normal(0, 2, (*pixels.shape[:2], 1))
    return Image.fromarray(np.clip(pixels**1.5 * by.uniform(70, 90) + noise, 0, 255).astype(np.uint8))


def _bright(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(by.uniform(1.25, 1.4))


def _glare(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    """A spot of light over the value that counts."""
    left, top, right, bottom = place
    spot = Image.new("L", image.size, 0)
    grow = 40
    ImageDraw.Draw(spot).ellipse((left - grow, top - grow, right + grow, bottom + grow), fill=255)
    return Image.composite(Image.new("RGB", image.size, "white"), image, spot.filter(ImageFilter.GaussianBlur(14)))


def _far(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    """The paper is a small thing in a large picture."""
    wide = Image.new("RGB", (1600, 1200), image.getpixel((2, 2)))
    small = image.copy()
    small.thumbnail((250, 250), Image.Resampling.LANCZOS)
    wide.paste(small, (by.randrange(300, 900), by.randrange(200, 700)))
    return wide


def _cut(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    """The edge of the picture runs through the value that counts."""
    left, _, right, _ = place
    return image.crop((0, 0, left + (right - left) // 3, image.height))


def _tilted(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    """From the side, and turned some degrees."""
    width, height = image.size
    dx, dy = int(width * by.uniform(0.04, 0.07)), int(height * by.uniform(0.02, 0.05))
    corners = [(dx, dy), (0, height), (width, height - dy), (width - dx, 0)]
    fill = image.getpixel((2, 2))
    seen = image.transform(
        image.size,
        Image.Transform.QUAD,
        [x for corner in corners for x in (corner[0] - dx, corner[1] - dy)],
        Image.Resampling.BICUBIC,
        fillcolor=fill,
    )
    return seen.rotate(by.uniform(6, 12), Image.Resampling.BICUBIC, expand=True, fillcolor=fill)


def _turned(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    return image.transpose(by.choice([Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270]))


def _upside_down(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    return image.transpose(Image.Transpose.ROTATE_180)


def _screen(image: Image.Image, place: Box, by: random.Random) -> Image.Image:
    """Taken from a screen: a fine grid, and the waves that it makes with the camera's own."""
    pixels = np.asarray(image, np.float32)
    rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    period, angle = by.uniform(3.2, 4.5), by.uniform(0.02, 0.08)
    grid = np.sin(2 * np.pi * (columns + rows * angle) / period) + np.sin(2 * np.pi * (rows - columns * angle) / period)
    return Image.fromarray(np.clip(pixels * 0.92 + 11 * grid[..., None] - 6, 0, 255).astype(np.uint8))


_DEGRADE = {
    "clean": lambda image, place, by: image,
    "soft": _soft,
    "low_light": _low_light,
    "bright": _bright,
    "tilted": _tilted,
    "turned": _turned,
    "upside_down": _upside_down,
    "screen": _screen,
    "blurred": _blurred,
    "shaken": _shaken,
    "dark": _dark,
    "glare": _glare,
    "far": _far,
    "cut": _cut,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", choices=SETS, default="judge")
    parser.add_argument("--people", type=int, default=2)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    truths = []
    for shot in shots(given.set, given.people):
        (given.folder / f"{shot.name}.jpg").write_bytes(shot.content)
        truths.append(
            {name: value for name, value in asdict(shot).items() if name != "content"} | {"fault": shot.fault}
        )
    (given.folder / "truth.json").write_text(json.dumps(truths, ensure_ascii=False, indent=1), "utf-8")
    print(len(truths))


if __name__ == "__main__":
    main()
