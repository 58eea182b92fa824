"""Typed settings of the installation, read once from the environment and from ``.env``.

Every variable is ``SOCLE_<GROUP>_<NAME>`` (``SOCLE_DATABASE_URL``), a few stand alone (``SOCLE_HOME``, ``SOCLE_DEMO``,
``SOCLE_DEBUG``, ``SOCLE_PACK``). ``SOCLE_<GROUP>_<NAME>_FILE`` names a file that holds the value, so that a secret
never has to be in the environment. The environment wins over ``.env``.

A wrong value is a :class:`Mistake`: one French and one English sentence. :func:`load` collects them all and raises
:class:`ConfigurationError`; the command line prints them and leaves with code 2.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[3]
PREFIX = "SOCLE_"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

# Read by the launcher or by this module, never by the application.
_OUTSIDE = frozenset({"SOCLE_ENV_FILE", "SOCLE_PYTHON", "SOCLE_VENV", "SOCLE_NO_COLOR", "SOCLE_TEST_DATABASE_URL"})


@dataclass(frozen=True)
class Mistake:
    """One wrong setting, said in both languages because the reader's is not known yet."""

    variable: str
    french: str
    english: str

    def __str__(self) -> str:
        return f"{self.variable} : {self.french}\n    {self.variable}: {self.english}"


class ConfigurationError(Exception):
    """The settings cannot be used. ``mistakes`` has one entry per wrong value; the exit code is 2."""

    exit_code = 2

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(str(mistake) for mistake in mistakes))


def _wrong(french: str, english: str) -> PydanticCustomError:
    # Braces in a message are a template for pydantic: the sentences travel in the context instead.
    return PydanticCustomError("socle", "{english}", {"french": french, "english": english})


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part for part in re.split(r"[,\s]+", value.strip()) if part)
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise _wrong(
            f"« {value} » n'est pas une adresse web complète (exemple : https://services.exemple.fr).",
            f"“{value}” is not a complete web address (example: https://services.example.org).",
        )
    return value.rstrip("/")


Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Server(Group):
    """The web server: where it listens, with how many processes, and the address people type."""

    host: str = "127.0.0.1"
    port: Port = 8000
    # Two workers with two threads each: measured best on two cores (docs/performance.md).
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    threads: Annotated[int, Field(ge=1, le=64)] = 2
    public_url: WebAddress = ""


class Database(Group):
    """``url`` empty: SQLite in the data folder. Otherwise ``postgresql://user:password@host:port/name``."""

    url: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _known_engine(self) -> Self:
        url = self.url.get_secret_value()
        if not url:
            return self
        # The value itself is never repeated: it holds a password.
        try:
            parts = urlsplit(url)
            port_is_right = parts.port is None or parts.port > 0
        except ValueError:
            port_is_right = False
        if not port_is_right or parts.scheme not in {"sqlite", "postgres", "postgresql"} or len(parts.path) < 2:
            raise _wrong(
                "l'adresse de la base n'est pas comprise ; écrivez postgresql://compte:motdepasse@hote:5432/base "
                "ou sqlite:////chemin/socle.sqlite3.",
                "the database address is not understood; write postgresql://user:password@host:5432/name "
                "or sqlite:////path/socle.sqlite3.",
            )
        return self

    @property
    def vendor(self) -> Literal["sqlite", "postgresql"]:
        scheme = urlsplit(self.url.get_secret_value()).scheme
        return "postgresql" if scheme.startswith("postgres") else "sqlite"

    def django(self, home: Path) -> dict[str, Any]:
        """The ``DATABASES["default"]`` entry; ``home`` is the data folder of the embedded database."""
        if self.vendor == "sqlite":
            return _sqlite(self.url.get_secret_value().removeprefix("sqlite:///") or home / "socle.sqlite3")
        parts = urlsplit(self.url.get_secret_value())
        query = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
        options = {name: unquote(value) for name, value in query.items()}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"connect_timeout": 10, "application_name": "socle", **options},
        }


def _sqlite(path: str | Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # IMMEDIATE: a write transaction takes its lock at once, so that concurrent writers queue behind
            # busy_timeout instead of failing at commit.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
                "PRAGMA busy_timeout=20000;PRAGMA mmap_size=268435456;PRAGMA cache_size=-16000;"
                "PRAGMA temp_store=MEMORY;PRAGMA journal_size_limit=67108864"
            ),
        },
    }


class Storage(Group):
    """Where uploaded files live: a folder, or a bucket of S3-compatible object storage."""

    kind: Literal["local", "s3"] = "local"
    folder: Path | None = None
    bucket: str = ""
    endpoint: WebAddress = ""
    region: str = ""
    access_key: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    max_megabytes: Annotated[int, Field(ge=1, le=500)] = 20

    @model_validator(mode="after")
    def _bucket_is_named(self) -> Self:
        if self.kind == "s3" and not self.bucket:
            raise _wrong(
                "le stockage objet demande un nom de compartiment : renseignez SOCLE_STORAGE_BUCKET.",
                "object storage needs a bucket name: set SOCLE_STORAGE_BUCKET.",
            )
        return self


class Mail(Group):
    """Outgoing mail: ``capture`` keeps messages in the database (demonstration), ``smtp`` sends them."""

    kind: Literal["capture", "smtp"] = "capture"
    host: str = "localhost"
    port: Port = 587
    user: str = ""
    password: SecretStr = SecretStr("")
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = "ne-pas-repondre@localhost"
    sender_name: str = ""
    timeout: Annotated[int, Field(ge=1, le=120)] = 10


class IdentityProvider(Group):
    """An OpenID Connect provider. It is on when ``client_id`` is set."""

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    issuer: WebAddress = ""
    acr_values: str = ""
    scopes: Words = ()

    @property
    def enabled(self) -> bool:
        return bool(self.client_id)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.client_id and not (self.issuer and self.client_secret.get_secret_value()):
            raise _wrong(
                "un identifiant client est donné sans ISSUER ou sans CLIENT_SECRET ; donnez les trois ou aucun.",
                "a client id is given without ISSUER or CLIENT_SECRET; give all three or none.",
            )
        return self


class FranceConnect(IdentityProvider):
    """Login of residents. ``acr_values`` is compulsory for the provider (eidas1, eidas2 or eidas3)."""

    acr_values: str = "eidas1"
    scopes: Words = ("openid", "given_name", "family_name", "birthdate", "email")


class ProConnect(IdentityProvider):
    """Login of agents; the organisation is matched on the SIREN of the ``siret`` claim."""

    acr_values: str = "eidas1"
    scopes: Words = ("openid", "given_name", "usual_name", "email", "siret", "uid")


class Map(Group):
    """Background of maps. ``none`` draws the territory's own contours and calls no outside host."""

    basemap: Literal["none", "ign", "custom"] = "none"
    tiles: str = ""
    attribution: str = ""

    @model_validator(mode="after")
    def _tiles_are_named(self) -> Self:
        if self.basemap == "custom" and not re.match(r"https?://[^/]+/.*\{z\}", self.tiles):
            raise _wrong(
                "un fond de carte personnel demande SOCLE_MAP_TILES, une adresse qui contient {z}, {x} et {y}.",
                "a custom background needs SOCLE_MAP_TILES, an address that contains {z}, {x} and {y}.",
            )
        return self

    @property
    def tile_url(self) -> str:
        """Template of the raster tiles' address, empty when there is no background."""
        if self.basemap == "ign":
            return (
                "https://data.geopf.fr/wmts?SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetTile"
                "&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&STYLE=normal&FORMAT=image/png"
                "&TILEMATRIXSET=PM&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}"
            )
        return self.tiles if self.basemap == "custom" else ""

    @property
    def credit(self) -> str:
        """Attribution to show on maps."""
        return self.attribution or ("© IGN / Géoplateforme" if self.basemap == "ign" else "")

    @property
    def origin(self) -> str:
        """``scheme://host[:port]`` of the tiles for the content security policy, empty when there is none."""
        if not self.tile_url:
            return ""
        parts = urlsplit(self.tile_url)
        return f"{parts.scheme}://{parts.netloc}"


class Antivirus(Group):
    """``null`` accepts every file; ``clamd`` asks a ClamAV daemon by TCP (``host:port``) or unix socket (path)."""

    kind: Literal["null", "clamd"] = "null"
    address: str = "127.0.0.1:3310"
    timeout: Annotated[int, Field(ge=1, le=300)] = 30


class Geocoder(Group):
    """``null`` searches the territory's own addresses; ``ban`` asks the national address service."""

    kind: Literal["null", "ban"] = "null"
    url: WebAddress = "https://data.geopf.fr/geocodage"
    timeout: Annotated[float, Field(gt=0, le=30)] = 3.0


class Security(Group):
    """Host names answered, secret key, HTTPS, number of trusted reverse proxies in front of the server."""

    allowed_hosts: Words = ()
    secret_key: SecretStr = SecretStr("")
    previous_secret_keys: Words = ()
    https: bool | None = None
    proxies: Annotated[int, Field(ge=0, le=5)] = 0
    # Random enough to be unguessable; refused shorter.
    metrics_token: SecretStr = SecretStr("")
    contact: str = ""

    @model_validator(mode="after")
    def _long_secrets(self) -> Self:
        for name, least in (("secret_key", 40), ("metrics_token", 20)):
            value = getattr(self, name).get_secret_value()
            if value and len(value) < least:
                raise _wrong(
                    f"SOCLE_SECURITY_{name.upper()} compte {len(value)} caractères ; il en faut au moins {least}.",
                    f"SOCLE_SECURITY_{name.upper()} has {len(value)} characters; at least {least} are needed.",
                )
        return self


class Logging(Group):
    """``json``: one line per event for a collector. ``console``: for people."""

    format: Literal["json", "console", "auto"] = "auto"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Options(BaseSettings):
    """The whole configuration. Immutable; the application reads it as ``django.conf.settings.SOCLE``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        case_sensitive=False,
        extra="forbid",
        frozen=True,
    )

    demo: bool = False
    debug: bool = False
    home: Path = ROOT / "var"
    pack: Path | None = None
    locale: Literal["fr", "en"] = "fr"
    time_zone: str = "Europe/Paris"

    server: Server = Server()
    database: Database = Database()
    storage: Storage = Storage()
    mail: Mail = Mail()
    franceconnect: FranceConnect = FranceConnect()
    proconnect: ProConnect = ProConnect()
    map: Map = Map()
    antivirus: Antivirus = Antivirus()
    geocoder: Geocoder = Geocoder()
    security: Security = Security()
    logging: Logging = Logging()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only the mapping that :func:`load` built counts: one place decides what wins over what."""
        return (init_settings,)

    @property
    def production(self) -> bool:
        return not (self.demo or self.debug)

    @property
    def https(self) -> bool:
        """Whether people reach the site by HTTPS.

        As set, else read from the public address, else true in production unless the server listens on this
        machine only (a trial without certificate).
        """
        if self.security.https is not None:
            return self.security.https
        if self.server.public_url:
            return self.server.public_url.startswith("https://")
        return self.production and self.server.host not in LOOPBACK

    @property
    def files_folder(self) -> Path:
        return self.storage.folder or self.home / "files"


def load(environ: Mapping[str, str] | None = None, env_file: Path | None = None) -> Options:
    """Read and check every setting.

    ``environ`` defaults to the process's; ``env_file`` to ``SOCLE_ENV_FILE``, else ``.env`` at the root (an empty
    ``SOCLE_ENV_FILE`` means none). Raises :class:`ConfigurationError` with every mistake found, not only the first.
    """
    environ = os.environ if environ is None else environ
    mistakes: list[Mistake] = []
    values = _variables(environ, env_file, mistakes)
    tree = _tree(values, mistakes)
    try:
        options = Options(**tree)
    except ValidationError as error:
        mistakes += [_mistake(item, tree) for item in error.errors()]
        raise ConfigurationError(mistakes) from None
    mistakes += _contradictions(options)
    if mistakes:
        raise ConfigurationError(mistakes)
    return options


def _variables(environ: Mapping[str, str], env_file: Path | None, mistakes: list[Mistake]) -> dict[str, str]:
    if env_file is None:
        named = environ.get("SOCLE_ENV_FILE")
        env_file = ROOT / ".env" if named is None else Path(named) if named else None
    merged: dict[str, str] = {}
    if env_file is not None and env_file.is_file():
        merged.update({k: v for k, v in dotenv_values(env_file, interpolate=False).items() if v is not None})
    merged.update(environ)
    own = {name.upper(): value for name, value in merged.items() if name.upper().startswith(PREFIX)}
    for name in [name for name in own if name.endswith("_FILE") and name not in _OUTSIDE]:
        path = Path(own.pop(name))
        try:
            own.setdefault(name.removesuffix("_FILE"), path.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError):
            mistakes.append(
                Mistake(
                    name,
                    f"le fichier « {path} » ne peut pas être lu ; vérifiez son chemin et ses droits.",
                    f"the file “{path}” cannot be read; check its path and its rights.",
                )
            )
    return {name: value for name, value in own.items() if name not in _OUTSIDE}


def known_variables() -> dict[str, type[BaseModel]]:
    """Every variable name that is understood, with the model that holds it."""
    known: dict[str, type[BaseModel]] = {}
    for name, field in Options.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Group):
            known |= {f"{PREFIX}{name}_{inner}".upper(): kind for inner in kind.model_fields}
        else:
            known[f"{PREFIX}{name}".upper()] = Options
    return known


def _tree(values: Mapping[str, str], mistakes: list[Mistake]) -> dict[str, Any]:
    known = known_variables()
    tree: dict[str, Any] = {}
    for name, value in values.items():
        kind = known.get(name)
        if kind is None:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
            mistakes.append(
                Mistake(
                    name,
                    "ce réglage n'existe pas" + (f" ; vouliez-vous dire {near[0]} ?" if near else "."),
                    "there is no such setting" + (f"; did you mean {near[0]}?" if near else "."),
                )
            )
            continue
        rest = name.removeprefix(PREFIX).lower()
        if kind is Options:
            # An empty variable means "not set": compose files and systemd units cannot leave one out.
            if value:
                tree[rest] = value
            continue
        group, _, inner = rest.partition("_")
        if value or inner in {"url", "sender_name", "attribution"}:
            tree.setdefault(group, {})[inner] = value
    return tree


def _mistake(error: Any, tree: Mapping[str, Any]) -> Mistake:
    location = [str(part) for part in error["loc"] if isinstance(part, str)]
    variable = (PREFIX + "_".join(location)).upper() if location else "SOCLE"
    if error["type"] == "socle":
        if len(location) == 1:
            variable += "_…"
        return Mistake(variable, error["ctx"]["french"], error["ctx"]["english"])
    given = error.get("input")
    field = _field(location)
    shown = "" if field is not None and "Secret" in repr(field) else f"« {given} »"
    return Mistake(variable, *_sentence(error, shown))


def _field(location: list[str]) -> Any:
    model: type[BaseModel] = Options
    field = None
    for part in location:
        field = model.model_fields.get(part)
        kind = field.annotation if field else None
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            model = kind
    return field.annotation if field else None


def _sentence(error: Any, shown: str) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx", {})
    quoted = shown.replace("« ", "“").replace(" »", "”")
    if kind == "literal_error":
        expected = context["expected"].replace("'", "")
        return (
            f"{shown} n'est pas accepté ; choisissez parmi : {expected.replace(' or ', ' ou ')}.",
            f"{quoted} is not accepted; choose among: {expected}.",
        )
    if kind.startswith("bool"):
        return f"{shown} n'est ni vrai ni faux ; écrivez true ou false.", f"{quoted} is not a boolean; write true or false."
    if kind.startswith(("int", "float")):
        return f"{shown} n'est pas un nombre.", f"{quoted} is not a number."
    limits = {
        "greater_than_equal": ("ge", "au moins", "at least"),
        "greater_than": ("gt", "plus de", "more than"),
        "less_than_equal": ("le", "au plus", "at most"),
        "less_than": ("lt", "moins de", "less than"),
    }
    if kind in limits:
        key, french, english = limits[kind]
        bound = context[key]
        return f"{shown} est hors limites ; il faut {french} {bound}.", f"{quoted} is out of range; {english} {bound} is needed."
    return f"{shown} n'est pas une valeur acceptée.", f"{quoted} is not an accepted value ({error['msg']})."


def _contradictions(options: Options) -> list[Mistake]:
    found: list[Mistake] = []
    if options.production and options.database.vendor == "postgresql" and not options.security.secret_key.get_secret_value():
        found.append(
            Mistake(
                "SOCLE_SECURITY_SECRET_KEY",
                "avec PostgreSQL, tous les serveurs doivent partager la même clé secrète : donnez-la ici (50 caractères au hasard).",
                "with PostgreSQL every server must share the same secret key: give it here (50 random characters).",
            )
        )
    if options.demo and options.mail.kind == "smtp":
        found.append(
            Mistake(
                "SOCLE_MAIL_KIND",
                "la démonstration n'envoie jamais de vrai courriel ; retirez SOCLE_MAIL_KIND ou SOCLE_DEMO.",
                "the demonstration never sends real e-mail; remove SOCLE_MAIL_KIND or SOCLE_DEMO.",
            )
        )
    if options.pack is not None and not (options.pack / "pack.toml").is_file():
        found.append(
            Mistake(
                "SOCLE_PACK",
                f"le dossier « {options.pack} » ne contient pas de fichier pack.toml.",
                f"the folder “{options.pack}” has no pack.toml file.",
            )
        )
    return found
