"""The vectors of the examples, kept in a file: to train again takes only those of new examples."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.features import Embed, Floats

Progress = Callable[[str, int, int], None]

_BATCH = 64


def remade(
    texts: Sequence[str],
    embed: Embed,
    model: str,
    earlier: Iterable[Path],
    keep_in: Path,
    progress: Progress | None = None,
) -> Floats:
    """(n, dimensions), and kept in the file `keep_in`. What the files `earlier` have by the same `model` is not made
    again. All are in half precision, so that a vector is the same whether it was made now or kept."""
    known = {key: vector for file in earlier for key, vector in _kept(file, model).items()}
    keys = [_key(text) for text in texts]
    new = [(key, text) for key, text in dict(zip(keys, texts, strict=True)).items() if key not in known]
    for at in range(0, len(new), _BATCH):
        batch = new[at : at + _BATCH]
        made = embed([text for _, text in batch]).astype(np.float16)
        known |= {key: vector for (key, _), vector in zip(batch, made, strict=True)}
        if progress:
            progress("vectors", at + len(batch), len(new))
    found = np.stack([known[key] for key in keys])
    keep_in.parent.mkdir(parents=True, exist_ok=True)
    beside = keep_in.with_suffix(".new.npz")
    np.savez_compressed(beside, model=np.array(model), keys=np.array(keys), vectors=found)
    beside.replace(keep_in)
    return found.astype(np.float32)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:16]


def _kept(file: Path, model: str) -> dict[bytes, NDArray[np.float16]]:
    """By the key of the text; none where there is no file, or it is of another model."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            if stored["model"] != model:
                return {}
            return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
    except (OSError, ValueError, KeyError, EOFError):
        return {}
