"""Settings: read once, checked, frozen, passed down. No secret stands in a file."""

import os
import tomllib
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bot.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
ARTICLES = ROOT / "knowledge" / "articles"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hall(_Section):
    """The office that this installation speaks for. `region` is its six-digit division code, or empty.

    `url` is where its pages are reached from outside, such as https://ban.example.cn; empty: links have no host.
    """

    name: str
    region: Annotated[str, Field(pattern=r"^(\d{6})?$")] = ""
    url: Annotated[str, Field(pattern=r"^(https?://[^\s/?#]+)?$")] = ""
    timezone: str = "Asia/Shanghai"


class Work(_Section):
    """How hard one process works. Times are in seconds."""

    workers: Annotated[int, Field(ge=1, le=64)] = 4
    lease: Annotated[float, Field(gt=0)] = 60.0
    poll: Annotated[float, Field(gt=0)] = 0.5
    round: Annotated[float, Field(gt=0)] = 5.0
    thought: Annotated[float, Field(ge=0, le=10)] = 1.5
    apologise_at: Annotated[int, Field(ge=1)] = 3
    give_up_at: Annotated[int, Field(ge=1)] = 8


class Knowledge(_Section):
    """`embedder`: empty for the shipped model, "none", or a sentence-transformers folder or hub name."""

    embedder: str = ""


class Understanding(_Section):
    """`engine`: "inprocess", or "rasa" for a server of Rasa's at `rasa_url`, which has `rasa_timeout` seconds."""

    engine: Literal["inprocess", "rasa"] = "inprocess"
    rasa_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+/?$")] = "http://127.0.0.1:5005"
    rasa_timeout: Annotated[float, Field(gt=0, le=30)] = 1.5


class Promises(_Section):
    """What may be promised. `deferrals`: papers of one case that may follow, by the standing of who applies.

    `lapsed`: what becomes of an item whose paper never came: "withdrawn", or "told" where staff decide.
    """

    deferrals: dict[Literal["good", "ordinary", "poor"], Annotated[int, Field(ge=0)]] = {
        "good": 2,
        "ordinary": 1,
        "poor": 0,
    }
    unknown: Literal["good", "ordinary", "poor"] = "good"
    lapsed: Literal["withdrawn", "told"] = "withdrawn"


class Applicants(_Section):
    """From which age on one may apply by oneself; from `working` on who lives by their own work may, if staff agree."""

    adult: Annotated[int, Field(ge=1)] = 18
    working: Annotated[int, Field(ge=1)] = 16


class Keeping(_Section):
    """For how many days what nobody goes on with is kept: drafts, and photos that belong to no case."""

    drafts: Annotated[int, Field(ge=1)] = 30
    loose: Annotated[int, Field(ge=1)] = 7


class Nudges(_Section):
    """When and how people are told that a licence runs out. No word between `quiet_from` and `quiet_until`.

    `patience`: hours after which a pressing message that nobody answered goes the next way. `sms_url`: the port for
    texts, or empty.
    """

    quiet_from: time = time(21)
    quiet_until: time = time(8)
    patience: Annotated[float, Field(gt=0)] = 48.0
    sms_url: Annotated[str, Field(pattern=r"^(https?://[^\s?#]+[^/\s?#])?$")] = ""

    def is_quiet(self, at: time) -> bool:
        """Is it a time at which nobody is disturbed? The quiet may go over midnight."""
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= at < self.quiet_until
        return at >= self.quiet_from or at < self.quiet_until


class Photos(_Section):
    """`scanner`: where ClamAV's clamd looks at each file before it is taken, host:port or a socket; empty: nobody."""

    scanner: Annotated[str, Field(pattern=r"^([^\s:/]+:\d{1,5}|/\S+)?$")] = ""


class Signing(_Section):
    """Which papers want a signature by hand before a case is handed in; for others agreeing in chat is enough.

    A link opens for `link_minutes`, a code sent to a telephone for `code_minutes`. `video`: signers are asked to speak
    a sentence into the camera, and may decline. A letter of authority holds for `proxy_days`.
    """

    handwritten: tuple[Literal["commitment", "forms"], ...] = ()
    link_minutes: Annotated[int, Field(ge=5, le=1440)] = 60
    code_minutes: Annotated[int, Field(ge=1, le=30)] = 5
    video: bool = False
    proxy_days: Annotated[int, Field(ge=1, le=730)] = 180


class SignIn(_Section):
    """Staff may sign in with an account of the office, by OpenID Connect; without an `issuer` they cannot.

    `claim` of the ID token is the name of their account here, `label` what the button says.
    """

    issuer: Annotated[str, Field(pattern=r"^(https?://[^\s?#]+)?$")] = ""
    client_id: str = ""
    claim: str = "preferred_username"
    label: str = ""


class Settings(_Section):
    hall: Hall
    work: Work = Work()
    knowledge: Knowledge = Knowledge()
    nlu: Understanding = Understanding()
    promises: Promises = Promises()
    keeping: Keeping = Keeping()
    applicants: Applicants = Applicants()
    nudges: Nudges = Nudges()
    signing: Signing = Signing()
    photos: Photos = Photos()
    sign_in: SignIn = SignIn()
    channels: dict[str, dict[str, Any]] = {}
    home: Path
    config: Path
    database_url: SecretStr
    rasa_token: SecretStr = SecretStr("")
    key: SecretStr = SecretStr("")
    former_key: SecretStr = SecretStr("")
    registry_token: SecretStr = SecretStr("")
    sms_token: SecretStr = SecretStr("")
    sign_in_secret: SecretStr = SecretStr("")
    demo: bool = False

    @model_validator(mode="after")
    def _codes_can_be_sent(self) -> "Settings":
        if self.signing.handwritten and not self.nudges.sms_url:
            raise ValueError("signing.handwritten wants nudges.sms_url: who signs is known by a code on the telephone")
        return self

    @property
    def keys(self) -> tuple[str, str]:
        """With what is sealed, and with what was before, where that is being changed; "" is not given."""
        return self.key.get_secret_value(), self.former_key.get_secret_value()

    @property
    def kb(self) -> Path:
        return self.home / "kb"


def _secrets(prefix: str) -> dict[str, SecretStr]:
    """The secrets of one channel: BANSHI_WECHAT_TOKEN is the `token` of the channel wechat."""
    return {
        name.removeprefix(prefix).lower(): SecretStr(value)
        for name, value in os.environ.items()
        if name.startswith(prefix) and value
    }


def load_settings(home: Path | None = None) -> Settings:
    """Settings from the configuration folder and the environment. ConfigError names the file and the key."""
    config = Path(os.environ.get("BANSHI_CONFIG", ROOT / "config"))
    home = (home or Path(os.environ.get("BANSHI_HOME", "var"))).absolute()
    path = config / "settings.toml"
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    url = os.environ.get("BANSHI_DATABASE_URL") or f"sqlite:///{home / 'banshi.db'}"
    secrets: dict[str, Any] = {
        "database_url": SecretStr(url),
        "rasa_token": SecretStr(os.environ.get("BANSHI_RASA_TOKEN", "")),
        "key": SecretStr(os.environ.get("BANSHI_KEY", "")),
        "former_key": SecretStr(os.environ.get("BANSHI_KEY_FORMER", "")),
        "registry_token": SecretStr(os.environ.get("BANSHI_REGISTRY_TOKEN", "")),
        "sms_token": SecretStr(os.environ.get("BANSHI_SMS_TOKEN", "")),
        "sign_in_secret": SecretStr(os.environ.get("BANSHI_SIGN_IN_SECRET", "")),
    }
    try:
        for name, section in values.get("channels", {}).items():
            section |= _secrets(f"BANSHI_{name.upper()}_")
        demo = os.environ.get("BANSHI_DEMO", "") == "1"
        return Settings(**values, home=home, config=config, demo=demo, **secrets)
    except ValidationError as error:
        faults = [f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise ConfigError("\n".join(faults)) from error
    except TypeError as error:
        raise ConfigError(f"{path}: {error}") from error
