"""Kinds of document, as config/photos.yml tells of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.errors import ConfigError
from bot.placed import Placed

ValueKind = Literal["text", "name", "person", "address", "uscc", "id", "licence", "code", "since", "until", "day"]


class FieldKind(BaseModel):
    """What is read of a document: after which labels, of what kind, and which questions it answers.

    `nth`: after which of several such labels. `below`: it may stand under its label. `expires`: a day that must not
    be over; `forever` are words in its place that mean no end.
    `adult`: whose number it is must be of age.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    kind: ValueKind
    labels: Annotated[tuple[str, ...], Field(min_length=1)]
    required: bool = False
    nth: Annotated[int, Field(ge=1)] = 1
    below: bool = False
    expires: bool = False
    forever: tuple[str, ...] = ()
    adult: bool = False
    fills: tuple[str, ...] = ()


class PhotoKind(BaseModel):
    """A kind of document. `is_`: it is another sheet of that kind. `sheet`: which of several sheets, in a word.

    `sensitive`: it tells what is asked for only once the citizen has agreed to that class.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    id: str
    name: str
    sheet: str = ""
    sensitive: Literal["", "identity", "health"] = ""
    is_: Annotated[str, Field(alias="is")] = ""
    title: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    fields: Mapping[str, FieldKind] = {}
    looked_at: bool = False

    @property
    def of(self) -> str:
        """The kind that it belongs to."""
        return self.is_ or self.id

    @property
    def required(self) -> dict[str, FieldKind]:
        return {id: field for id, field in self.fields.items() if field.required}


Kinds = Mapping[str, PhotoKind]


def load_kinds(path: Path, questions: Iterable[str] = ()) -> Kinds:
    """ConfigError with every fault. What a field fills must be one of `questions`, where these are given."""
    file, known = Placed(path), frozenset(questions)
    read = {id: _kind(file, id, written) for id, written in file.content.items()}
    found = {id: kind for id, kind in read.items() if kind is not None}
    for id, kind in found.items():
        if kind.is_ and kind.is_ not in found:
            file.fault(f"is: there is no kind {kind.is_!r}", (id, "is"))
        for name, field in kind.fields.items():
            if known and (strange := set(field.fills) - known):
                file.fault(f"fills: fields.yml has no {', '.join(sorted(strange))}", (id, "fields", name))
    if file.faults:
        raise ConfigError("\n".join(file.faults))
    return found


def _kind(file: Placed, id: str, written: object) -> PhotoKind | None:
    kind = file.read(PhotoKind, {"id": id, **written} if isinstance(written, dict) else written, (id,))
    if kind is not None and bool(kind.title) == kind.looked_at:
        file.fault("a kind has a title, or is only looked_at", (id,))
    return kind
