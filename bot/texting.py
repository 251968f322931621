"""Texts to telephones through the gateway: each is sent once, tried again only where it was surely not taken."""

from datetime import datetime, timedelta
from functools import partial

from bot.errors import TryLater, Undeliverable, Unknown
from bot.registry.sms import Sms
from bot.settings import Settings
from bot.store.db import Store, Tables
from bot.store.outbox import message_of
from bot.store.queue import Claim

CHANNEL = "sms"  # of the outbox; conversations there are sms:main:HOLDER
TRIES = 8
LEASE = timedelta(minutes=5)
_AT_ONCE = 50


def open_sms(settings: Settings) -> Sms | None:
    url = settings.nudges.sms_url
    return Sms(url, settings.sms_token.get_secret_value()) if url else None


def fault(sms: Sms, phone: str, text: str, key: str) -> tuple[str, float | None] | None:
    """Send one; None where it was taken, otherwise why not, "later" with the seconds that were asked for."""
    try:
        sms.send(phone, text, key)
    except TryLater as error:
        return "later", error.wait
    except (Undeliverable, Unknown) as error:
        return type(error).__name__.lower(), None
    return None


def send_queued(store: Store, sms: Sms, now: datetime) -> int:
    """What turns have queued for the telephones of holders; how many."""
    claims = store.write(lambda tables: tables.outbox.claim(now, LEASE, [CHANNEL], _AT_ONCE))
    for one in claims:
        phone = store.read(partial(_phone, one))
        store.write(partial(_record, one, fault(sms, phone, message_of(one).text, f"outbox:{one.id}"), now))
    return len(claims)


def _phone(claimed: Claim, tables: Tables) -> str:
    holder = tables.licences.holder(int(claimed.conversation_id.rpartition(":")[2]))
    return holder.phone if holder else ""


def _record(claimed: Claim, why: tuple[str, float | None] | None, now: datetime, tables: Tables) -> None:
    if why is None:
        tables.outbox.sent(claimed, now)
    else:
        tables.outbox.again(claimed, now, why[0], TRIES if why[0] == "later" else 0, why[1])
