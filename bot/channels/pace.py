"""How many messages a place takes in a stretch of time: whoever comes too early is told when to come back."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

_REMEMBERED = 1000


class Pace:
    """At most `count` in any `seconds`. A message that has to wait keeps its turn, so that it waits once."""

    def __init__(self, count: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._turns: deque[float] = deque(maxlen=count)
        self._kept: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str) -> float:
        """Seconds until the message of this key may be sent; 0: now, and it counts."""
        now = self._clock()
        turn = self._kept.pop(key, None)
        if turn is None:
            full = len(self._turns) == self._turns.maxlen
            turn = max(now, self._turns[0] + self._seconds) if full else now
            self._turns.append(turn)
        if turn <= now:
            return 0.0
        self._kept[key] = turn
        while len(self._kept) > _REMEMBERED:
            self._kept.popitem(last=False)
        return turn - now

    def full_for(self, seconds: float) -> None:
        """The platform says that it takes nothing for so long."""
        until = self._clock() + seconds - self._seconds
        self._turns.extend([until] * (self._turns.maxlen or 0))
