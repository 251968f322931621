"""The shape of config/bundles/*.yml and config/fields.yml. No code stands in them, and nothing is computed there."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from bot.bundles.conditions import clauses

AnswerKind = Literal["text", "name", "choose", "phone", "id_number", "uscc", "area", "number", "date", "address"]
Means = Literal["", "yes", "no", "unknown"]
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
    """One choice. `hears` are words of free speech that mean it; `means`: yes, no, or that one does not know."""

    value: str
    hears: tuple[str, ...] = ()
    means: Means = ""


def _option(written: Any) -> Any:
    return {"value": written} if isinstance(written, str) else written


class Question(_Part):
    """A fact named once for all bundles: how it is asked for, read, and used again.

    `entity` names what the understanding may fill it with; `reuse` says whether it may be offered next time:
    `always` without asking, `confirm` after asking, `never`.
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
    sensitive: bool = False
    optional: bool = False

    @model_validator(mode="after")
    def _options_where_chosen(self) -> "Question":
        if (self.kind == "choose") != bool(self.options):
            raise ValueError(f"{self.id}: options belong to the kind choose, and it needs them")
        values = [option.value for option in self.options]
        if len(set(values)) != len(values):
            raise ValueError(f"{self.id}: an option stands twice")
        return self


class Step(_Part):
    """One step: asks a question, says something, or stops the way early. `when` says whether it applies."""

    id: Id
    when: When = ""
    question: Question | None = None
    say: str = ""
    stop: str = ""
    basis: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> "Step":
        if sum(map(bool, (self.question, self.say, self.stop))) != 1:
            raise ValueError(f"step {self.id}: needs exactly one of ask, say and stop")
        if self.stop and not self.basis:
            raise ValueError(f"step {self.id}: a stop needs its basis")
        return self


class Days(_Part):
    """Working days; `legal` by law, `promised` by this hall. Nought: on the spot."""

    legal: Annotated[int, Field(ge=0)]
    promised: Annotated[int, Field(ge=0)]


class Item(_Part):
    """One matter of one department. `after` are the items that must be decided before it can begin."""

    id: Id
    name: str
    department: str
    result: str
    when: When = ""
    after: tuple[Id, ...] = ()
    days: Days
    visits: Annotated[int, Field(ge=0)] = 1
    fee: str = "0"
    basis: str
    check: str = ""


class Material(_Part):
    """What is handed in, for which items, and how; `check` says what of it a hall must verify first."""

    id: Id
    name: str
    items: tuple[Id, ...]
    when: When = ""
    how: How
    why: str
    basis: str
    defer_days: Annotated[int, Field(ge=0)] = 0
    check: str = ""


class Bundle(_Part):
    """One bundle, whole: a case keeps a copy of it, so that it ends by the definition that it began with."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    name: str
    code: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    status: Literal["draft", "open", "closed"] = "open"
    intents: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()
    steps: tuple[Step, ...]
    items: tuple[Item, ...] = ()
    materials: tuple[Material, ...] = ()

    @field_validator("steps")
    @classmethod
    def _not_empty(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if not steps:
            raise ValueError("a bundle needs at least one step")
        return steps

    @property
    def questions(self) -> dict[str, Question]:
        """Every question of the bundle by its id, in the order of the steps."""
        return {step.question.id: step.question for step in self.steps if step.question}
