"""What people confide is sealed before it is written: AES-256-GCM with a key that stands outside of the database."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.errors import ConfigError, OperatorError

_NONCE = 12
_MARK = "sealed:"
FORMER = "key.former"


class Seal:
    """`shut` and `open` bytes; `write` and `read` text, for columns. What was never sealed is read as it stands.

    Without a key nothing is sealed, and nothing sealed is read. While the key is changed, what the `former` one sealed
    is read too; see bot/rekeying.py.
    """

    def __init__(self, key: bytes = b"", former: bytes = b"") -> None:
        self._cipher = AESGCM(key) if key else None
        self.former = Seal(former) if former else None
        self._mark = hmac.digest(key, b"digest", "sha256")  # so that no digest is made with the key of the cipher

    def shut(self, plain: bytes) -> bytes:
        if self._cipher is None:
            return plain
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, None)

    def open(self, sealed: bytes) -> bytes:
        """OperatorError where it was sealed with another key, or was damaged."""
        if self._cipher is None:
            raise OperatorError("what was sealed does not open without its key")
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        except (InvalidTag, ValueError) as error:
            if self.former is not None:
                return self.former.open(sealed)
            raise OperatorError("what was sealed does not open: another key, or damaged") from error

    def renewed(self, sealed: bytes) -> bytes | None:
        """The same, sealed with the key of now; None where it is already."""
        assert self._cipher is not None and self.former is not None
        try:
            self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        except (InvalidTag, ValueError):
            return self.shut(self.former.open(sealed))
        return None

    def rewritten(self, text: str) -> str | None:
        """The same for a word of a column."""
        made = self.renewed(base64.b64decode(text.removeprefix(_MARK)))
        return None if made is None else _MARK + base64.b64encode(made).decode()

    def digest(self, text: str) -> str:
        """The same for the same text, by which a row is found; it tells nothing to whoever has not the key."""
        return hmac.new(self._mark, text.encode(), hashlib.sha256).hexdigest()

    def token(self, text: str) -> str:
        """A text as a word for an address, which only this seal can make and read."""
        return _word(self.shut(text.encode()))

    def told(self, token: str) -> str:
        """What a token says. OperatorError for any other word."""
        try:
            sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError) as error:
            raise OperatorError("not a token") from error
        if _word(sealed) != token:  # the last letter has bits that no byte needs
            raise OperatorError("not a token")
        return self.open(sealed).decode()

    def write(self, text: str) -> str:
        """As a word for a column; nothing stays nothing, so that it can be asked for."""
        if self._cipher is None or not text:
            return text
        return _MARK + base64.b64encode(self.shut(text.encode())).decode()

    def hide(self, body: dict[str, Any]) -> dict[str, Any] | str:
        """JSON values for a column; as they are, without a key."""
        return body if self._cipher is None else self.write(json.dumps(body, ensure_ascii=False))

    def show(self, hidden: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.read(hidden)) if isinstance(hidden, str) else hidden
        return found

    def read(self, text: str) -> str:
        if not text.startswith(_MARK):
            return text
        try:
            return self.open(base64.b64decode(text.removeprefix(_MARK))).decode()
        except ValueError as error:
            raise OperatorError("what was sealed does not open: damaged") from error


def is_sealed(value: object) -> bool:
    """Is it a word that a seal wrote?"""
    return isinstance(value, str) and value.startswith(_MARK)


def _word(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def open_seal(home: Path, given: str = "", former: str = "") -> Seal:
    """With the key of the environment (32 bytes as base64), or else one that is made once and kept in the home.

    `former` is the key before it, while it is changed: of the environment too, or else beside the key in the home.
    """
    if given:
        return Seal(_key(given, "BANSHI_KEY"), _key(former, "BANSHI_KEY_FORMER") if former else b"")
    path, old = home / "key", home / FORMER
    try:
        if not path.exists():
            if any((home / "files").glob("*/*")):
                raise ConfigError(f"{path}: missing, and files are sealed with it; put it back, or give BANSHI_KEY")
            _make(path)
        before = _key(old.read_text("ascii").strip(), str(old)) if old.exists() else b""
        return Seal(_key(path.read_text("ascii").strip(), str(path)), before)
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{path}: {error}") from error


def change_key(home: Path) -> None:
    """A new key in the home; the one before stays beside it until `retire`. Done again after a kill, it goes on."""
    path, old = home / "key", home / FORMER
    if not old.exists():
        _written(home, path.read_text("ascii").strip()).replace(old)
        _settle(home)  # before the new key takes the place of what stands there now
    if old.read_text("ascii").strip() == path.read_text("ascii").strip():
        _written(home, _fresh()).replace(path)
        _settle(home)


def retire(home: Path) -> None:
    """The key before is gone: nothing is sealed with it any more."""
    (home / FORMER).unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """The names in a folder are on the disk, and not only in its cache."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fresh() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _written(home: Path, key: str) -> Path:
    """A key on the disk, whole, under a name of its own."""
    part = home / f"key.{secrets.token_hex(4)}"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
        file.flush()
        os.fsync(descriptor)
    return part


def _make(path: Path) -> None:
    """A new key, there whole and for good or not at all: of two programs that make one, the first has made it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _written(path.parent, _fresh())
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def _key(written: str, where: str) -> bytes:
    try:
        key = base64.b64decode(written, validate=True)
    except binascii.Error as error:
        raise ConfigError(f"{where}: not base64") from error
    if len(key) != 32:
        raise ConfigError(f"{where}: the key has 32 bytes, this one {len(key)}")
    return key
