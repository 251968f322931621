"""What a signer says of themselves before signing: whom they let act, and a sentence spoken into the camera."""

from datetime import datetime

from bot.bundles.answers import id_number, name
from bot.domain.case import Kept
from bot.domain.signing import STATEMENT, Signing
from bot.errors import CitizenError, StoreError
from bot.materials.files import digest
from bot.store.db import Tables
from bot.witness import Witness, live


def wants_statement(witness: Witness, one: Signing) -> bool:
    """Is the signer to be asked to speak? They may decline, and are asked once."""
    steps = one.steps
    return witness.resources.settings.signing.video and not steps.statement and not steps.declined


def name_agent(
    witness: Witness, token: str, browser: str, own_id: str, agent: str, agent_id: str, now: datetime
) -> None:
    """Whom the principal lets act; it stands on the paper. CitizenError where it cannot be so."""
    own, other, who = id_number(own_id), id_number(agent_id), name(agent)
    if own == other:
        raise CitizenError("sign.own_agent")

    def keep(tables: Tables) -> None:
        one = live(tables, token, now, hold=True)
        if witness.knows(one, browser) and one.lacks_agent:
            one.steps.own_id, one.steps.agent, one.steps.agent_id = own, who, other
            tables.signings.save(one)

    witness.proven(token, browser, now)
    witness.resources.store.write(keep)


def decline(witness: Witness, token: str, browser: str, now: datetime) -> None:
    """Signed without a video, which the evidence says."""

    def keep(tables: Tables) -> None:
        one = live(tables, token, now, hold=True)
        if witness.knows(one, browser) and not one.steps.statement:
            one.steps.declined = True
            tables.signings.save(one)

    witness.proven(token, browser, now)
    witness.resources.store.write(keep)


def speak(witness: Witness, token: str, browser: str, content: bytes, now: datetime) -> None:
    """Keep the video, without what its file says of place and camera. Once; CitizenError where it is none."""
    resources = witness.resources
    one = witness.proven(token, browser, now)
    cleaned, made = resources.eye.clean(content)
    if cleaned.picture.kind != "mp4":
        raise CitizenError("sign.no_video")
    file = resources.files.keep(made)

    def keep(tables: Tables) -> None:
        again = live(tables, token, now, hold=True)
        mine = again.case if not again.steps.statement and again.state == "open" else ""
        kept = Kept(file, one.conversation_id if mine else "", "mp4", len(made), digest(made), now, mine, "")
        tables.kept.put(kept)  # what nobody waits for any more goes with the next sweep
        if mine:
            tables.kept.give([file], mine, STATEMENT + again.document)
            again.steps.statement, again.steps.statement_sha256, again.steps.statement_at = file, digest(made), now
            tables.signings.save(again)

    try:
        resources.store.write(keep)
    except (CitizenError, StoreError):
        resources.files.delete(file)
        raise
