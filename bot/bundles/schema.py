"""The JSON schema of a bundle file, for editors that complete and check as one types."""

from typing import Any

from bot.bundles.model import Bundle

_DRAWN = {"steps": "Step", "items": "Item", "materials": "Material"}
_TEXT = {"type": "string"}


def schema() -> dict[str, Any]:
    """As a file is written: parts may say `use:`, and a step names its questions rather than holding them."""
    made = Bundle.model_json_schema()
    parts = made["$defs"]
    step = parts["Step"]["properties"]
    del step["question"], step["ticks"]
    step["tick"] = {"type": "array", "items": _TEXT, "minItems": 2}
    parts["Step"]["required"] = []
    for name, part in _DRAWN.items():
        used = {"type": "object", "properties": {"use": _TEXT}, "required": ["use"]}
        made["properties"][name]["items"] = {"anyOf": [used, {"$ref": f"#/$defs/{part}"}]}
    for unused in ("Question", "Option"):
        del parts[unused]
    return loose(made)


def loose(made: dict[str, Any]) -> dict[str, Any]:
    """A schema of what pydantic reads, as of what is written in a file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_read_as_text(made)}


def _read_as_text(written: Any) -> Any:
    """Numbers and truths may stand as text or as they are: the files are read as text."""
    if isinstance(written, list):
        return [_read_as_text(one) for one in written]
    if not isinstance(written, dict):
        return written
    loose = {key: _read_as_text(value) for key, value in written.items()}
    if loose.get("type") in ("integer", "number", "boolean"):
        loose["type"] = [loose["type"], "string"]
    return loose
