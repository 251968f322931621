"""One of several processes on one database: citizens, turns, agents and rounds, all mixed. Prints what it did."""

import random
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.domain.rota import Service
from tests.desk.crowd import Crowd, rota
from tests.hall import HOURS, Hall

LASTS = 12.0  # seconds


def main(url: str, folder: str, seed: int) -> None:
    hall, chance = Hall(Path(folder), url), random.Random(seed)
    service = Service(away=timedelta(seconds=3), unanswered=timedelta(seconds=2))
    hall.resources = replace(hall.resources, rota=rota(HOURS, service))
    crowd = Crowd(hall.resources, seed, hall.store.now)
    agents = [f"坐席{n:03}" for n in range(12)]
    ends, citizens = time.monotonic() + LASTS, [f"群众{n}" for n in range(40)]  # the same ones in every process
    while time.monotonic() < ends:
        crowd.ask(chance.choice(citizens))
        crowd.write(chance.choice(citizens), "还在吗")
        crowd.answer(4)
        for name in chance.sample(agents, 3):
            crowd.act(name)
        if chance.random() < 0.1:
            crowd.crash(chance.choice(agents))
        crowd.drain()
        crowd.pass_round()
        crowd.check(settled=False)
    while crowd.answer():
        pass
    for kind, texts in (("sent", crowd.sent), ("spoken", crowd.spoken), ("broken", crowd.broken)):
        for text in texts:
            print(kind, text)
    hall.store.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
