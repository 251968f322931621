"""Each module here is one channel; its name is its section in config/settings.toml."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from bot.channels.base import Channel
from bot.domain.group import GroupKind
from bot.errors import ConfigError


def groups_of(channels: Mapping[str, Channel]) -> dict[str, GroupKind]:
    """The channels that have a group of staff, and what kind it is."""
    kinds = {name: channel.capabilities.group for name, channel in channels.items()}
    return {name: kind for name, kind in kinds.items() if kind}


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
