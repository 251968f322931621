"""Telegram's group of staff: a topic for each citizen, in which a bound account takes them and talks with them."""

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update, User
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.channels.base import Reception
from bot.channels.pace import Pace
from bot.domain.group import TAKE, Topic
from bot.domain.messages import InboundEvent, OutboundMessage, writable
from bot.errors import TryLater, Undeliverable, Unknown
from bot.store.db import Tables
from bot.store.invitations import CODE

NAME = "telegram"
A_MINUTE = 20  # messages into one group
_TITLE = 128  # letters of a topic's name
_LONGEST = 4096
CODE_HOLDS = timedelta(minutes=15)


@contextmanager
def heeded() -> Iterator[None]:
    """What the platform says of a message, in our words."""
    try:
        yield
    except RetryAfter as error:
        wait = error.retry_after
        raise TryLater("too many", float(wait if isinstance(wait, int) else wait.total_seconds())) from error
    except TimedOut as error:
        raise Unknown("no answer in time") from error
    except (Forbidden, BadRequest) as error:
        raise Undeliverable(type(error).__name__) from error
    except NetworkError as error:
        raise TryLater(type(error).__name__) from error


@dataclass(frozen=True)
class Forum:
    """`chat` is the group, in which topics are switched on and the bot may manage them."""

    bot: Bot
    chat: int
    reception: Reception
    pace: Pace = field(default_factory=lambda: Pace(A_MINUTE, 60))

    async def send(self, citizen: str, message: OutboundMessage, key: str) -> None:
        """Into the topic of the citizen; to the whole group where there is none of them."""
        if wait := self.pace.wait(key):
            raise TryLater("too many", wait)
        try:
            with heeded():
                await self._send(citizen, message)
        except TryLater as error:
            if error.wait:
                self.pace.full_for(error.wait)
            raise

    async def _send(self, citizen: str, message: OutboundMessage) -> None:
        """A topic is made where there is none yet; what is done with is closed."""
        topic: Topic | None = await self.reception.read(lambda tables: tables.groups.topic(citizen, NAME))
        if topic is None:
            await self._write(message, None)
            return
        thread = topic.thread or await self._opened(topic)
        if message.choices and topic.thread:
            await self._tolerant(self.bot.reopen_forum_topic(self.chat, thread))
        try:
            await self._write(message, thread)
        except BadRequest as error:
            if "thread not found" not in error.message:
                raise
            await self._write(message, await self._opened(topic))  # somebody has deleted it
        if topic.told == "closed":
            await self._tolerant(self.bot.close_forum_topic(self.chat, thread))

    async def heard(self, update: Update) -> bool:
        """Is it of this group? Then it is dealt with here."""
        pressed, said = update.callback_query, update.message
        about = pressed.message if pressed is not None else said
        if about is None or about.chat.id != self.chat:
            return False
        event_id = f"group:{update.update_id}"
        if pressed is not None:
            await self._tolerant(self.bot.answer_callback_query(pressed.id))
            if pressed.data == TAKE and isinstance(about, Message):
                await self._take(about, pressed.from_user, event_id)
        elif said is not None and said.from_user is not None and not said.from_user.is_bot:
            await self._listen(said, said.from_user, event_id)
        return True

    async def _listen(self, said: Message, user: User, event_id: str) -> None:
        text = writable(said.text or "").strip()
        if CODE.fullmatch(text.upper()):
            await self.reception.write(partial(self._bind, user, text, event_id))
        elif said.message_thread_id is not None and _has_content(said):
            citizen = await self._take(said, user, event_id)
            if citizen and text:
                channel, account, sender = citizen.split(":", 2)
                staff = await self.reception.read(lambda tables: tables.groups.staff_of(NAME, str(user.id)))
                now = datetime.now(UTC)
                await self.reception.keep(
                    InboundEvent(channel, event_id, sender, "agent", now, account, text=text, by=staff)
                )
            elif citizen:
                await self.reception.write(partial(self._answer, citizen, "only_text", event_id))
        self.reception.bells.queued.ring()

    async def _take(self, about: Message, user: User, event_id: str) -> str:
        """Whoever speaks has the citizen from now on: whose conversation it is, "" where it may not be."""
        thread = about.message_thread_id
        citizen: str = await self.reception.write(partial(self._taken, thread or 0, str(user.id), event_id))
        self.reception.bells.queued.ring()
        return citizen

    def _taken(self, thread: int, account: str, event_id: str, tables: Tables) -> str:
        topic = tables.groups.of_thread(NAME, thread)
        if topic is None:
            return ""
        name, now = tables.groups.staff_of(NAME, account), datetime.now(UTC)
        staff = tables.staff.get(name) if name else None
        if staff is None or not staff.active or not staff.may("agent"):
            self._answer(topic.conversation, "stranger", event_id, tables)
            return ""
        ticket = tables.tickets.of(topic.conversation)
        if ticket is not None and ticket.state == "held" and ticket.agent == name:
            tables.tickets.change(ticket.id, device=NAME)  # from the desk to here
            return topic.conversation
        why = "gone" if ticket is None else self.reception.handover.take(tables, ticket.id, staff, now, NAME)
        if why:
            self._answer(topic.conversation, f"refused_{why}", event_id, tables)
            return ""
        tables.audits.put(name, "take in the group", topic.conversation, now)
        return topic.conversation

    def _bind(self, user: User, code: str, event_id: str, tables: Tables) -> None:
        """The account is whoever asked for the code at the desk."""
        now = datetime.now(UTC)
        name = tables.invitations.open(code, "device", now - CODE_HOLDS)
        if name is None or not tables.invitations.use(code, now):
            self._answer("", "bad_code", event_id, tables)
            return
        tables.groups.bind(NAME, str(user.id), name, now)
        tables.audits.put(name, "bind device", name, now)
        self._answer("", "bound", event_id, tables, agent=name)

    def _answer(self, citizen: str, sentence: str, event_id: str, tables: Tables, **fields: str) -> None:
        said = OutboundMessage(self.reception.replies(f"group.{sentence}", **fields))
        tables.outbox.put(Topic(citizen, NAME, 0).address, [said], datetime.now(UTC), event_id)

    async def _opened(self, topic: Topic) -> int:
        """A new topic for the citizen. Killed before it is kept, an empty one stays behind."""
        title = self.reception.replies("group.topic", number=str(topic.ticket))[:_TITLE]
        made = await self.bot.create_forum_topic(self.chat, title)
        thread = made.message_thread_id
        await self.reception.write(lambda tables: tables.groups.threaded(topic, thread))
        return thread

    async def _write(self, message: OutboundMessage, thread: int | None) -> None:
        take = self.reception.replies("group.take")
        button = InlineKeyboardMarkup([[InlineKeyboardButton(take, callback_data=TAKE)]]) if message.choices else None
        await self.bot.send_message(self.chat, message.text[:_LONGEST], message_thread_id=thread, reply_markup=button)

    async def _tolerant(self, call: Awaitable[object]) -> None:
        """What may fail without harm: it is so already, or somebody has done it by hand."""
        with suppress(TelegramError):
            await call


def _has_content(said: Message) -> bool:
    return bool(said.text or said.photo or said.document or said.voice or said.video or said.sticker)
