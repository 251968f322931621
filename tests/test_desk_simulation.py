"""A thousand citizens and a hundred agents: nobody is forgotten, overtaken, talked over, or given to whom is busy."""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.domain.rota import Service
from bot.settings import ROOT
from bot.store.tables import inbox
from tests.desk.crowd import Crowd, hire, lost_or_twice, rota
from tests.hall import HOURS, Hall

CITIZENS, AGENTS = 1000, 100


@pytest.fixture
def fast() -> Iterator[Path]:
    """A folder in memory where there is one: this is about order, not about disks."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


def test_a_thousand_citizens_and_a_hundred_agents(fast: Path) -> None:
    hall = Hall(fast, f"sqlite:///{fast / 'banshi.db'}")
    hall.resources = replace(hall.resources, rota=rota(HOURS, Service()))
    crowd = Crowd(hall.resources, 7, lambda: hall.now)
    agents, chance = hire(hall.store, AGENTS, hall.now), random.Random(11)
    citizens = [f"群众{n}" for n in range(CITIZENS)]
    talking: list[str] = []
    while citizens or chance.random() < 0.97:
        hall.now += timedelta(seconds=20)
        newcomers, citizens = citizens[:30], citizens[30:]
        for who in newcomers:
            crowd.ask(who)
        talking += newcomers
        for who in chance.sample(talking, min(8, len(talking))):
            crowd.write(who, "还在吗")
        while crowd.answer():
            pass
        crowd.check(settled=False)
        for name in chance.sample(agents, 45):
            crowd.act(name)
        for name in chance.sample(agents, 1):
            crowd.crash(name)
        crowd.drain()
        crowd.pass_round()
        crowd.check(settled=True)
        assert crowd.broken == []
    assert lost_or_twice(hall.store, crowd.sent, crowd.spoken) == []
    tickets = hall.read(lambda tables: tables.tickets.since(hall.now - timedelta(days=9)))
    assert len({one.conversation_id for one in tickets}) == CITIZENS
    assert sum(one.answered_at is not None for one in tickets) > 0.5 * CITIZENS
    assert {"agent", "idle"} & {one.ended for one in tickets} and max(one.transfers for one in tickets) == 1
    hall.store.close()


def test_three_processes_on_postgresql_keep_the_same_promises(postgres: str, tmp_path: Path) -> None:
    name = f"desk_{time.time_ns()}"
    engine = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    url = postgres.replace("/postgres?", f"/{name}?")
    hall = Hall(tmp_path, url)
    hire(hall.store, 12, hall.store.now())
    command = [sys.executable, "-m", "tests.desk.worker", url, str(tmp_path)]
    workers = [subprocess.Popen([*command, str(seed)], cwd=ROOT, stdout=subprocess.PIPE) for seed in (1, 2, 3)]
    service = Service(away=timedelta(seconds=3), unanswered=timedelta(seconds=2))
    hall.resources = replace(hall.resources, rota=rota(HOURS, service))
    crowd = Crowd(hall.resources, 0, hall.store.now)
    while any(worker.poll() is None for worker in workers):
        crowd.check(settled=False)
        time.sleep(0.02)
    told = [worker.communicate()[0].decode().splitlines() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    while crowd.answer():
        pass
    sent = [line[5:] for lines in told for line in lines if line.startswith("sent ")]
    spoken = [line[7:] for lines in told for line in lines if line.startswith("spoken ")]
    broken = [line for lines in told for line in lines if line.startswith("broken ")]
    assert (crowd.broken, broken) == ([], [])
    assert len(sent) >= 30 and len(spoken) >= 8, "so much at least is done on a machine that has other work too"
    assert lost_or_twice(hall.store, sent, spoken) == []
    waiting = hall.read(lambda tables: tables.connection.scalar(sa.select(sa.func.count()).select_from(inbox)))
    assert waiting >= len(sent)
    hall.store.close()
