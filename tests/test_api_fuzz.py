"""Whatever is sent to the API that /openapi.json tells of, none of it is a fault of ours."""

from pathlib import Path

import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from bot.channels import connect_all
from bot.desk import open_desk
from bot.web import create
from tests.hall import Hall

BOUNDED = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
ENDLESS = "/api/chat/stream"  # what it tells is tested with the page


def test_nothing_is_a_fault_of_ours(tmp_path: Path) -> None:
    """A hall without an index, its loops at rest: a message is kept and answered later."""
    hall = Hall(tmp_path, f"sqlite:///{tmp_path / 'banshi.db'}")
    channels = connect_all({"webchat": {}})
    site = create(hall.resources, channels, hall.round, [open_desk(hall.resources, list(channels))])
    token = TestClient(site).post("/api/visitors").json()["token"]
    operations = [found.ok() for found in schemathesis.openapi.from_asgi("/openapi.json", site).get_all_operations()]
    tried = set()
    for operation in operations:
        if operation.path == ENDLESS:
            continue

        @given(case=operation.as_strategy())
        @BOUNDED
        def fuzz(case: schemathesis.Case) -> None:
            if case.path == "/api/chat":
                case.query = {**(case.query or {}), "wait": 0}
            for bearer in (token, "nobody"):
                headers = {"Authorization": f"Bearer {bearer}"}
                case.call_and_validate(headers=headers, checks=[not_a_server_error])

        fuzz()
        tried.add((operation.method, operation.path))
    assert len(tried) >= 7, tried
    hall.store.close()
