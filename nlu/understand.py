"""What somebody wants and what they name, from the examples in nlu/data (Rasa's YAML format)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nlu.entities import MOST, Dates, Entity, Finder
from nlu.examples import Training, conflicts, read
from nlu.features import Floats, centred, grams
from nlu.model import Model
from nlu.text import fold
from nlu.training import OUT_OF_SCOPE, Embed, Progress, signs, train

SHIPPED = Path(__file__).parent / "data" / "model.npz"


@dataclass(frozen=True)
class Understanding:
    """`confidence` and `scope` (how likely it is ours at all) are 0..1; `sure`: the intent may be acted upon.

    `ranking` has the likeliest intents with their confidence.
    """

    intent: str
    confidence: float
    entities: tuple[Entity, ...] = ()
    ranking: tuple[tuple[str, float], ...] = ()
    scope: float = 0.0
    sure: bool = False


NOTHING = Understanding("", 0.0)
_RANKED = 10
EMBEDDED = 128  # characters of a message that its vector is made of: what is wanted stands there, and time is short
OURS = 0.5  # of scope, from which on a message may be acted upon


class Understand:
    """Knows the examples by heart, and judges the rest by a trained model. Safe to use from many threads."""

    def __init__(self, training: Training, finder: Finder, model: Model, embed: Embed | None) -> None:
        self._known = {fold(one.text): one.intent for one in training.examples}
        self._finder, self._model, self._embed = finder, model, embed

    def __call__(self, text: str, vector: Floats | None = None) -> Understanding:
        """`vector` (dimensions,) is the message's, as a query, where somebody has it already."""
        text = text[:MOST]
        entities = self._finder(text)
        known = self._known.get(fold(text))
        judged = replace(self._judged(text, entities, vector), entities=entities)
        if known is None:
            return judged
        rest = tuple((name, 0.0) for name, _ in judged.ranking if name != known)
        scope = 0.0 if known == OUT_OF_SCOPE else 1.0
        return replace(judged, intent=known, confidence=1.0, ranking=((known, 1.0), *rest), scope=scope, sure=True)

    def _judged(self, text: str, entities: tuple[Entity, ...], vector: Floats | None) -> Understanding:
        model = self._model
        dense = np.zeros(0, np.float32)
        if model.dimensions:
            found = self._embed([text[:EMBEDDED]])[0] if vector is None and self._embed else vector
            dense = centred(found, model.centre) if found is not None else dense
        row = model.vocabulary.row(grams(text, entities))
        judged = model.judge(row, dense)
        order = np.argsort(-judged.shares)
        outside = model.intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in model.intents else None
        told = signs(judged.shares[None], judged.nearness[None], outside)[0]
        scope = float(1 / (1 + np.exp(-np.clip(model.scope[0] + told @ model.scope[1:], -30, 30))))
        best, share = model.intents[order[0]], float(judged.shares[order[0]])
        ranking = tuple((model.intents[n], float(judged.shares[n])) for n in order[:_RANKED])
        return Understanding(
            best, share, (), ranking, scope, share >= model.sure and scope >= OURS and best != OUT_OF_SCOPE
        )


def checked(folder: Path) -> Training:
    """The training files. DataFault with all their faults."""
    training = read(folder)
    training.faults += [f"{folder}: {fault}" for fault in conflicts(training.examples)]
    return training.checked()


def learnt(
    folder: Path,
    embed: Embed | None,
    *,
    mark: str = "",
    region: str = "",
    dates: Dates | None = None,
    progress: Progress | None = None,
    keep_in: Path | None = None,
) -> Understand:
    """Trained anew on the files of the folder; the model is kept in the file `keep_in`, if one is named."""
    training = checked(folder)
    finder = Finder.of(training, region, dates)
    model = train(training, finder, embed, mark, progress)
    if keep_in is not None:
        model.save(keep_in)
    return Understand(training, finder, model, embed)


def remembered(
    folder: Path,
    models: Sequence[Path],
    mark: str,
    embed: Embed | None,
    *,
    region: str = "",
    dates: Dates | None = None,
) -> Understand | None:
    """With the first of these models that was trained on just these files; None where there is none."""
    training = checked(folder)
    model = next((one for file in models if (one := Model.load(file)) and one.digest == mark), None)
    return Understand(training, Finder.of(training, region, dates), model, embed) if model else None
