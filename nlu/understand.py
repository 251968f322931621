"""What somebody wants and what they name, from the examples in nlu/data (Rasa's YAML format)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nlu.entities import MOST, Dates, Entity, Finder
from nlu.examples import Training, conflicts, read
from nlu.features import Embed, grams
from nlu.model import OUT_OF_SCOPE, Model
from nlu.text import fold

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


class Understand:
    """Knows the examples by heart, and judges the rest by a trained model. Safe to use from many threads."""

    def __init__(self, training: Training, finder: Finder, model: Model, embed: Embed | None) -> None:
        self._known = {fold(one.text): one.intent for one in training.examples}
        self._finder, self._model, self._embed = finder, model, embed

    def __call__(self, text: str) -> Understanding:
        text = text[:MOST]
        entities = self._finder(text)
        known = self._known.get(fold(text))
        if known is None:
            return self._judged(text, entities)
        return Understanding(known, 1.0, entities, ((known, 1.0),), 0.0 if known == OUT_OF_SCOPE else 1.0, sure=True)

    def _judged(self, text: str, entities: tuple[Entity, ...]) -> Understanding:
        """By its words, and where these leave a doubt by its vector too, which takes ten times as long."""
        model = self._model
        row = model.vocabulary.row(grams(text, entities))
        judged = model.by_words(row)
        if self._embed and not judged.certain:
            judged = model.by_both(row, self._embed([text])[0])
        ranking = tuple((model.intents[n], float(judged.shares[n])) for n in np.argsort(-judged.shares)[:_RANKED])
        best, share = ranking[0]
        return Understanding(best, share, entities, ranking, judged.scope, judged.sure)


def checked(folder: Path) -> Training:
    """The training files. DataFault with all their faults."""
    training = read(folder)
    training.faults += [f"{folder}: {fault}" for fault in conflicts(training.examples)]
    return training.checked()


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
