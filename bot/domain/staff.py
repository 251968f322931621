"""Who works at the desk, and what they may do there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Role = Literal["agent", "reviewer", "inspector", "licences", "editor", "supervisor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
WORK: tuple[Role, ...] = ("agent", "reviewer", "inspector", "licences", "editor", "supervisor")


@dataclass(frozen=True)
class Staff:
    """`teams`: the first is their own, in the others they stand in. `online`: they take chats now."""

    name: str
    roles: tuple[Role, ...]
    teams: tuple[str, ...] = ()
    online: bool = False
    seen_at: datetime | None = None
    given_at: datetime | None = None
    active: bool = True

    def may(self, role: Role) -> bool:
        """A supervisor does all of the work; accounts and switches are an admin's."""
        return role in self.roles or (role != "admin" and "supervisor" in self.roles)
