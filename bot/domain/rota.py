"""Which team serves whom, and when it is at work: shifts over the hall's calendar, past midnight where they go."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from bot.domain.hours import Hours
from bot.domain.ticket import Reason

Days = Literal["working", "off", "all"]
Stretch = tuple[datetime, datetime]
_LOOK_AHEAD = 366


@dataclass(frozen=True)
class Shift:
    """`lasts` may go past midnight. `days`: working days, the others, or all."""

    days: Days
    begins: time
    lasts: timedelta


@dataclass(frozen=True)
class Team:
    """`bundles`, `reasons` and `words` are what it is for. Without shifts it works in the hall's opening hours.

    `capacity`: chats that one of its members has at a time.
    """

    id: str
    name: str
    capacity: int
    bundles: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    shifts: tuple[Shift, ...] = ()


@dataclass(frozen=True)
class Service:
    """Service levels, in working time of the team but for `unanswered`, `idle` and `away`, which are as they pass.

    `talk`: how long a chat takes as long as none was measured. `sticky`: within which time somebody who comes back is
    given to whoever had them.
    """

    first_word: timedelta = timedelta(minutes=5)
    resolution: timedelta = timedelta(hours=4)
    longest_wait: timedelta = timedelta(minutes=10)
    unanswered: timedelta = timedelta(minutes=3)
    idle: timedelta = timedelta(minutes=30)
    away: timedelta = timedelta(minutes=2)
    talk: timedelta = timedelta(minutes=4)
    sticky: timedelta = timedelta(days=7)


@dataclass(frozen=True)
class Rota:
    """All teams; `default` takes what no other is for. `first` are words of people who go before others.

    `canned` are answers by title, with placeholders.
    """

    hours: Hours
    teams: Mapping[str, Team]
    default: str
    service: Service = Service()
    first: tuple[str, ...] = ()
    canned: Mapping[str, str] = field(default_factory=dict)

    def team_for(self, reason: Reason, bundle: str, said: str) -> Team:
        """By the case in hand, by why a person is wanted, then by the words that were said."""
        teams = list(self.teams.values())
        found = next((team for team in teams if bundle and bundle in team.bundles), None)
        found = found or next((team for team in teams if reason in team.reasons), None)
        hits = {team.id: sum(word in said for word in team.words) for team in teams}
        best = max(teams, key=lambda team: hits[team.id])
        return found or (best if hits[best.id] else self.teams[self.default])

    def team(self, id: str) -> Team:
        """A team that the file no longer has is the default one."""
        return self.teams.get(id, self.teams[self.default])

    def goes_first(self, said: str) -> bool:
        return any(word in said for word in self.first)

    def is_on(self, id: str, now: datetime) -> bool:
        begins, _ = next(self._stretches(id, now), (None, None))
        return begins is not None and begins <= now

    def next_on(self, id: str, now: datetime) -> datetime:
        """`now` where the team is at work, otherwise when it begins. ValueError where it does not within a year."""
        for begins, _ in self._stretches(id, now):
            return max(begins, now)
        raise ValueError(f"team {id} has no shift within a year")

    def after(self, id: str, start: datetime, working: timedelta) -> datetime:
        """The moment at which so much of the team's working time has passed since `start`."""
        left = working
        for begins, ends in self._stretches(id, start):
            begins = max(begins, start)
            if ends - begins >= left:
                return begins + left
            left -= ends - begins
        raise ValueError(f"team {id} has not so much working time within a year")

    def between(self, id: str, start: datetime, end: datetime) -> timedelta:
        """How much of the team's working time lies between two moments."""
        passed = timedelta()
        for begins, ends in self._stretches(id, start):
            if begins >= end:
                break
            passed += min(ends, end) - max(begins, start)
        return passed

    def _stretches(self, id: str, now: datetime) -> Iterator[Stretch]:
        """When the team works from now on, what touches put together, in order."""
        team, zone = self.team(id), self.hours.zone
        today = now.astimezone(zone).date()
        open_: Stretch | None = None
        for offset in range(-1, _LOOK_AHEAD):
            for begins, ends in sorted(self._of_day(team, today + timedelta(days=offset))):
                if ends <= now:
                    continue
                if open_ is None or begins > open_[1]:
                    if open_ is not None:
                        yield open_
                    open_ = begins, ends
                else:
                    open_ = open_[0], max(open_[1], ends)
                if open_[1] - open_[0] > timedelta(days=14):  # around the clock: it need not be followed to its end
                    yield open_
                    open_ = None
        if open_ is not None:
            yield open_

    def _of_day(self, team: Team, day: date) -> Iterator[Stretch]:
        """The stretches that begin on a day. What the calendar says of opening on a day makes it a working day."""
        zone = self.hours.zone
        if not team.shifts:
            for opens, closes in self.hours.on(day):
                yield datetime.combine(day, opens, zone), datetime.combine(day, closes, zone)
            return
        working = bool(self.hours.on(day))
        for shift in team.shifts:
            if shift.days == "all" or (shift.days == "working") == working:
                begins = datetime.combine(day, shift.begins, zone)
                yield begins, begins + shift.lasts
