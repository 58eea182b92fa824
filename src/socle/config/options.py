"""The typed settings of an installation. :mod:`socle.config.loading` reads them.

Every variable is ``SOCLE_<GROUP>_<NAME>`` (``SOCLE_DATABASE_URL``); a few stand alone
(``SOCLE_HOME``, ``SOCLE_DEMO``, ``SOCLE_DEBUG``, ``SOCLE_PACK``…).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from socle.config.mistakes import wrong

ROOT = Path(__file__).resolve().parents[3]
PREFIX = "SOCLE_"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part for part in re.split(r"[,\s]+", value.strip()) if part)
    return value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        complete = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        complete = False
    if value and not complete:
        raise wrong(
            f"« {value} » n'est pas une adresse web complète (exemple : https://services.exemple.fr).",
            f"“{value}” is not a complete web address (example: https://services.example.org).",
        )
    return value.rstrip("/")


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise wrong(
            f"« {value} » n'est pas un fuseau horaire (exemple : Europe/Paris).",
            f"“{value}” is not a time zone (example: Europe/Paris).",
        ) from None
    return value


Words = Annotated[tuple[str, ...], BeforeValidator(_split)]


def _pairs(value: Any) -> Any:
    """``NAME=value`` separated by commas, as a mapping."""
    if not isinstance(value, str):
        return value
    found = {}
    for each in value.split(","):
        name, equals, secret = each.strip().partition("=")
        if not name and not equals:
            continue
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name) or not secret:
            raise wrong(
                "donnez des couples NOM=secret séparés par des virgules.",
                "give pairs NAME=secret separated by commas.",
            )
        found[name] = secret
    return found


Secrets = Annotated[dict[str, SecretStr], BeforeValidator(_pairs)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Folder = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
Port = Annotated[int, Field(ge=1, le=65535)]


class Group(BaseModel):
    """One family of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Server(Group):
    """The web server: where it listens, with how many processes, the address people type."""

    host: str = "127.0.0.1"
    port: Port = 8000
    # Two workers with two threads each: measured best on two cores (docs/performance.md).
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    threads: Annotated[int, Field(ge=1, le=64)] = 2
    public_url: WebAddress = ""
    # A form with its files; one file is limited by SOCLE_STORAGE_MAX_MEGABYTES.
    max_request_megabytes: Annotated[int, Field(ge=1, le=1000)] = 100


class Database(Group):
    """``url`` empty: SQLite in the data folder. Else ``postgresql://user:password@host:port/name``."""

    url: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _known_engine(self) -> Self:
        url = self.url.get_secret_value()
        # The value itself is never repeated: it holds a password.
        try:
            parts = urlsplit(url)
            understood = parts.port != 0 and len(parts.path) > 1
        except ValueError:
            understood = False
        if url and not (understood and parts.scheme in {"sqlite", "postgres", "postgresql"}):
            raise wrong(
                "l'adresse de la base n'est pas comprise ; écrivez "
                "postgresql://compte:motdepasse@hote:5432/base ou sqlite:////chemin/socle.sqlite3.",
                "the database address is not understood; write "
                "postgresql://user:password@host:5432/name or sqlite:////path/socle.sqlite3.",
            )
        return self

    @property
    def vendor(self) -> Literal["sqlite", "postgresql"]:
        """The engine, as Django's ``connection.vendor`` names it."""
        url = self.url.get_secret_value()
        return "postgresql" if url.startswith("postgres") else "sqlite"

    def sqlite_path(self, home: Path) -> Path:
        """The database file; ``home`` is the data folder."""
        path = self.url.get_secret_value().removeprefix("sqlite:///")
        return Path(path) if path else home / "socle.sqlite3"

    def django(self, home: Path) -> dict[str, Any]:
        """The ``DATABASES["default"]`` entry."""
        if self.vendor == "sqlite":
            return _sqlite(self.sqlite_path(home))
        parts = urlsplit(self.url.get_secret_value())
        query = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
        options = {name: unquote(value) for name, value in query.items()}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            # A folder is a unix socket: postgresql:///name?host=/run/postgresql
            "HOST": options.pop("host", parts.hostname or ""),
            "PORT": options.pop("port", str(parts.port or "")),
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"connect_timeout": 10, "application_name": "socle", **options},
        }


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # IMMEDIATE: a write transaction takes its lock at once, so that concurrent writers
            # queue behind busy_timeout instead of failing at commit.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA busy_timeout=20000;PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
                "PRAGMA foreign_keys=ON;PRAGMA mmap_size=268435456;PRAGMA cache_size=-16000;"
                "PRAGMA temp_store=MEMORY;PRAGMA journal_size_limit=67108864"
            ),
        },
    }


class Storage(Group):
    """Where uploaded files live: a folder, or a bucket of S3-compatible object storage."""

    kind: Literal["local", "s3"] = "local"
    folder: Folder | None = None
    bucket: str = ""
    endpoint: WebAddress = ""
    region: str = ""
    access_key: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    max_megabytes: Annotated[int, Field(ge=1, le=500)] = 20

    @model_validator(mode="after")
    def _bucket_is_named(self) -> Self:
        if self.kind == "s3" and not self.bucket:
            raise wrong(
                "le stockage objet demande un nom de compartiment : "
                "renseignez SOCLE_STORAGE_BUCKET.",
                "object storage needs a bucket name: set SOCLE_STORAGE_BUCKET.",
            )
        return self

    def django(self, home: Path) -> dict[str, Any]:
        """The ``STORAGES["default"]`` entry."""
        if self.kind == "local":
            return {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {
                    "location": str(self.folder or home / "files"),
                    "file_permissions_mode": 0o640,
                    "directory_permissions_mode": 0o750,
                },
            }
        return {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": self.bucket,
                "endpoint_url": self.endpoint or None,
                "region_name": self.region or None,
                "access_key": self.access_key.get_secret_value() or None,
                "secret_key": self.secret_key.get_secret_value() or None,
                "signature_version": "s3v4",
                "default_acl": None,
                "querystring_auth": True,
                "querystring_expire": 300,
                "file_overwrite": False,
            },
        }


class Mail(Group):
    """Outgoing mail: ``capture`` only keeps messages (demonstration), ``smtp`` sends them."""

    kind: Literal["capture", "smtp"] = "capture"
    host: str = "localhost"
    port: Port = 587
    user: str = ""
    password: SecretStr = SecretStr("")
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = "ne-pas-repondre@localhost"
    sender_name: str = ""
    # Seconds.
    timeout: Annotated[int, Field(ge=1, le=120)] = 10


class Mailbox(Group):
    """Incoming mail. ``domain``: letters about a case then carry an address one may answer to.

    ``null`` reads nothing (messages may still come by ``./socle mail receive``); ``maildir`` reads
    a folder a mail server delivers to; ``imap`` a mailbox.
    """

    kind: Literal["null", "maildir", "imap"] = "null"
    domain: str = ""
    local_part: str = "suivi"
    # Messages to this address are reports.
    reports: str = ""
    folder: Folder | None = None
    host: str = "localhost"
    port: Port = 993
    user: str = ""
    password: SecretStr = SecretStr("")
    security: Literal["tls", "starttls", "none"] = "tls"
    inbox: str = "INBOX"
    # Where messages go once read; empty: they stay, marked as seen.
    archive: str = ""
    # Whose Authentication-Results header is believed (RFC 8601): the name of one's own server.
    authserv: str = ""
    max_megabytes: Annotated[int, Field(ge=1, le=200)] = 35
    # Seconds.
    timeout: Annotated[int, Field(ge=1, le=120)] = 20

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.domain and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", self.domain):
            raise wrong(
                f"« {self.domain} » n'est pas un nom de domaine (exemple : reponses.exemple.fr).",
                f"“{self.domain}” is not a domain name (example: replies.example.org).",
            )
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,19}", self.local_part):
            raise wrong(
                "SOCLE_MAILBOX_LOCAL_PART ne peut avoir que 20 lettres minuscules et chiffres.",
                "SOCLE_MAILBOX_LOCAL_PART may only have 20 lower-case letters and digits.",
            )
        if self.kind == "maildir" and self.folder is None:
            raise wrong(
                "la lecture d'un dossier Maildir demande SOCLE_MAILBOX_FOLDER.",
                "reading a Maildir needs SOCLE_MAILBOX_FOLDER.",
            )
        if self.kind == "imap" and not self.user:
            raise wrong(
                "la lecture d'une boîte IMAP demande SOCLE_MAILBOX_USER et _PASSWORD.",
                "reading an IMAP mailbox needs SOCLE_MAILBOX_USER and _PASSWORD.",
            )
        return self


class IdentityProvider(Group):
    """An OpenID Connect provider. It is on when ``client_id`` is set."""

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    issuer: WebAddress = ""
    acr_values: str = ""
    scopes: Words = ()
    # The provider's host may be on a private network, or in clear (tests): only that host.
    private_network: bool = False

    @property
    def enabled(self) -> bool:
        return bool(self.client_id)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.client_id and not (self.issuer and self.client_secret.get_secret_value()):
            raise wrong(
                "un identifiant client est donné sans ISSUER ou sans CLIENT_SECRET ; "
                "donnez les trois ou aucun.",
                "a client id is given without ISSUER or CLIENT_SECRET; give all three or none.",
            )
        return self


class FranceConnect(IdentityProvider):
    """Login of residents. The provider requires ``acr_values`` (eidas1, eidas2 or eidas3)."""

    acr_values: str = "eidas1"
    scopes: Words = ("openid", "given_name", "family_name", "preferred_username", "email")


class ProConnect(IdentityProvider):
    """Login of agents; the organisation is matched on the SIREN of the ``siret`` claim."""

    acr_values: str = "eidas1"
    scopes: Words = ("openid", "given_name", "usual_name", "email", "siret", "uid")


class Map(Group):
    """Background of maps. ``none`` draws the territory's contours and calls no outside host."""

    basemap: Literal["none", "ign", "custom"] = "none"
    tiles: str = ""
    attribution: str = ""

    @model_validator(mode="after")
    def _tiles_are_named(self) -> Self:
        if self.basemap == "custom" and not re.match(r"https?://[^/\s;,]+/\S*\{z\}", self.tiles):
            raise wrong(
                "un fond de carte personnel demande SOCLE_MAP_TILES, "
                "une adresse qui contient {z}, {x} et {y}.",
                "a custom background needs SOCLE_MAP_TILES, "
                "an address that contains {z}, {x} and {y}.",
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
        """``scheme://host[:port]`` of the tiles, for the content security policy."""
        parts = urlsplit(self.tile_url)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


class Antivirus(Group):
    """``null`` accepts every file; ``clamd`` asks ClamAV (``host:port`` or path of a socket)."""

    kind: Literal["null", "clamd"] = "null"
    address: str = "127.0.0.1:3310"
    # Seconds.
    timeout: Annotated[int, Field(ge=1, le=300)] = 30


class Geocoder(Group):
    """``null`` searches the territory's own addresses; ``ban`` the national address service."""

    kind: Literal["null", "ban"] = "null"
    url: WebAddress = "https://data.geopf.fr/geocodage"
    # Seconds.
    timeout: Annotated[float, Field(gt=0, le=30)] = 3.0


class Outgoing(Group):
    """Calls to systems chosen by agents or by programs (hand-overs, webhooks, photos by address).

    ``private_hosts``: names or addresses of the local network that may be called, in clear too.
    ``secrets``: ``NAME=value`` pairs, by the names that packs give them (``secret_name``).
    """

    private_hosts: Words = ()
    secrets: Secrets = {}
    # Seconds, from the resolver to the last byte.
    timeout: Annotated[float, Field(gt=0, le=60)] = 8.0


class Security(Group):
    """Host names answered, keys, HTTPS, trusted reverse proxies in front of the server."""

    allowed_hosts: Words = ()
    secret_key: SecretStr = SecretStr("")
    # Still accepted, no longer used to sign: for rotating the key without logging people out.
    previous_secret_key: SecretStr = SecretStr("")
    https: bool | None = None
    proxies: Annotated[int, Field(ge=0, le=5)] = 0
    metrics_token: SecretStr = SecretStr("")
    # Whether agents must have a second factor; unset: in production only.
    agents_second_factor: bool | None = None

    @model_validator(mode="after")
    def _long_secrets(self) -> Self:
        for name, least in (("secret_key", 40), ("metrics_token", 20)):
            length = len(getattr(self, name).get_secret_value())
            if 0 < length < least:
                variable = f"{PREFIX}SECURITY_{name.upper()}"
                raise wrong(
                    f"{variable} compte {length} caractères ; il en faut au moins {least}.",
                    f"{variable} has {length} characters; at least {least} are needed.",
                )
        return self


class Logging(Group):
    """``json``: one line per event for a collector. ``console``: for people. ``auto``: by mode."""

    format: Literal["json", "console", "auto"] = "auto"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Options(BaseSettings):
    """The whole configuration, immutable. Application code reads ``django.conf.settings.SOCLE``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    demo: bool = False
    debug: bool = False
    home: Folder = ROOT / "var"
    pack: Folder | None = None
    locale: Literal["fr", "en"] = "fr"
    time_zone: TimeZone = "Europe/Paris"

    server: Server = Server()
    database: Database = Database()
    storage: Storage = Storage()
    mail: Mail = Mail()
    mailbox: Mailbox = Mailbox()
    franceconnect: FranceConnect = FranceConnect()
    proconnect: ProConnect = ProConnect()
    map: Map = Map()
    antivirus: Antivirus = Antivirus()
    geocoder: Geocoder = Geocoder()
    outgoing: Outgoing = Outgoing()
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
        """Only what :func:`socle.config.loading.load` gathered: one place decides what wins."""
        return (init_settings,)

    @property
    def production(self) -> bool:
        return not (self.demo or self.debug)

    @property
    def https(self) -> bool:
        """Whether people reach the site by HTTPS.

        As set, else read from the public address, else true in production unless the server
        listens on this machine only (a trial without certificate).
        """
        if self.security.https is not None:
            return self.security.https
        if self.server.public_url:
            return self.server.public_url.startswith("https://")
        return self.production and self.server.host not in LOOPBACK

    @property
    def files_folder(self) -> Path:
        """Folder of uploaded files when they are stored locally."""
        return self.storage.folder or self.home / "files"

    @property
    def log_format(self) -> Literal["json", "console"]:
        if self.logging.format == "auto":
            return "json" if self.production else "console"
        return self.logging.format
