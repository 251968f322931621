"""The shape of config/bundles/*.yml and of what they share. No code stands in them, and nothing is computed there."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from bot.bundles.conditions import clauses

AnswerKind = Literal["text", "name", "choose", "phone", "id_number", "uscc", "area", "number", "date", "address"]
Means = Literal["", "yes", "no", "unknown", "agent"]
Sensitive = Literal["", "contact", "identity", "health"]
Reuse = Literal["always", "confirm", "never"]
How = Literal["photo", "exempt", "promise", "defer", "keep", "form"]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _readable(condition: str) -> str:
    clauses(condition)
    return condition


When = Annotated[str, BeforeValidator(_readable)]


class Option(_Part):
    """One choice. `hears` are words of free speech that mean it.

    `means`: yes, no, that one does not know, or that one acts as the agent of another.
    """

    value: str
    hears: tuple[str, ...] = ()
    means: Means = ""


def _option(written: Any) -> Any:
    return {"value": written} if isinstance(written, str) else written


class Question(_Part):
    """A fact named once for all bundles: how it is asked for, read, and used again.

    `entity` names what the understanding may fill it with; `reuse` says whether it may be offered next time:
    `always` without asking, `confirm` after asking, `never`. Of what is `sensitive` we say first who keeps it and why;
    identity and health are asked for only once the citizen has agreed to that class.
    """

    id: Id
    name: str
    kind: AnswerKind = "text"
    ask: str
    why: str = ""
    options: tuple[Annotated[Option, BeforeValidator(_option)], ...] = ()
    entity: str = ""
    unit: str = ""
    reuse: Reuse = "never"
    sensitive: Sensitive = ""
    optional: bool = False

    @model_validator(mode="after")
    def _options_where_chosen(self) -> "Question":
        if (self.kind == "choose") != bool(self.options):
            raise ValueError(f"{self.id}: options belong to the kind choose, and it needs them")
        values = [option.value for option in self.options]
        if len(set(values)) != len(values):
            raise ValueError(f"{self.id}: an option stands twice")
        return self

    def option(self, means: Means) -> Option | None:
        return next((option for option in self.options if option.means == means), None)


class Step(_Part):
    """One step: asks a question, or for ticks, says something, or stops the way early. `when`: whether it applies.

    `ticks` are questions of yes and no, asked for in one sentence, `ask`; `none` is the choice for none of them.
    """

    id: Id
    when: When = ""
    question: Question | None = None
    ticks: tuple[Question, ...] = ()
    ask: str = ""
    none: str = ""
    say: str = ""
    stop: str = ""
    basis: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> "Step":
        if sum(map(bool, (self.question, self.ticks, self.say, self.stop))) != 1:
            raise ValueError(f"step {self.id}: needs exactly one of ask, tick, say and stop")
        if bool(self.ticks) != bool(self.ask and self.none):
            raise ValueError(f"step {self.id}: a tick needs ask and none")
        for question in self.ticks:
            if not (question.option("yes") and question.option("no")):
                raise ValueError(f"step {self.id}: {question.id} has no options that mean yes and no")
        if self.stop and not self.basis:
            raise ValueError(f"step {self.id}: a stop needs its basis")
        return self

    @property
    def questions(self) -> tuple[Question, ...]:
        """What it asks for."""
        return (self.question,) if self.question else self.ticks


class Days(_Part):
    """Working days; `legal` by law, `promised` by this hall. Nought: on the spot."""

    legal: Annotated[int, Field(ge=0)]
    promised: Annotated[int, Field(ge=0)]


class Commitment(_Part):
    """A promise in place of papers or of a check: what is promised, and what follows if it is untrue."""

    points: Annotated[tuple[str, ...], Field(min_length=1)]
    consequence: str
    basis: str
    check: str = ""


class Item(_Part):
    """One matter of one department. `after` are the items that must be decided before it can begin.

    `commitment`: it may be granted on a promise; never where it is `high_risk`. `advice`: what to heed afterwards.
    """

    id: Id
    name: str
    department: str
    result: str
    when: When = ""
    after: tuple[Id, ...] = ()
    days: Days
    visits: Annotated[int, Field(ge=0)] = 1
    fee: str = "0"
    high_risk: bool = False
    commitment: Commitment | None = None
    advice: tuple[str, ...] = ()
    basis: str
    check: str = ""

    @model_validator(mode="after")
    def _no_promise_for_what_is_dangerous(self) -> "Item":
        if self.high_risk and self.commitment:
            raise ValueError(f"item {self.id}: what is of high risk is never granted on a promise")
        return self


class Material(_Part):
    """What is handed in, for which items, and how; `check` says what of it a hall must verify first.

    `photo` are the kinds of document that it shows, see config/photos.yml: each of several must come. Where
    `other_papers` will do too, staff look at them.

    `how` is the shortest way: photo, exempt (a register knows it), form (we fill it in), keep (shown when asked for),
    promise (a commitment instead of it), defer (it may follow). `defer_days`: working days within which it may follow;
    nought: it may not. `pages`: photos at most. `sample`: what a good one shows. `sensitive`: as of a question.
    """

    id: Id
    name: str
    items: tuple[Id, ...] = ()
    when: When = ""
    how: How
    why: str
    sample: str = ""
    pages: Annotated[int, Field(ge=1, le=20)] = 1
    photo: tuple[Id, ...] = ()
    other_papers: bool = False
    sensitive: Sensitive = ""
    basis: str
    defer_days: Annotated[int, Field(ge=0)] = 0
    commitment: Commitment | None = None
    check: str = ""

    @model_validator(mode="after")
    def _as_how_says(self) -> "Material":
        if self.how == "defer" and not self.defer_days:
            raise ValueError(f"material {self.id}: how defer needs defer_days")
        if (self.how == "promise") != bool(self.commitment):
            raise ValueError(f"material {self.id}: a commitment belongs to how promise, which needs one")
        return self


class Scenario(_Part):
    """A way through the bundle that has a name: what somebody in that case answers."""

    name: str
    answers: dict[Id, str]


class Combined(_Part):
    """The one certificate of a trade in the place of several: which `items` it can list. The business licence is none.

    `check`: whether this place issues it, and what it counts for.
    """

    trade: str
    items: Annotated[tuple[Id, ...], Field(min_length=2)]
    check: str = ""


class Bundle(_Part):
    """One bundle, whole: a case keeps a copy of it, so that it ends by the definition that it began with.

    It begins for a wish of `intents`: where the message names one of `begins`, the kinds of business, or of `about`,
    what else it is for; or, with neither of these, where no other bundle is meant.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    name: str
    code: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    status: Literal["draft", "open", "closed"] = "open"
    intents: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    steps: tuple[Step, ...]
    items: tuple[Item, ...] = ()
    materials: tuple[Material, ...] = ()
    combined: Combined | None = None

    @field_validator("steps")
    @classmethod
    def _not_empty(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if not steps:
            raise ValueError("a bundle needs at least one step")
        return steps

    @property
    def questions(self) -> dict[str, Question]:
        """Every question of the bundle by its id, in the order of the steps."""
        return {question.id: question for step in self.steps for question in step.questions}
