"""`banshi check`: every file that an operator edits, all faults at once."""

from collections.abc import Callable

from bot import app as composition
from bot.bundles.catalogue import load_catalogue
from bot.channels import connect_all
from bot.documents.forms import load_forms
from bot.documents.wording import load_wording
from bot.errors import ConfigError
from bot.ledger.kinds import load_licence_kinds
from bot.offices import load_offices
from bot.registers import load_credit
from bot.registry.ports import load_departments
from bot.settings import Settings
from bot.walks import load_walks
from knowledge.articles import load_articles
from knowledge.remit import load_remit
from knowledge.support import unsupported
from nlu.examples import DataFault
from nlu.understand import checked


def _walks(settings: Settings) -> object:
    catalogue = load_catalogue(settings.config)
    return load_walks(settings.config, catalogue.questions, catalogue.bundles)


def all_faults(settings: Settings) -> list[str]:
    """Each `file:line: what`, or `file: what` where no line is known. The settings themselves are read already."""
    looks: tuple[Callable[[], object], ...] = (
        lambda: connect_all(settings.channels),
        lambda: composition.load_replies(settings.config),
        lambda: composition.open_hours(settings),
        lambda: composition.open_rota(settings),
        lambda: load_catalogue(settings.config, settings.hall.region),
        lambda: composition.open_eye(settings, load_catalogue(settings.config, settings.hall.region)),
        lambda: load_licence_kinds(settings.config / "licences.yml", load_catalogue(settings.config).bundles),
        lambda: load_offices(settings.config / "offices.yml", load_catalogue(settings.config).bundles),
        lambda: _walks(settings),
        lambda: load_wording(settings.config),
        lambda: load_forms(settings.config),
        lambda: load_departments(settings.config / "departments.yml"),
        lambda: load_credit(settings.config / "credit.csv", settings.promises),
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
    faults += [str(fault) for fault in (*broken, *unclear)]
    return list(dict.fromkeys(faults))  # teams.yml reads the bundles again
