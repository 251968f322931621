"""Each module here is one channel; its name is its section in config/settings.toml."""

from importlib import import_module
from typing import Any

from pydantic import ValidationError

from bot.channels.base import Channel
from bot.errors import ConfigError


def connect_all(sections: dict[str, dict[str, Any]]) -> dict[str, Channel]:
    """`[channels.webchat]` connects bot/channels/webchat.py, and so on; no section, no channel."""
    channels: dict[str, Channel] = {}
    for name, section in sections.items():
        try:
            module = import_module(f"bot.channels.{name}")
            channels[name] = module.connect(section)
        except ModuleNotFoundError as error:
            raise ConfigError(f"settings.toml: channels.{name}: no such channel ({error})") from error
        except ValidationError as error:
            raise ConfigError(f"settings.toml: channels.{name}: {error}") from error
    return channels
