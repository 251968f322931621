"""Two citizens do whatever comes to their minds: what is handed in is whole, and nobody's things reach another."""

import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from bot import timers
from bot.bundles import engine, papers
from bot.bundles.model import Material, Question
from bot.bundles.papers import DEFERRED, PROMISED, SENT
from bot.bundles.plan import plan
from bot.domain.case import Case
from bot.domain.progress import ENDED
from bot.errors import OperatorError
from bot.store.case_tables import case_file, kept_file, registration
from nlu.codes import case_check
from tests.hall import BUNDLE, GOOD, POOR, Hall, photo, texts

PEOPLE = "ab"
SHOPS = {"a": "甲记面馆", "b": "乙记面馆"}
RIGHT = {
    "floor": ["一楼", "二楼"],
    "lift": ["有", "没有"],
    "narrow": ["宽的", "窄的"],
    "area": ["60", "400"],
    "uscc": ["跳过", GOOD, POOR],
    "who": ["自己办", "自己办", "替别人办"],
    "operator": ["张国强"],
    "phone": ["13800138000"],
}
WORDS = (
    "一楼 二楼 有 没有 窄的 宽的 60 400 跳过 自己办 替别人办 张国强 13800138000 胡说八道 1 2 3 返回 提交 提交 退出 "
    "接着填 重新开始 确定重填 以后补交 到窗口交 逐条看过，我同意承诺 走普通程序 改交材料 改一项 改第1项 改第2项 "
    "楼层 面积 谁来办 信用代码 撤回申请 确定撤回 不办了 确定不办 忘掉我 确定忘掉 记住 查进度 补材料 "
    f"我的办件 是我要办 不是我 开办小店 制度目录 布局图 招牌效果图 再说一遍 {GOOD} {POOR}"
).split()

CHANGES = [
    ("楼层", "二楼"),
    ("楼层", "一楼"),
    ("信用代码", POOR),
    ("信用代码", GOOD),
    ("面积", "400"),
    ("谁来办", "替别人办"),
]

words = st.tuples(st.just("say"), st.sampled_from(WORDS))
nexts = st.tuples(st.just("next"), st.integers(0, 5))
moves = st.one_of(
    nexts,
    nexts,
    words,
    words,
    st.tuples(st.just("finish"), st.integers(0, 11)),
    st.tuples(st.just("hurry"), st.integers(0, 5)),
    st.tuples(st.just("change"), st.sampled_from(CHANGES)),
    st.tuples(st.just("photo"), st.none()),
    st.tuples(st.just("instead"), st.sampled_from(["到窗口交", "以后补交"])),
    st.tuples(st.just("carry"), st.none()),
    st.tuples(st.just("clock"), st.sampled_from([1, 24, 24 * 8, 24 * 31])),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(
        st.just("report"),
        st.tuples(st.integers(0, 9), st.sampled_from(["received", "defective", "accepted", "granted", "refused"])),
    ),
)


class Walk:
    """What has happened, beside what the hall keeps: who ever had a case in hand, and who sent which photo."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.hands: dict[str, set[str]] = {}
        self.sent: dict[str, str] = {}
        self.handed_in: dict[str, Any] = {}

    def move(self, who: str, what: str, how: Any) -> None:
        note(f"{who} {what} {how}")
        act: Callable[[str, Any], object] = getattr(self, what)
        act(who, how)

    def say(self, who: str, text: str) -> None:
        self.hall.say(who, text)

    def next(self, who: str, choice: int) -> None:
        """What a sensible person would do now."""
        case = self._in_hand(who)
        step = engine.next_step(BUNDLE, case.values) if case else None
        part = papers.wanted(BUNDLE, case.values) if case and step is None else None
        if case is None:
            drafts = [one for one in self.hall.cases(who) if one.state == "filling"]
            self.hall.say(who, "接着填" if drafts else "开办小店")
        elif step is not None:
            assert step.question is not None
            self.hall.say(who, self._answer(who, step.question, choice))
        elif isinstance(part, Material) and part.how != "promise" and choice % 3 == 0:
            self.photo(who, None)
        elif part is not None:
            self.hall.say(who, ["到窗口交", "以后补交", "逐条看过，我同意承诺", "走普通程序"][choice % 4])
        else:
            self.hall.say(who, "提交")

    def _answer(self, who: str, question: Question, choice: int) -> str:
        known = RIGHT.get(question.id, [SHOPS[who]])
        return known[choice % len(known)]

    def finish(self, who: str, choice: int) -> None:
        """Answer everything; and hand it in, or not yet."""
        for number in range(16):
            case = self._in_hand(who)
            if case and engine.next_step(BUNDLE, case.values) is None and papers.wanted(BUNDLE, case.values) is None:
                break
            self.next(who, choice + number)
        if choice % 2:
            self.hall.say(who, "提交")

    def hurry(self, who: str, choice: int) -> None:
        """Hand in at every step."""
        for number in range(12):
            self.next(who, choice + number)
            self.hall.say(who, "提交")

    def change(self, who: str, what: tuple[str, str]) -> None:
        self.hall.say(who, "改一项", *what)

    def instead(self, who: str, word: str) -> None:
        """A photo, and then not that one."""
        self.photo(who, None)
        self.hall.say(who, "返回", word)

    def photo(self, who: str, _: Any) -> None:
        before = self._files()
        self.hall.send(who, photo(len(before)))
        self.sent |= dict.fromkeys(self._files() - before, who)

    def carry(self, who: str, _: Any) -> None:
        found = re.search(r"[2-9A-Z]{5}-[2-9A-Z]{5}", texts(self.hall.say(who, "换手机接着办")))
        if found:
            other = PEOPLE[1 - PEOPLE.index(who)]
            case = self._in_hand(who)
            self.hall.say(other, found[0])
            assert case is not None and self._in_hand(other).reference == case.reference  # type: ignore[union-attr]
            self.hall.say(who, found[0])
            assert self.hall.cases(other)[0].conversation_id == self.hall.id(other), "once"

    def clock(self, _: str, hours: int) -> None:
        self.hall.now += timedelta(hours=hours)
        timers.run(self.hall.resources, self.hall.now)
        timers.sweep(self.hall.resources)

    def restart(self, _: str, __: Any) -> None:
        self.hall.restart()

    def report(self, who: str, what: tuple[int, str]) -> None:
        number, state = what
        going = [
            (case, item)
            for case in self.hall.cases(who)
            for item, matter in self.hall.matters(case).items()
            if matter.state != "waiting"
        ]
        if going:
            case, item = going[number % len(going)]
            with suppress(OperatorError):  # where it cannot follow
                self.hall.report(case, item, state, defects=["不清楚"] if state == "defective" else [])

    def _in_hand(self, who: str) -> Case | None:
        found = self.hall.read(lambda t: t.conversations.load(self.hall.id(who)).case)
        case = self.hall.read(lambda t: t.cases.load(found)) if found else None
        return case if case is not None and case.state == "filling" else None

    def _files(self) -> set[str]:
        return set(self.hall.read(lambda t: t.connection.scalars(sa.select(kept_file.c.file)).all()))

    def check(self) -> None:
        cases = {case.reference: case for who in PEOPLE for case in self.hall.cases(who)}
        count = self.hall.read(lambda t: t.connection.scalar(sa.select(sa.func.count()).select_from(case_file)))
        assert count == len(cases), "every case is somebody's"
        for case in cases.values():
            self._number(case)
            self._hands(case)
            if case.state in ("submitted", "withdrawn"):
                self._whole(case)
        for who in PEOPLE:
            held = self.hall.read(lambda t, who=who: t.conversations.load(self.hall.id(who)).case)
            if held in cases:
                case = cases[held]
                assert case.conversation_id == self.hall.id(who) or case.state != "filling", "one case, one hand"
        self._photos(set(cases))

    def _number(self, case: Case) -> None:
        number, check = case.reference.rsplit("-", 1)
        assert case_check(number) == check

    def _hands(self, case: Case) -> None:
        hands = self.hands.setdefault(case.reference, set())
        hands.add(case.conversation_id[-1])
        assert case.values.get("shop", SHOPS["a"]) in {SHOPS[who] for who in hands} | {"张国强"} | set(WORDS) | {
            SHOPS["a"]
        }
        if SHOPS["b"] == case.values.get("shop"):
            assert "b" in hands
        if SHOPS["a"] == case.values.get("shop"):
            assert "a" in hands

    def _whole(self, case: Case) -> None:
        """Nothing required is missing, no material unaccounted for, no answer whose condition no longer holds."""
        values = case.values
        assert engine.next_step(BUNDLE, values) is None
        assert papers.wanted(BUNDLE, values) is None
        assert papers.settled(BUNDLE, values) == values
        files = {one.material for one in self.hall.read(lambda t: t.kept.of_case(case.reference))}
        sent = {id.removeprefix("paper.") for id, value in values.items() if value == SENT}
        assert sent <= files and not files - sent - {""}
        matters = self.hall.matters(case)
        assert list(matters) == [item.id for item in plan(BUNDLE, values).items]
        assert not any(one.state == "withdrawn" and case.state == "filling" for one in matters.values())
        self._bounds(case, values)
        self._told(case, matters)
        assert self.handed_in.setdefault(case.reference, case.submitted_at) == case.submitted_at, "once"

    def _bounds(self, case: Case, values: dict[str, str]) -> None:
        credit = self.hall.resources.credit
        assert list(values.values()).count(DEFERRED) <= credit.deferrals(values)
        assert credit.may_promise(values) or PROMISED not in values.values()
        promised = self.hall.promised(case)
        named = {id.partition(".")[2]: value for id, value in values.items() if value in (DEFERRED, PROMISED)}
        assert set(named) <= set(promised)

    def _told(self, case: Case, matters: dict[str, Any]) -> None:
        mine = registration.c.case_reference == case.reference
        columns = (registration.c.item, registration.c.what)
        told = [tuple(row) for row in self.hall.read(lambda t: t.connection.execute(sa.select(*columns).where(mine)))]
        for item, one in matters.items():
            assert told.count((item, "submit")) <= 1 and told.count((item, "withdraw")) <= 1
            if one.state not in ("waiting", "withdrawn"):
                assert (item, "submit") in told
            assert one.state in ENDED or case.state == "submitted", "a withdrawn case has nothing going on"

    def _photos(self, cases: set[str]) -> None:
        rows = self.hall.read(lambda t: t.connection.execute(sa.select(kept_file)).all())
        for row in rows:
            assert not row.case_reference or row.case_reference in cases
            if row.case_reference:
                assert self.sent[row.file] in self.hands[row.case_reference], "a photo is of who sent it"
            if row.conversation_id:
                self.hall.files.read(row.file)


def emptied(folder: Path) -> Path:
    """An empty database, made once."""
    template = folder / "template"
    if not template.exists():
        Hall(template, f"sqlite:///{template / 'banshi.db'}").store.close()
    home = Path(tempfile.mkdtemp(dir=folder)) / "home"
    shutil.copytree(template, home)
    return home


def test_no_walk_hands_in_what_is_not_whole(tmp_path_factory: Any) -> None:
    folder, reached = tmp_path_factory.mktemp("walks"), dict[str, int]()

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from(PEOPLE), moves), min_size=8, max_size=24))
    def walk(walked: list[tuple[str, tuple[str, Any]]]) -> None:
        home = emptied(folder)
        hall = Hall(home, f"sqlite:///{home / 'banshi.db'}", standings={POOR: "poor"})
        one = Walk(hall)
        try:
            for who, (what, how) in walked:
                one.move(who, what, how)
                one.check()
            for who in PEOPLE:
                for case in hall.cases(who):
                    reached[case.state] = reached.get(case.state, 0) + 1
        finally:
            hall.store.close()
            shutil.rmtree(home.parent)

    walk()
    assert reached.get("submitted", 0) > 5 and reached.get("filling", 0) > 5, "the walks lead somewhere"
