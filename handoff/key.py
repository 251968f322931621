"""The desk's key: made once, kept in the home folder, readable by its owner alone."""

import secrets
from pathlib import Path

from bot.errors import OperatorError


def desk_key(home: Path) -> str:
    """The key of this installation; a new one where there is none."""
    path = home / "desk.key"
    try:
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24), "utf-8")
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise OperatorError(f"{path}: {error.strerror}") from error
