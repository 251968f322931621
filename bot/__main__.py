"""`banshi`, and `python -m bot`."""

import os
import sys


def main() -> None:
    # A thread a turn is enough: threads inside a matrix product would only fight over the cores. Must be said before
    # numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.setswitchinterval(0.001)  # a turn hops between threads; five milliseconds a hop would be most of it
    from bot.cli import run

    sys.exit(run())


if __name__ == "__main__":
    main()
