"""A virus scanner beside us: ClamAV's clamd, asked about each file as it comes. What it cannot look at is not taken."""

import logging
import socket
from dataclasses import dataclass

from bot.errors import CitizenError

log = logging.getLogger(__name__)

_PIECE = 64 * 1024
_LONGEST_ANSWER = 4096


@dataclass(frozen=True)
class Scanner:
    """`address` is host:port, or the path of a socket. `seconds` are for one file, from the first byte to the word."""

    address: str
    seconds: float = 15.0

    def look(self, content: bytes) -> None:
        """CitizenError where something is found; and where it does not say that nothing is."""
        try:
            answer = self._asked(content)
        except OSError as error:
            log.error("the virus scanner does not answer: %s", type(error).__name__)
            raise CitizenError("photo.not_scanned") from error
        if answer.endswith(b" FOUND"):
            log.warning("the virus scanner refused a file")
            raise CitizenError("photo.infected")
        if answer != b"stream: OK":
            log.error("the virus scanner could not look at a file")
            raise CitizenError("photo.not_scanned")

    def _asked(self, content: bytes) -> bytes:
        """What it says of a stream: pieces, each behind its length, and an empty one at the end."""
        with self._connected() as line:
            line.settimeout(self.seconds)
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), _PIECE):
                piece = content[start : start + _PIECE]
                line.sendall(len(piece).to_bytes(4, "big") + piece)
            line.sendall(bytes(4))
            answer = b""
            while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
                more = line.recv(_LONGEST_ANSWER)
                if not more:
                    break
                answer += more
        return answer.rstrip(b"\0")

    def _connected(self) -> socket.socket:
        if not self.address.startswith("/"):
            host, _, port = self.address.rpartition(":")
            return socket.create_connection((host, int(port)), timeout=self.seconds)
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(self.seconds)
        try:
            line.connect(self.address)
        except OSError:
            line.close()
            raise
        return line
