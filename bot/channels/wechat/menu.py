"""The menu at the foot of an account's page: what a tap says, or the page that it opens."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _within(most: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text.encode()) > most:
            raise ValueError(f"has more than {most} bytes")
        return text

    return AfterValidator(check)


Say = Annotated[str, _within(128)]
Page = Annotated[str, Field(pattern=r"^(https?://\S+)?$"), _within(1024)]


class Item(BaseModel):
    """A line. `say` is taken as the words of whoever taps it; `url` is opened."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, Field(min_length=1), _within(60)]
    say: Say = ""
    url: Page = ""

    @model_validator(mode="after")
    def _does_one_thing(self) -> "Item":
        if bool(self.say) == bool(self.url):
            raise ValueError(f"{self.name}: either say or url")
        return self


class Entry(BaseModel):
    """One of the three at the foot: a line of its own, or up to five behind it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, Field(min_length=1), _within(16)]
    say: Say = ""
    url: Page = ""
    sub: Annotated[tuple[Item, ...], Field(max_length=5)] = ()

    @model_validator(mode="after")
    def _does_one_thing(self) -> "Entry":
        if sum(map(bool, (self.say, self.url, self.sub))) != 1:
            raise ValueError(f"{self.name}: one of say, url and sub")
        return self


def buttons(entries: tuple[Entry, ...]) -> list[dict[str, Any]]:
    """As the platform wants them."""
    return [
        {"name": one.name, "sub_button": [_button(line) for line in one.sub]} if one.sub else _button(one)
        for one in entries
    ]


def _button(one: Item | Entry) -> dict[str, Any]:
    does = {"type": "click", "key": one.say} if one.say else {"type": "view", "url": one.url}
    return {"name": one.name, **does}
