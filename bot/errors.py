"""The two families of error, and nothing in between.

CitizenError     the citizen can put it right; names a sentence in config/replies.yml
OperatorError    only we can; its words stay in the log and in the terminal
├─ ConfigError   found at start-up: `file:line: what`
├─ StoreError    the database is away, full, locked or of another version
├─ Fenced        this worker lost its claim to another; its work must not be saved
└─ ChannelError  TryLater · Undeliverable · Unknown

The words of any other error stay out of the log: they may be a citizen's.
"""

import traceback
from pathlib import Path


def place(error: BaseException) -> str:
    """What went wrong and where, on one line, without its words."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def trail(error: BaseException) -> str:
    """The way to what went wrong, for the log: lines of the program, and none of the words of the error."""
    return f"{place(error)}\n{''.join(traceback.format_tb(error.__traceback__))}"


class CitizenError(Exception):
    """Carries only the name of a sentence and its fields, so that no exception text can reach a citizen."""

    def __init__(self, reply: str, /, **fields: str) -> None:
        super().__init__(reply)
        self.reply, self.fields = reply, fields


class OperatorError(Exception):
    """Something that only the people who run banshi can put right."""


class ConfigError(OperatorError):
    """A fault in a file that an operator edits."""


class StoreError(OperatorError):
    """The database did not take what it was given. Nothing of it was saved."""


class Fenced(OperatorError):
    """The row was claimed again by another worker while this one was busy."""


class ChannelError(OperatorError):
    """A channel did not take a message."""


class TryLater(ChannelError):
    """Worth another attempt; after `wait` seconds where the channel said so."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


class Undeliverable(ChannelError):
    """It never will be: blocked, left, or out of the channel's window."""


class Unknown(ChannelError):
    """The send timed out: it may have arrived. Never blindly repeated."""
