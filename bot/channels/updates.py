"""Telegram's updates in our words."""

from datetime import datetime

from telegram import Message, Update

from bot.channels.forum import NAME
from bot.domain.messages import InboundEvent, Kind, writable

DATA = 64  # bytes that a button gives back


def understood(update: Update, greeting: str, now: datetime) -> tuple[InboundEvent | None, str]:
    """An update in our words, and the name of a file to be fetched. None for what is nothing to answer.

    `greeting` is what somebody who begins is taken to say.
    """
    event_id = str(update.update_id)
    if update.callback_query is not None and update.callback_query.message is not None:
        chat, text = str(update.callback_query.message.chat.id), update.callback_query.data or ""
        kind: Kind = "tap" if len(text.encode()) < DATA - 3 else "text"  # it may be cut: the beginning of a choice
        return InboundEvent(NAME, event_id, chat, kind, now, text=writable(text)), ""
    message = update.message
    if message is None or message.chat.type != "private":
        return None, ""
    kind, media = _kind(message)
    where = (message.location.latitude, message.location.longitude) if message.location else None
    text = (message.text or message.caption or "").strip()
    if text.startswith("/start"):
        text = text.removeprefix("/start").strip() or greeting
    return InboundEvent(NAME, event_id, str(message.chat.id), kind, now, text=writable(text), location=where), media


def chat_of(update: Update) -> object:
    """The number of the chat, whatever stands in its place; None without a chat."""
    return update.effective_chat.id if update.effective_chat else None


def _kind(message: Message) -> tuple[Kind, str]:
    if message.photo:
        return "photo", message.photo[-1].file_id
    if message.document:
        return "photo", message.document.file_id
    if message.video:
        return "photo", message.video.file_id
    if message.location:
        return "location", ""
    return ("text", "") if message.text else ("voice", "")
