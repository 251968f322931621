"""config/departments.yml: which port leads to which department. Those that it does not name have a folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.errors import ConfigError
from bot.placed import Placed
from bot.registry.base import Port
from bot.registry.folder import Folder
from bot.registry.http import Http


class Department(BaseModel):
    """`port`: "folder", or "http" for a server at `url`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    port: Literal["folder", "http"] = "folder"
    url: Annotated[str, Field(pattern=r"^(https?://[^\s?#]+[^/\s?#])?$")] = ""

    @model_validator(mode="after")
    def _url_for_http(self) -> "Department":
        if (self.port == "http") != bool(self.url):
            raise ValueError("a url belongs to the port http, which needs one")
        return self


@dataclass(frozen=True)
class Ports:
    """`folder` is where the folders of departments stand; `known` are those that have another port."""

    folder: Path
    token: str = field(default="", repr=False)
    known: Mapping[str, Department] = field(default_factory=dict)

    def to(self, department: str) -> Port:
        named = self.known.get(department, Department())
        if named.port == "http":
            return Http(named.url, self.token)
        return Folder(self.folder / department.replace("/", "_").lstrip("."))

    def all(self) -> list[Port]:
        """Every port that may have something to report."""
        folders = [Folder(path) for path in sorted(self.folder.glob("*")) if path.is_dir()]
        others = (Http(one.url, self.token) for one in self.known.values() if one.port == "http")
        return [*folders, *dict.fromkeys(others)]


def load_departments(path: Path) -> dict[str, Department]:
    """A file that is not there names none. ConfigError with every fault, each `file:line: what`."""
    file = Placed(path, optional=True)
    found = {name: file.read(Department, written, (name,)) for name, written in file.content.items()}
    if file.faults:
        raise ConfigError("\n".join(file.faults))
    return {name: one for name, one in found.items() if one is not None}
