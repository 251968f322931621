"""Rasa's own environment: what it trains on, training, serving. No more of Rasa is known in this process."""

import hashlib
import logging
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nlu.evaluate import resident_mb
from nlu.examples import Training, files, read
from nlu.sidecar import Finder, RasaServer

SHIPPED = Path(__file__).parent / "rasa"
HOST = "127.0.0.1"
_QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "LOG_LEVEL": "WARNING",  # from INFO down it may write what people type
    "LOG_LEVEL_LIBRARIES": "ERROR",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore",
    "SANIC_WORKERS": "1",
}
# The token goes in by the environment, which other users of the machine cannot read, unlike arguments.
_SERVE = """
import os, sys
sys.argv += ["--auth-token", os.environ.pop("BANSHI_RASA_TOKEN")]
from rasa.__main__ import main
main()
"""
_NO_STORIES = "is not used in any story"  # of every intent: the conversation is ours
_WAIT = 180.0  # seconds until a server must be ready

log = logging.getLogger(__name__)


class RasaFailed(Exception):
    """Rasa is not there, refused the training files, or did not start: what it said last."""


@dataclass(frozen=True)
class Workshop:
    """Where Rasa lives (`environment`, a virtual environment) and where it works (`folder`)."""

    environment: Path
    folder: Path

    def program(self) -> Path:
        """RasaFailed where there is none."""
        found = self.environment.absolute() / "bin" / "rasa"
        if not found.exists():
            raise RasaFailed(f"{self.environment}: no Rasa there; `make rasa-install` installs it")
        return found

    def prepare(self, source: Path, epochs: int | None = None) -> Path:
        """A folder with all that training takes, made from the training files in `source`. DataFault names faults.

        `epochs` instead of those that are configured.
        """
        training = read(source).checked()
        config = yaml.safe_load((SHIPPED / "config.yml").read_text("utf-8"))
        for part in config["pipeline"]:
            if epochs and "epochs" in part:
                part["epochs"] = epochs
        pieces = {
            "config.yml": _yaml(config),
            "domain.yml": domain(training),
            "words/words.txt": "".join(f"{word}\n" for word in words(training)),
            **{f"data/{n}-{file.name}": file.read_text("utf-8") for n, file in enumerate(files(source))},
        }
        mark = hashlib.sha256("\0".join(f"{name}\0{text}" for name, text in sorted(pieces.items())).encode())
        folder = self.folder / mark.hexdigest()[:12]
        for name, text in pieces.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        return folder

    def model(self, source: Path, epochs: int | None = None) -> Path:
        """Where the model of these training files is, or will be."""
        return self.prepare(source, epochs) / "model.tar.gz"

    def train(self, source: Path, epochs: int | None = None) -> Path:
        """The model, checked by Rasa's own validator and trained where it is not there yet. RasaFailed."""
        model = self.model(source, epochs)
        if model.exists():
            return model
        folder = model.parent
        self.validate(folder)
        self._run(folder, "train", "nlu", "-u", "data", "-c", "config.yml", "--out", ".", "--fixed-model-name", "new")
        (folder / "new.tar.gz").replace(model)
        return model

    def validate(self, folder: Path) -> None:
        """Rasa's own validator over a prepared folder: RasaFailed for faults, a log line for each doubt."""
        told = self._run(folder, "data", "validate", "--data", "data", "-d", "domain.yml", "-c", "config.yml")
        for line in told.splitlines():
            if "UserWarning: " in line and _NO_STORIES not in line:
                log.warning("rasa data validate: %s", line.partition("UserWarning: ")[2])

    def command(self, model: Path, port: int) -> list[str]:
        """Serves a model on the loopback address; wants `environ`, with the token in it."""
        options = ["run", "--enable-api", "--quiet", "-m", str(model.absolute()), "-i", HOST, "-p", str(port)]
        return [str(self.program().with_name("python")), "-c", _SERVE, *options]

    def environ(self, token: str = "") -> dict[str, str]:
        """That of this process, without what is for our own Python."""
        ours = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
        return {**ours, **_QUIET, "BANSHI_RASA_TOKEN": token}

    def _run(self, folder: Path, *arguments: str) -> str:
        """What Rasa said."""
        done = subprocess.run(
            [str(self.program()), *arguments],
            cwd=folder,
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise RasaFailed(f"rasa {' '.join(arguments[:2])} failed:\n{done.stdout[-4000:]}")
        return done.stdout

    @contextmanager
    def serving(self, model: Path, finder: Finder, timeout: float = 30.0) -> Iterator["Served"]:
        """A server of its own on a free port, ready, for as long as the block lasts. `timeout` is for each parse."""
        port, token = free_port(), secrets.token_urlsafe(24)
        began = time.monotonic()
        with (model.parent / "server.log").open("wb") as log:
            process = subprocess.Popen(
                self.command(model, port),
                cwd=model.parent,
                env=self.environ(token),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        url = f"http://{HOST}:{port}"
        try:
            with RasaServer(url, token, timeout, finder) as server:
                _await(server, process, Path(log.name))
                yield Served(url, token, server, process, time.monotonic() - began)
        finally:
            _end(process)


@dataclass(frozen=True)
class Served:
    """A running server; `ready_s` is how long it took to be ready."""

    url: str
    token: str
    parse: RasaServer
    process: subprocess.Popen[bytes]
    ready_s: float

    def rss_mb(self) -> float:
        """Resident memory of the process and its children."""
        return resident_mb(*_tree(self.process.pid))


def words(training: Training) -> list[str]:
    """What is one word to us: lookups, synonyms, and what is marked in examples."""
    listed = {word for several in training.lookups.values() for word in several}
    marked = {one.text[mark.start : mark.end] for one in training.examples for mark in one.entities}
    known = listed | marked | set(training.synonyms) | set(training.synonyms.values())
    return sorted(word for word in known if len(word) > 1 and not any(sign.isspace() for sign in word))


def domain(training: Training) -> str:
    """Rasa's domain file: the names of all intents and entities."""
    return _yaml(
        {
            "version": "3.1",
            "intents": sorted({one.intent for one in training.examples}),
            "entities": sorted({mark.entity for one in training.examples for mark in one.entities}),
        }
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _yaml(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True)


def _await(server: RasaServer, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _WAIT
    while not server.ready():
        if process.poll() is not None or time.monotonic() > until:
            raise RasaFailed(f"Rasa did not start:\n{log.read_text('utf-8', 'replace')[-4000:]}")
        time.sleep(0.2)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the server and what it started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(20)
            return
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            process.wait()
            return


def _tree(pid: int) -> list[int]:
    """A process, its children, theirs."""
    found = [pid]
    for one in found:
        for listed in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in listed.read_text("utf-8").split()]
    return found
