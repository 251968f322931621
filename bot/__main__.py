"""`banshi`, and `python -m bot`."""

import sys

from bot.cli import run


def main() -> None:
    sys.exit(run())


if __name__ == "__main__":
    main()
