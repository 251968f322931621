"""The store, on both engines: once only, in order, fenced, undone as a whole."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.domain.conversation import Conversation
from bot.domain.messages import InboundEvent, OutboundMessage
from bot.errors import Fenced, StoreError
from bot.store import schema
from bot.store.backup import backup, restore
from bot.store.case_tables import metadata
from bot.store.db import Store, Tables
from bot.store.inbox import event_of
from bot.store.queue import Claim, dead_letters, requeue
from bot.store.tables import inbox, outbox

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
LEASE = timedelta(seconds=60)


def event(number: int = 0, sender: str = "wang", text: str = "在吗") -> InboundEvent:
    return InboundEvent("webchat", f"{sender}-{number}", sender, "text", NOW, text=text)


def accept(store: Store, *events: InboundEvent, due: datetime | None = None) -> list[tuple[int, bool]]:
    return [store.write(lambda tables, e=e: tables.inbox.accept(e, NOW, due)) for e in events]


def claim(store: Store, now: datetime = NOW, limit: int = 10) -> list[Claim]:
    return store.write(lambda tables: tables.inbox.claim(now, LEASE, ["webchat"], limit))


def finish(store: Store, claimed: Claim) -> None:
    store.write(lambda tables: tables.inbox.finish(claimed, NOW, "answered", 0.9))


def test_an_event_given_three_times_is_kept_once(store: Store) -> None:
    kept = accept(store, event(), event(), event())
    assert [new for _, new in kept] == [True, False, False]
    assert len({id for id, _ in kept}) == 1


def test_the_same_event_given_by_many_threads_at_once_is_kept_once(store: Store) -> None:
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(accept(store, event())[0][1])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False] * 7 + [True]


def test_an_event_comes_back_as_it_was(store: Store) -> None:
    text = "😀 '; DROP TABLE inbox; -- <b>\u2028\n面馆"
    accept(store, event(text=text))
    assert event_of(claim(store)[0]) == event(text=text)


def test_only_the_head_of_a_conversation_is_claimed(store: Store) -> None:
    accept(store, event(1), event(2), event(1, "li"))
    first = claim(store)
    assert [event_of(claimed).event_id for claimed in first] == ["wang-1", "li-1"]
    assert claim(store) == []
    finish(store, first[0])
    assert [event_of(claimed).event_id for claimed in claim(store)] == ["wang-2"]


def test_an_event_in_back_off_still_stands_before_the_next(store: Store) -> None:
    accept(store, event(1), event(2))
    head = claim(store)[0]
    store.write(lambda tables: tables.inbox.again(head, NOW, "KeyError", give_up_at=8))
    assert claim(store) == []
    later = claim(store, NOW + timedelta(seconds=2))
    assert [event_of(claimed).event_id for claimed in later] == ["wang-1"]
    assert later[0].tries == 2


def test_a_timer_that_is_not_due_blocks_nobody_and_fires_once_it_is(store: Store) -> None:
    timer = InboundEvent("webchat", "timer:1", "wang", "timer", NOW)
    accept(store, timer, due=NOW + timedelta(days=3))
    accept(store, event(1))
    assert [event_of(claimed).event_id for claimed in claim(store)] == ["wang-1"]
    assert claim(store, NOW + timedelta(days=4)) == [], "the conversation is being worked on"


def test_two_workers_never_hold_one_conversation(open_store: Callable[[], Store]) -> None:
    stores = [open_store(), open_store()]
    accept(stores[0], *(event(number, f"c{number % 5}") for number in range(50)))
    held: list[Claim] = []
    threads = [threading.Thread(target=lambda s=s: held.extend(claim(s, limit=3))) for s in stores * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    conversations = [claimed.conversation_id for claimed in held]
    assert len(conversations) == len(set(conversations)) == 5


def test_a_late_worker_changes_nothing(store: Store) -> None:
    accept(store, event())
    late = claim(store)[0]
    heir = claim(store, NOW + timedelta(seconds=61))[0]
    assert (late.id, heir.tries) == (heir.id, 2)
    with pytest.raises(Fenced):
        finish(store, late)
    finish(store, heir)
    assert store.read(lambda tables: tables.inbox.result(heir.id)).outcome == "answered"


def test_dead_after_the_last_try_then_the_next_goes_on_and_it_can_be_put_back(store: Store) -> None:
    accept(store, event(1), event(2))
    now = NOW
    for _ in range(8):
        head = claim(store, now)[0]
        died = store.write(lambda tables, head=head, now=now: tables.inbox.again(head, now, "KeyError", 8))
        now += timedelta(hours=2)
    assert died
    letters = store.read(lambda tables: dead_letters(tables.connection, [inbox, outbox]))
    assert [(row["table"], row["error"], row["tries"]) for row in letters] == [("inbox", "KeyError", 8)]
    assert [event_of(claimed).event_id for claimed in claim(store, now)] == ["wang-2"]
    assert store.write(lambda tables: requeue(tables.connection, inbox, head.id, now))
    assert store.write(lambda tables: requeue(tables.connection, inbox, head.id, now)) is False


def test_a_write_that_fails_leaves_nothing_and_harms_no_other(store: Store) -> None:
    def half(tables: Tables) -> None:
        tables.inbox.accept(event(1), NOW)
        raise KeyError("no")

    threads = [threading.Thread(target=lambda n=n: accept(store, event(n, "li"))) for n in range(20)]
    for thread in threads:
        thread.start()
    with pytest.raises(KeyError):
        store.write(half)
    for thread in threads:
        thread.join()
    assert store.read(lambda tables: tables.inbox.waiting()) == 20


def test_messages_leave_in_order_one_at_a_time(store: Store) -> None:
    said = [OutboundMessage("一"), OutboundMessage("二", choices=("甲", "乙"))]
    for _ in range(2):
        store.write(lambda tables: tables.outbox.put("webchat:main:wang", said, NOW, "turn:1", 1))

    def take() -> list[Claim]:
        return store.write(lambda tables: tables.outbox.claim(NOW, LEASE, ["webchat"], 10))

    first = take()
    assert [claimed.body["text"] for claimed in first] == ["一"]
    assert take() == []
    store.write(lambda tables: tables.outbox.sent(first[0], NOW))
    assert [claimed.body["text"] for claimed in take()] == ["二"]
    assert store.read(lambda tables: tables.outbox.of_turn(1)) == said


def test_a_conversation_is_saved_and_loaded(store: Store) -> None:
    changed = Conversation("webchat:main:wang", owner="queued", introduced=True)
    for _ in range(2):
        store.write(lambda tables: tables.conversations.save(changed))
    assert store.read(lambda tables: tables.conversations.load(changed.id)) == changed


def test_a_conversation_that_is_changed_back_is_saved_too(store: Store) -> None:
    def there_and_back(tables: Tables) -> None:
        for owner in ("queued", "bot"):
            conversation = tables.conversations.load("webchat:main:wang")
            conversation.owner = owner  # type: ignore[assignment]
            tables.conversations.save(conversation)
            changed = replace(conversation, owner="human")
            tables.conversations.save(changed)
            tables.conversations.save(conversation)

    store.write(there_and_back)
    assert store.read(lambda tables: tables.conversations.load("webchat:main:wang")).owner == "bot"


def test_asking_for_a_person_twice_waits_once(store: Store) -> None:
    def open_(inbox_id: int) -> int:
        return store.write(
            lambda tables: tables.tickets.open("webchat:main:wang", inbox_id, "asked", NOW, NOW + LEASE)
        ).id

    assert open_(1) == open_(2)
    assert [ticket.reply_by for ticket in store.read(lambda tables: tables.tickets.waiting())] == [NOW + LEASE]


def test_a_visitor_is_known_by_the_token_alone(store: Store) -> None:
    id, token = store.write(lambda tables: tables.visitors.welcome(NOW))
    assert store.read(lambda tables: tables.visitors.recognise(token)) == id
    assert store.read(lambda tables: tables.visitors.recognise("\ud800")) is None


def test_the_migrations_make_the_tables_that_the_code_knows(store: Store) -> None:
    def differences(tables: Tables) -> list[object]:
        context = MigrationContext.configure(tables.connection, opts={"compare_type": False})
        return compare_metadata(context, metadata)

    assert store.read(differences) == []
    with store._engine.connect() as connection:
        script = ScriptDirectory.from_config(schema.alembic_config(connection))
    assert script.get_current_head() == schema.HEAD


def test_a_database_of_a_newer_banshi_is_left_alone(open_store: Callable[[], Store]) -> None:
    newer = sa.text("UPDATE alembic_version SET version_num = '9999'")
    open_store().write(lambda tables: tables.connection.execute(newer))
    with pytest.raises(StoreError, match="newer"):
        open_store()


def test_a_backup_taken_while_serving_fills_a_new_home(store: Store, tmp_path: Path) -> None:
    accept(store, *(event(number, f"c{number}") for number in range(30)))
    for claimed in claim(store, limit=5):
        finish(store, claimed)
        store.write(
            lambda tables, c=claimed: tables.outbox.put(
                c.conversation_id, [OutboundMessage("好")], NOW, f"turn:{c.id}", c.id
            )
        )
    file = tmp_path / "copy.zip"
    counts = store.read(lambda tables: backup(tables.connection, file))
    other = Store(f"sqlite:///{tmp_path / 'other.db'}")
    assert other.write(lambda tables: restore(tables.connection, file)) == counts
    assert counts["inbox"] == 30
    assert other.read(lambda tables: tables.inbox.waiting()) == 25
    assert other.read(lambda tables: tables.outbox.after("webchat:main:c0", 0))[0].message.text == "好"
    other.close()


def test_the_clock_is_the_databases(store: Store) -> None:
    assert abs(store.now() - datetime.now(UTC)) < timedelta(seconds=2)


def test_a_claim_reads_only_what_is_alive(tmp_path: Path) -> None:
    """On SQLite, whose planner would rather walk everything that was ever said."""
    store, plans = Store(f"sqlite:///{tmp_path / 'banshi.db'}"), []

    @sa.event.listens_for(store._engine, "before_cursor_execute")
    def explain(connection, cursor, statement, parameters, context, many) -> None:  # type: ignore[no-untyped-def]
        if statement.startswith("UPDATE") and "RETURNING" in statement:
            cursor.execute("EXPLAIN QUERY PLAN " + statement, parameters)
            plans.extend(row[3] for row in cursor.fetchall())

    claim(store)
    assert any("ix_inbox_due" in step for step in plans)
    assert any("ix_inbox_head" in step for step in plans)
    assert any("ux_inbox_working" in step for step in plans)
    assert not any("autoindex" in step or "history" in step or "TEMP" in step for step in plans), plans
    store.close()
