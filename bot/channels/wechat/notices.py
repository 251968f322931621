"""Notices that citizens subscribed to: which templates there are, who agreed to which, and what goes into them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.ledger.wording import FACTS
from bot.store.db import Tables

REFUSED = 43101  # the citizen wants none of it
_LONGEST = {"thing": 20, "character_string": 32, "letter": 32, "number": 32, "name": 10, "phrase": 5, "symbol": 5}
_KIND = re.compile(r"([a-z_]+?)\d+")


class Template(BaseModel):
    """A notice as it was granted in the console. `standing`: agreed to for good, or anew each time. `name`: what the
    page to subscribe on calls it. `fields`: what goes into each, with {kind}, {tail}, {day}, {latest}, {count}, {code}
    and {hall} filled in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: Annotated[str, Field(min_length=1)]
    standing: bool = True
    name: str = ""
    page: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    fields: Mapping[str, str]

    @field_validator("fields")
    @classmethod
    def _known(cls, fields: Mapping[str, str]) -> Mapping[str, str]:
        for name, text in fields.items():
            try:
                text.format_map(dict.fromkeys(FACTS, ""))
            except (KeyError, ValueError, IndexError) as error:
                raise ValueError(f"{name}: may name {', '.join(FACTS)}") from error
            if not _KIND.fullmatch(name):
                raise ValueError(f"{name}: is not like thing1 or time2")
        return fields

    def filled(self, facts: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """The data of a notice, cut to what its fields may hold."""
        return {name: {"value": _cut(name, text.format_map(facts))} for name, text in self.fields.items()}


@dataclass(frozen=True)
class Decision:
    """What a citizen said to a template, or, where `code` is set, what became of one that was sent."""

    template: str
    accepted: bool = False
    code: int | None = None


def decisions(told: Mapping[str, Any]) -> tuple[Decision, ...]:
    """Of an event of the platform's; empty for every other."""
    found = [
        _decision(one) for name in ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent") for one in _list(told, name)
    ]
    sent = [
        Decision(str(one["TemplateId"]), code=int(one["ErrorCode"])) for one in _list(told, "SubscribeMsgSentEvent")
    ]
    return (*found, *sent)


def record(
    conversation: str, found: Sequence[Decision], known: Sequence[Template], now: datetime, tables: Tables
) -> None:
    """Keep who agreed to what. One that was sent, and did not arrive, is lost: something else is tried."""
    templates = {one.id: one for one in known}
    for one in found:
        if one.template not in templates:
            continue
        if one.code is not None:
            _sent(conversation, one, now, tables)
        elif one.accepted:
            tables.consents.give(conversation, one.template, templates[one.template].standing, now)
        else:
            tables.consents.refuse(conversation, one.template, now)


def _sent(conversation: str, one: Decision, now: datetime, tables: Tables) -> None:
    if one.code == 0:
        return
    if one.code == REFUSED:
        tables.consents.refuse(conversation, one.template, now)
    inbox_id = tables.outbox.notice_lost(conversation, now, f"errcode {one.code}")
    if inbox_id is not None:
        tables.notices.bounced(inbox_id, now)


def _decision(one: Mapping[str, Any]) -> Decision:
    return Decision(str(one["TemplateId"]), str(one.get("SubscribeStatusString")) == "accept")


def _list(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = (told.get(name) or {}).get("List") or []
    return found if isinstance(found, list) else [found]


def _cut(name: str, text: str) -> str:
    found = _KIND.fullmatch(name)
    longest = _LONGEST.get(found[1], 0) if found else 0
    return text if not longest or len(text) <= longest else f"{text[: longest - 1]}…"
