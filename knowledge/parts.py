"""Questions that ask several things, and questions that lean on the one before."""

from knowledge.patterns import pattern, phrases
from knowledge.repair import spoken_plainly
from knowledge.subjects import subjects, with_subject
from knowledge.wording import bare

MOST = 3
SHORT = 10  # letters up to which a question without a subject of its own leans on the one before


def parts(question: str) -> list[str]:
    """The questions in a message, each with its subject: itself where it asks one thing only.

    Only what asks for different kinds of thing is taken apart, such as for what, for how much and for how long.
    """
    segments = [one for one in pattern("parts", "between").split(spoken_plainly(question)) if bare(one)]
    asking = [(n, kind) for n, one in enumerate(segments) if (kind := _kind(one))]
    if len({kind for _, kind in asking}) < 2 or len(asking) > MOST:
        return [question]
    first = asking[0][0]
    subject = "".join([*segments[:first], without_asking(segments[first])])
    found = ["".join(segments[: first + 1])]
    found += [segments[n] if has_subject(segments[n]) else f"{subject}{segments[n]}" for n, _ in asking[1:]]
    return found


def leans(question: str) -> bool:
    """Whether a message points back, or asks and is too short to have a subject of its own."""
    plainly = spoken_plainly(question).strip()
    if pattern("parts", "points_back").search(plainly) or _other_thing(plainly):
        return True
    return asks(question) and len(bare(plainly)) <= SHORT and not has_subject(plainly)


def asks(question: str) -> bool:
    """Whether a message asks for anything, rather than only telling something."""
    return bool(pattern("parts", "asks").search(question))


def wonders(question: str) -> bool:
    """Whether a message asks in so many words, rather than by naming what could be asked for."""
    return bool(pattern("parts", "wonders").search(question))


def joined(question: str, earlier: str) -> str:
    """A question that leans on an earlier one, with that one's subject put before it.

    Where it names another thing only, it is the earlier one, of that thing.
    """
    plainly = spoken_plainly(question).strip()
    if (other := _other_thing(plainly)) and (instead := with_subject(earlier, other)):
        return instead
    rest = pattern("parts", "points_back").sub("", plainly)
    return f"{without_asking(earlier) or earlier} {rest}"


def _other_thing(plainly: str) -> str:
    """The thing that is all that a message names; "" where there is none of our field, or more."""
    found = pattern("parts", "instead").fullmatch(plainly)
    return found[1] if found and (subjects(found[1]) or has_subject(found[1])) else ""


def without_asking(question: str) -> str:
    """What a question is about: the question without the words that only ask; "" where nothing remains."""
    return pattern("parts", "asks_for").sub("", spoken_plainly(question)).strip("，,。？?！! ")


def has_subject(question: str) -> bool:
    """Whether a question names a thing of our field."""
    return bool(pattern("parts", "subject").search(question))


def _kind(segment: str) -> str:
    """What kind of thing a segment asks for; "" where it asks for nothing."""
    return next((kind for kind in phrases("parts", "kinds") if pattern("parts", kind).search(segment)), "")
