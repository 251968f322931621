"""Nothing is lost and nothing is answered twice, whenever a process is killed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.loops import DELIVER_AT_ONCE
from bot.settings import ROOT
from tests.kill import wecom
from tests.kill.torture import CONVERSATIONS, KILLS, MESSAGES, POINTS
from tests.peers.qyapi import ACCOUNT

pytestmark = pytest.mark.kill


def test_killed_at_every_point(database_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.kill.torture", database_url, str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr[-4000:]
    seen = json.loads(ended.stdout)

    assert all(seen["kills"][point] >= KILLS for point in POINTS), seen["kills"]
    events = {f"c{c}-{number}" for c in range(CONVERSATIONS) for number in range(MESSAGES)}
    assert set(seen["acknowledged"]) == events
    assert sorted(seen["arrived"]) == sorted([key, "done"] for key in events), "kept once, answered"

    turns = [key for _, key in seen["said"]]
    assert len(turns) == len(set(turns)) == len(events) + CONVERSATIONS, "a reply each, and one introduction each"

    keys = [key for _, key, _ in seen["sent"]]
    assert len(set(keys)) == len(turns), "every message was sent"
    twice = len(keys) - len(set(keys))
    assert twice <= seen["kills"]["sent"] * DELIVER_AT_ONCE, "sent twice only between send and mark"

    for c in range(CONVERSATIONS):
        texts = [text for to, _, text in seen["sent"] if to == f"webchat:main:c{c}"]
        answers = list(dict.fromkeys(text for text in texts if text.endswith("号问题")))
        assert answers == [f"{number} 号问题" for number in range(MESSAGES)], "in order"


def test_readers_of_wecoms_list_are_killed_at_every_point(database_url: str, tmp_path: Path) -> None:
    """Cursor and messages are one transaction: nothing is lost, and nothing comes twice."""
    command = [sys.executable, "-m", "tests.kill.wecom", database_url, str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr[-4000:]
    seen = json.loads(ended.stdout)

    assert all(seen["kills"].get(point, 0) >= wecom.KILLS for point in wecom.POINTS), seen["kills"]
    assert seen["cursor"] == str(wecom.MESSAGES) and seen["rows"] == wecom.MESSAGES
    for c in range(wecom.CITIZENS):
        said = [f"{number} 号" for number in range(wecom.MESSAGES) if number % wecom.CITIZENS == c]
        assert seen["heard"][f"wecom:{ACCOUNT}:c{c}"] == said, "once each, in order"
