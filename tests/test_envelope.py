"""The sealed envelope of WeChat and WeCom: the platforms' own samples, and another implementation, both ways.

The other one is WeRoBot, which shares no code with what we use.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import xmltodict
from werobot.crypto import MessageCrypt

from bot.channels.envelope import Envelope, Refused
from bot.channels.wecom.callback import Seen, called

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
OWNER, TOKEN = "wx5823bf96d3bd56c7", "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
OURS = Envelope(OWNER, TOKEN, AES_KEY)


@pytest.fixture
def other() -> Callable[..., Any]:
    """Makes the other implementation's envelope for an owner, a token and a key."""

    def make(owner: str = OWNER, token: str = TOKEN, key: str = AES_KEY) -> Any:
        return MessageCrypt(token=token, encoding_aes_key=key, app_id=owner)

    return make


def texts() -> list[str]:
    """Of every length about a block's, and of every kind of letter."""
    draw = random.Random(11)
    letters = "aZ0 <>&\"'办证😀\u3000\n"
    return ["".join(draw.choice(letters) for _ in range(length)) for length in range(1, 70)] + ["长" * 20_000]


def asked(sealed: dict[str, str]) -> dict[str, str]:
    names = {"msg_signature": "MsgSignature", "timestamp": "TimeStamp", "nonce": "Nonce"}
    return {name: sealed[theirs] for name, theirs in names.items()}


def test_the_sample_of_the_corporate_platform_opens() -> None:
    query = {
        "msg_signature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
        "timestamp": "1409659589",
        "nonce": "263014780",
    }
    echo = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    at = datetime.fromtimestamp(1409659589, UTC)
    assert OURS.opened(query, echo, at) == "1616140317555161061"
    for wrong in (at + timedelta(minutes=6), at - timedelta(minutes=6)):
        with pytest.raises(Refused):
            OURS.opened(query, echo, wrong)


def test_what_another_seals_we_open(other: Callable[..., Any]) -> None:
    for text in texts():
        made = other().encrypt_message(text, timestamp=STAMP, nonce="n1")
        assert OURS.open(asked(xmltodict.parse(made)["xml"]), made.encode(), NOW) == text


def test_what_we_seal_another_opens(other: Callable[..., Any]) -> None:
    for text in texts():
        made = xmltodict.parse(OURS.sealed(text, {"nonce": "n2"}, NOW))["xml"]
        opened = other().decrypt_message(made["TimeStamp"], made["Nonce"], made["MsgSignature"], made["Encrypt"])
        assert opened.decode() == text


def test_what_another_seals_for_somebody_else_we_refuse(other: Callable[..., Any]) -> None:
    wrong = [other(owner="wx0"), other(token="t"), other(key="a" * 43)]
    for one in wrong:
        made = one.encrypt_message("<xml/>", timestamp=STAMP, nonce="n1")
        with pytest.raises(Refused):
            OURS.open(asked(xmltodict.parse(made)["xml"]), made.encode(), NOW)


def test_ten_thousand_calls_that_are_not_the_platforms_are_refused() -> None:
    """Forged, replayed too late, cut, bent, with another's key, as a bomb: each is refused, and breaks nothing."""
    draw = random.Random(5)
    about = "<xml><Event>kf_msg_or_event</Event><Token>t</Token><OpenKfId>wk1</OpenKfId></xml>"
    good = OURS.sealed(about, {"nonce": "n3"}, NOW)
    query = asked(xmltodict.parse(good)["xml"])
    assert called(OURS, query, good.encode(), NOW) is not None
    strange = Envelope(OWNER, TOKEN, "b" * 43).sealed(about, {"nonce": "n3"}, NOW)
    other_owner = Envelope("wx0", TOKEN, AES_KEY).sealed(about, {"nonce": "n3"}, NOW)
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'

    def bent() -> tuple[dict[str, str], bytes, datetime]:
        sealed = bytearray(good.encode())
        begin = good.index("CDATA[") + 6
        sealed[begin + draw.randrange(40)] ^= 1 << draw.randrange(3)
        return query, bytes(sealed), NOW

    ways: list[Callable[[], tuple[dict[str, str], bytes, datetime]]] = [
        lambda: (query | {"msg_signature": f"{draw.getrandbits(160):040x}"}, good.encode(), NOW),
        lambda: (query, good.encode(), NOW + timedelta(seconds=301 + draw.randrange(10**6))),
        lambda: (query, good.encode()[: draw.randrange(len(good) - 200)], NOW),
        lambda: (query, draw.randbytes(draw.randrange(300)), NOW),
        lambda: (asked(xmltodict.parse(strange)["xml"]), strange.encode(), NOW),
        lambda: (asked(xmltodict.parse(other_owner)["xml"]), other_owner.encode(), NOW),
        lambda: (query, bomb.encode(), NOW),
        lambda: ({}, good.encode(), NOW),
        lambda: (query | {"timestamp": str(draw.randrange(10**12))}, good.encode(), NOW),
        bent,
    ]
    for number in range(10_000):
        given = ways[number % len(ways)]()
        with pytest.raises(Refused):
            called(OURS, *given)


def test_a_call_is_heard_once_while_it_is_fresh() -> None:
    seen = Seen()
    assert [seen.again("a", NOW), seen.again("a", NOW), seen.again("b", NOW)] == [False, True, False]
    assert not seen.again("a", NOW + timedelta(minutes=11)), "by then it is not fresh, and refused before"
