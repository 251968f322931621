"""Bells: a hint, inside one process, that something happened. What happened is always read from the database."""

import asyncio
from contextlib import suppress
from weakref import WeakValueDictionary


class Bell:
    """Wakes all who listen. Take `listen()` before looking, so that no ring between is missed."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def listen(self) -> asyncio.Event:
        return self._event

    def ring(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, listening: asyncio.Event, seconds: float) -> None:
        """Until a ring after `listen()`, or for `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for can lose a cancellation that comes with the ring
                await listening.wait()


class Bells:
    """One bell a conversation, for as long as anybody listens, and one for everything that arrives."""

    def __init__(self) -> None:
        self.arrived, self.queued = Bell(), Bell()
        self._by_conversation: WeakValueDictionary[str, Bell] = WeakValueDictionary()

    def of(self, conversation_id: str) -> Bell:
        bell = self._by_conversation.get(conversation_id)
        if bell is None:
            bell = self._by_conversation[conversation_id] = Bell()
        return bell
