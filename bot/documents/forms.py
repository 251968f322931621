"""config/forms/*.yml: each department's own form as data, and the filling of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.documents.papers import Box, Imprint, Line, Paper, Section, Signature, Signed, with_annexes
from bot.documents.wording import Place, Words
from bot.errors import ConfigError
from bot.placed import Placed

GENERAL = "general"

_WAY = "way."  # and an item: whether it goes by a promise or the ordinary way, chosen after the questions
_SHORT_LABEL, _SHORT_VALUE = 8, 14

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Choice(Protocol):
    """An option of a fact."""

    @property
    def value(self) -> str: ...


class Fact(Protocol):
    """What a form must know of a fact: a question of fields.yml is one."""

    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def options(self) -> Sequence[Choice]: ...


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _several(written: Any) -> Any:
    return (written,) if isinstance(written, (str, dict)) else written


Values = dict[str, Annotated[tuple[str, ...], BeforeValidator(_several)]]


class FormBox(_Part):
    """Ticked where every fact of one of `when` has one of its values, or always; otherwise left to the hand."""

    name: str
    when: Annotated[tuple[Values, ...], BeforeValidator(_several)] = ()
    always: bool = False

    def ticked(self, values: Mapping[str, str]) -> bool:
        return self.always or any(
            all(values.get(fact) in those for fact, those in one.items()) for one in self.when if one
        )


class FormRow(_Part):
    """Shows the first of its facts that is known, a fixed text or check boxes; none of them: a blank row.

    Kind `boxes`: the options of a fact.
    """

    label: str
    field: Annotated[tuple[str, ...], BeforeValidator(_several)] = ()
    text: str = ""
    kind: Literal["text", "boxes"] = "text"
    boxes: tuple[FormBox, ...] = ()
    half: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> "FormRow":
        if sum(map(bool, (self.field, self.text, self.boxes))) > 1 or (self.kind == "boxes") > (len(self.field) == 1):
            raise ValueError(f"{self.label}: one of field, text and boxes; the kind boxes is for one field")
        return self

    @property
    def facts(self) -> set[str]:
        return set(self.field) | {fact for box in self.boxes for one in box.when for fact in one}


class FormSection(_Part):
    """`points` are sentences; `rest`: every answered fact that no row of the form shows."""

    title: str = ""
    rows: tuple[FormRow, ...] = ()
    points: tuple[str, ...] = ()
    rest: bool = False


class FormLayout(_Part):
    """The form of one department for its items; `general` is for those without a form of their own."""

    id: Id
    title: str
    department: str = ""
    items: tuple[Id, ...] = ()
    intro: str = ""
    sections: tuple[FormSection, ...]
    declaration: str = ""
    declared: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    signatures: tuple[Place, ...] = ()
    scan: str = ""

    @property
    def facts(self) -> set[str]:
        return {fact for section in self.sections for row in section.rows for fact in row.facts}

    def tells(self, fact: str) -> bool:
        """Does it show this fact, where it is known?"""
        return fact in self.facts or any(section.rest for section in self.sections)


def load_forms(config: Path) -> dict[str, FormLayout]:
    """By id. ConfigError with every fault of every file, each `file:line: what`."""
    options = _options(Placed(config / "fields.yml").content)
    forms, faults, serving = dict[str, FormLayout](), list[str](), dict[str, str]()
    for path in sorted((config / "forms").glob("*.yml")):
        file = Placed(path)
        form = None if file.faults else file.read(FormLayout, file.content)
        if form is not None:
            _check(file, form, options, serving)
            forms[form.id] = form
        faults += file.faults
    if GENERAL not in forms and not faults:
        faults.append(f"{config / 'forms'}: needs {GENERAL}.yml, for items without a form of their own")
    if faults:
        raise ConfigError("\n".join(faults))
    return forms


def form_of(forms: Mapping[str, FormLayout], item: str) -> FormLayout:
    """The form of an item, or the general one."""
    return next((form for form in forms.values() if item in form.items), forms[GENERAL])


def fill(
    form: FormLayout,
    values: Mapping[str, str],
    facts: Mapping[str, Fact],
    imprint: Imprint,
    words: Words,
    signed: Mapping[str, Signed] | None = None,
) -> Paper:
    """The form with these answers; what is not known stays blank. Long values go to annexes, whole."""
    sections = [_section(section, form, values, facts) for section in form.sections]
    if form.declared:
        sections.append(Section(form.declaration, points=form.declared))
    paper = Paper(
        form.title,
        replace(imprint, department=form.department or imprint.department),
        form.intro,
        words.numbered(sections),
        form.notes,
        tuple(Signature(one.caption, (signed or {}).get(one.by, Signed())) for one in form.signatures),
        form.scan,
    )
    return with_annexes(paper, words.longest, words.see_annex)


def _section(section: FormSection, form: FormLayout, values: Mapping[str, str], facts: Mapping[str, Fact]) -> Section:
    lines = [_line(row, values, facts) for row in section.rows]
    if section.rest:
        rest = [fact for fact in facts if values.get(fact) and fact not in form.facts]
        lines += [_short(Line(facts[fact].name, _shown(fact, values, facts))) for fact in rest]
    return Section(section.title, lines=tuple(lines), points=section.points)


def _line(row: FormRow, values: Mapping[str, str], facts: Mapping[str, Fact]) -> Line:
    fact = next((one for one in row.field if values.get(one)), "")
    if row.kind == "boxes":
        options = facts[row.field[0]].options if row.field[0] in facts else ()
        boxes = tuple(Box(option.value, option.value == values.get(fact)) for option in options)
    else:
        boxes = tuple(Box(box.name, box.ticked(values)) for box in row.boxes)
    return Line(row.label, "" if boxes else row.text or _shown(fact, values, facts), boxes, row.half)


def _short(line: Line) -> Line:
    """Beside another one where both are short."""
    return replace(line, half=len(line.label) <= _SHORT_LABEL and len(line.value) <= _SHORT_VALUE)


def _shown(fact: str, values: Mapping[str, str], facts: Mapping[str, Fact]) -> str:
    value = values.get(fact, "")
    unit = facts[fact].unit if fact in facts else ""
    return f"{value} {unit}" if value and unit else value


def _options(fields: Mapping[str, Any]) -> dict[str, set[str]]:
    """The options of each fact as fields.yml has them; faults in it are told by those who read it whole."""
    written = {id: one.get("options", ()) if isinstance(one, dict) else () for id, one in fields.items()}
    return {id: {one["value"] if isinstance(one, dict) else one for one in some} for id, some in written.items()}


def _check(file: Placed, form: FormLayout, options: Mapping[str, set[str]], serving: dict[str, str]) -> None:
    if form.id != file.path.stem:
        file.fault(f"id must be {file.path.stem!r}, as the file is called", ("id",))
    for place, item in enumerate(form.items):
        if serving.setdefault(item, form.id) != form.id:
            file.fault(f"{item} has the form {serving[item]} already", ("items", place))
    for n, section in enumerate(form.sections):
        for m, row in enumerate(section.rows):
            for what in _row_faults(row, options):
                file.fault(f"{row.label}: {what}", ("sections", n, "rows", m))


def _row_faults(row: FormRow, options: Mapping[str, set[str]]) -> Iterator[str]:
    for fact in sorted(row.facts - set(options)):
        if not fact.startswith(_WAY):
            yield f"fields.yml has no {fact!r}"
    if row.kind == "boxes" and not options.get(row.field[0], {""}):
        yield f"{row.field[0]} has no options to tick"
    for fact, those in (pair for box in row.boxes for one in box.when for pair in one.items()):
        if fact in options and not set(those) <= options[fact]:
            yield f"{fact} is never {', '.join(sorted(set(those) - options[fact]))}"
