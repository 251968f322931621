"""Rasa beside this process, as the engine that understands."""

import secrets

from pydantic import SecretStr

from bot.errors import OperatorError
from bot.settings import Settings
from nlu.engine import Engine
from nlu.entities import Finder
from nlu.sidecar import RasaServer, Sidecar


def rasa_beside(settings: Settings, own: Engine, finder: Finder) -> Sidecar:
    """Rasa's server of the settings; `own` understands while it is down, `finder` finds what has rules."""
    token = rasa_token(settings).get_secret_value()
    return Sidecar(RasaServer(settings.nlu.rasa_url, token, settings.nlu.rasa_timeout, finder), own)


def rasa_token(settings: Settings) -> SecretStr:
    """What this program shows to Rasa: of the environment, or else made once and kept in the home folder."""
    if settings.rasa_token.get_secret_value():
        return settings.rasa_token
    path = settings.home / "rasa" / "token"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24), "utf-8")
        return SecretStr(path.read_text("utf-8").strip())
    except OSError as error:
        raise OperatorError(f"{path}: {error.strerror}") from error
