"""The evidence of a signature as a file: verified without the hall, broken by any change of a single byte."""

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.errors import ConfigError

FORMAT = "banshi-signature-1"
_PARTS = {"evidence", "key", "signature"}


def new_key() -> tuple[str, str]:
    """A key of the hall's own: what everybody may know, and what nobody else may."""
    key = Ed25519PrivateKey.generate()
    return key.public_key().public_bytes_raw().hex(), key.private_bytes_raw().hex()


def attested(evidence: Mapping[str, Any], private: str) -> tuple[str, str]:
    """The evidence as text, and the hall's signature under it."""
    text = _written({"format": FORMAT, **evidence})
    return text, Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private)).sign(text.encode()).hex()


def packed(evidence: str, signature: str, key: str, document: bytes, signed: bytes, statement: bytes = b"") -> str:
    """The file: the evidence, the paper before and after, the video if there is one, and whose key attests it."""
    parts = {"evidence": json.loads(evidence), "key": key, "signature": signature}
    files = {"document": document, "signed": signed} | ({"statement": statement} if statement else {})
    return _written(parts | {name: base64.b64encode(content).decode() for name, content in files.items()})


def verified(text: str, keys: Collection[str]) -> dict[str, Any]:
    """What was signed, by whom, when. ConfigError says what is broken; `keys` are those of the hall."""
    try:
        found = json.loads(text)
        if not isinstance(found, dict) or _written(found) != text:
            raise ConfigError("no evidence as banshi writes it, or changed")
        files = _files(found)
        evidence, key, signature = found["evidence"], found["key"], found["signature"]
        Ed25519PublicKey.from_public_bytes(_bytes(key)).verify(_bytes(signature), _written(evidence).encode())
        for part in files:
            _look(part, found[part], evidence[f"{part}_sha256"])
    except InvalidSignature as error:
        raise ConfigError("the evidence was changed after it was attested") from error
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error, RecursionError) as error:
        raise ConfigError("no evidence as banshi writes it, or changed") from error
    if key not in keys:
        raise ConfigError(f"attested with a key that is not known: {key}")
    return dict(evidence)


def _files(found: Mapping[str, Any]) -> list[str]:
    """Which files it must hold, and does: the video where the evidence speaks of one."""
    files = ["document", "signed", *(["statement"] if found["evidence"].get("statement_sha256") else [])]
    if set(found) != {*_PARTS, *files}:
        raise ConfigError("no evidence as banshi writes it, or changed")
    return files


def _look(part: str, written: str, sum: str) -> None:
    content = base64.b64decode(written, validate=True)
    if base64.b64encode(content).decode() != written:
        raise ValueError("one content may be written in several ways, and only one of them is ours")
    if hashlib.sha256(content).hexdigest() != sum:
        raise ConfigError(f"the paper {part!r} is not the one that the evidence is about")


def _bytes(written: str) -> bytes:
    """Of digits that are written as we write them."""
    found = bytes.fromhex(written)
    if found.hex() != written:
        raise ValueError("not as we write it")
    return found


def _written(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
