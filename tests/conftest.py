"""Databases and an index to test on. Everything lives in temporary folders; nothing leaves the machine."""

import getpass
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot.settings import ROOT
from bot.store.db import Store
from knowledge.embedding import Embedder, load_embedder
from tests.hall import Hall

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.driver import Citizen, Server


def _postgres_folder() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root; then it runs as the user that Debian's package made."""
    return ["runuser", "-u", "postgres", "--", *command] if getpass.getuser() == "root" else command


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL of our own, made for this run, on a socket in a temporary folder."""
    if "BANSHI_TEST_POSTGRES" in os.environ:
        yield os.environ["BANSHI_TEST_POSTGRES"]
        return
    binaries = _postgres_folder()
    if binaries is None:
        pytest.fail("PostgreSQL is missing: apt-get install postgresql, or set BANSHI_TEST_POSTGRES to a URL")
    folder = Path("/tmp") / f"banshi-pg-{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    data, control = folder / "data", str(binaries / "pg_ctl")
    subprocess.run(
        _as_postgres([str(binaries / "initdb"), "-D", str(data), "-U", "banshi", "-A", "trust", "-E", "UTF8"]),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c max_connections=200"
    subprocess.run(
        _as_postgres([control, "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start"]),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    yield f"postgresql+psycopg://banshi@/postgres?host={folder}"
    subprocess.run(
        _as_postgres([control, "-D", str(data), "-m", "immediate", "stop"]),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'banshi.db'}"
    server: str = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def open_store(database_url: str) -> Iterator[Callable[[], Store]]:
    """Opens the test's database, as often as wanted: each one is another process to it."""
    stores: list[Store] = []

    def open_() -> Store:
        stores.append(Store(database_url, pool=8))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-dialogues", action="store_true", help="Rewrite the bot's lines from what it says now.")


@pytest.fixture(scope="session")
def built_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the index of our own articles, built once by the real command."""
    home = tmp_path_factory.mktemp("home")
    subprocess.run([sys.executable, "-m", "bot", "kb", "build", "--home", str(home)], cwd=ROOT, check=True)
    return home


@pytest.fixture
def home(built_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own, with that index and a new database."""
    shutil.copytree(built_home / "kb", tmp_path / "home" / "kb", copy_function=os.link)
    return tmp_path / "home"


@pytest.fixture(scope="module")  # Playwright keeps an event loop in this thread, where other tests want their own
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    from tests.browser.driver import launch

    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def visit(server: "Server", browser: "Browser") -> Iterator[Callable[..., "Citizen"]]:
    """Opens a page of the module's `server` as somebody new; no page may have complained at the end."""
    from tests.browser.driver import visitors

    with visitors(browser, server) as visit:
        yield visit


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    found = load_embedder("")
    assert found is not None
    return found


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    """Turns without a server; a test file that needs more than the usual has its own."""
    made = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    yield made
    made.store.close()
