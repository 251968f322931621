"""`banshi check`: every file that an operator edits, all faults at once."""

from collections.abc import Callable

from bot import app as composition
from bot.bundles.catalogue import load_catalogue
from bot.channels import connect_all
from bot.errors import ConfigError
from bot.settings import Settings
from knowledge.articles import load_articles
from knowledge.remit import load_remit
from knowledge.support import unsupported
from nlu.examples import DataFault
from nlu.understand import checked


def all_faults(settings: Settings) -> list[str]:
    """Each `file:line: what`, or `file: what` where no line is known. The settings themselves are read already."""
    looks: tuple[Callable[[], object], ...] = (
        lambda: connect_all(settings.channels),
        lambda: composition.load_replies(settings.config),
        lambda: composition.open_hours(settings),
        lambda: load_catalogue(settings.config),
        lambda: checked(composition.TRAINING),
    )
    faults: list[str] = []
    for look in looks:
        try:
            look()
        except (ConfigError, DataFault) as error:
            faults += str(error).splitlines()
    articles, broken = load_articles(composition.ARTICLES)
    faults += [
        f"{composition.ARTICLES / one.id}.md: {what}" for one in articles for what in unsupported(one.text, one.sources)
    ]
    _, unclear = load_remit(settings.config / "remit.yml")
    return faults + [str(fault) for fault in (*broken, *unclear)]
