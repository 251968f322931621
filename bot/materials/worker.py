"""A process of its own for what may hang, swell or crash: cleaning what strangers sent, and reading it.

It begins when it is first wanted. One that dies or takes too long is killed, and another begins. Between the two go
JSON and bytes; nothing that the other side says is ever run. It writes to nothing but its pipe.
"""

import ctypes
import json
import logging
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from typing import Any, Literal

from pydantic import TypeAdapter

from bot.errors import CitizenError, OperatorError
from bot.materials.cleaning import Cleaned, clean
from bot.materials.reading import Page, read

log = logging.getLogger(__name__)

Job = Literal["clean", "read"]
_BEGINS = 60.0  # seconds in which a process is there; the engine's libraries are large
_CPU = {"clean": 5.0, "read": 15.0}  # seconds of a processor's time for one file; loading the engine is among them
_MEMORY = {"clean": 2 * 1024**3, "read": 6 * 1024**3}  # of addresses, most of which are never used

_cleaned, _page = TypeAdapter(Cleaned), TypeAdapter(Page)


class Lost(OperatorError):
    """It died or took too long over this one."""


class Busy(OperatorError):
    """It is at work on another, and was not to be waited for."""


@dataclass
class Worker:
    """`seconds` is how long one file is waited for; what it may cost is told by the processor's time, see _CPU."""

    job: Job
    seconds: float
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _pipe: "Connection[Any, Any] | None" = field(default=None, init=False, repr=False)

    def ask(self, content: bytes, *, wait: bool = True) -> tuple[Any, bytes]:
        """What it says of a file, as JSON values, and the bytes that it made. One at a time; others `wait`, or not.

        CitizenError where it refuses the file, Lost where it is lost over it, Busy where it was not waited for.
        """
        if not self._lock.acquire(blocking=wait):
            raise Busy(f"the process that is to {self.job} photos is busy")
        try:
            told, made = self._exchanged(content)
        finally:
            self._lock.release()
        answer = json.loads(told)
        if "refused" in answer:
            raise CitizenError(answer["refused"], **answer["fields"])
        if "failed" in answer:
            raise Lost(f"a photo could not be worked on ({self.job}): {answer['failed']}")
        return answer["found"], made

    def _exchanged(self, content: bytes) -> tuple[bytes, bytes]:
        pipe = self._begun()
        try:
            pipe.send_bytes(content)
            return self._heard(pipe, self.seconds), self._heard(pipe, self.seconds)
        except (EOFError, OSError) as error:
            self._end()
            raise Lost(f"the process that is to {self.job} photos was lost over one") from error

    def close(self) -> None:
        with self._lock:
            self._end()

    def _begun(self) -> "Connection[Any, Any]":
        if self._pipe is not None and self._process is not None and self._process.poll() is None:
            return self._pipe
        self._end()
        ours, theirs = Pipe()
        command = [sys.executable, "-m", "bot.materials.worker", self.job, str(theirs.fileno())]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, pass_fds=[theirs.fileno()])
        theirs.close()
        self._pipe = ours
        try:
            self._heard(ours, _BEGINS)
        except (EOFError, OSError) as error:
            self._end()
            raise Lost(f"the process that is to {self.job} photos did not begin") from error
        return ours

    def _heard(self, pipe: "Connection[Any, Any]", seconds: float) -> bytes:
        if not pipe.poll(seconds):
            raise TimeoutError
        return pipe.recv_bytes()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


@dataclass(frozen=True)
class Workers:
    """The two of them; nothing runs until it is wanted."""

    cleaner: Worker = field(default_factory=lambda: Worker("clean", 20.0))
    reader: Worker = field(default_factory=lambda: Worker("read", 45.0))

    def clean(self, content: bytes) -> tuple[Cleaned, bytes]:
        """CitizenError where it cannot be taken: also where it cannot be decoded in time."""
        try:
            found, made = self.cleaner.ask(content)
        except Lost as error:
            log.warning("%s", error)
            raise CitizenError("photo.unreadable") from error
        return _cleaned.validate_python(found), made

    def read(self, content: bytes, *, wait: bool = True) -> Page:
        """Lost where it cannot be read, Busy where it was not waited for."""
        found, _ = self.reader.ask(content, wait=wait)
        return _page.validate_python(found)

    def close(self) -> None:
        self.cleaner.close()
        self.reader.close()


def _cleans(content: bytes) -> tuple[Any, bytes]:
    found, made = clean(content)
    return _cleaned.dump_python(found, mode="json"), made


def _reads(content: bytes) -> tuple[Any, bytes]:
    return _page.dump_python(read(content), mode="json"), b""


def _answered(work: Callable[[bytes], tuple[Any, bytes]], content: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        found, made = work(content)
    except CitizenError as error:
        return {"refused": error.reply, "fields": error.fields}, b""
    except Exception as error:  # noqa: BLE001 - of one photo; its text may hold what stood there
        return {"failed": type(error).__name__}, b""
    return {"found": found}, made


def _hand_back() -> None:
    """The memory that a photo took, to the system: the allocator keeps most of it, and only glibc's can be told so."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def main() -> None:
    """Work until the other end is gone."""
    job, pipe = sys.argv[1], Connection(int(sys.argv[2]))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY[job], _MEMORY[job]))
    work = {"clean": _cleans, "read": _reads}[job]
    pipe.send_bytes(b"{}")
    while True:
        try:
            content = pipe.recv_bytes()
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, _CPU[job])  # whose end kills: a crowded machine is no fault of the file
        found, made = _answered(work, content)
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send_bytes(json.dumps(found).encode())
        pipe.send_bytes(made)
        del content, found, made
        _hand_back()


if __name__ == "__main__":
    main()
