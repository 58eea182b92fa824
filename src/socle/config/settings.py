"""Django settings, derived from the typed options. Rooms read ``settings.SOCLE`` for their own."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from socle.config import logs
from socle.config.keys import secret_key
from socle.config.loading import load
from socle.config.options import LOOPBACK, ROOT
from socle.sites.identity import defaults as identity

SOCLE = load()
BASE_DIR = ROOT
_PACKAGE = Path(__file__).resolve().parents[1]

DEBUG = SOCLE.debug
SECRET_KEY = secret_key(SOCLE)
_PREVIOUS_KEY = SOCLE.security.previous_secret_key.get_secret_value()
SECRET_KEY_FALLBACKS = [_PREVIOUS_KEY] if _PREVIOUS_KEY else []

# --- Rooms ---
_ROOMS = [
    "socle.foundations.accounts",
    "socle.foundations.territories",
    "socle.foundations.files",
    "socle.foundations.journal",
    "socle.foundations.packs",
    "socle.foundations.tasks",
    "socle.capabilities.catalogue",
    "socle.capabilities.casework",
    "socle.capabilities.questionnaires",
    "socle.capabilities.notifications",
    "socle.capabilities.search",
    "socle.capabilities.webhooks",
    "socle.domains.procedures",
    "socle.domains.reports",
    "socle.design",
    "socle.sites.portal",
    "socle.sites.desk",
    "socle.sites.identity",
    "socle.sites.api",
    "socle.connectors.franceconnect",
    "socle.connectors.proconnect",
    "socle.connectors.ban",
    "socle.connectors.clamd",
    "socle.connectors.mailbox",
    "socle.connectors.open311",
]


INSTALLED_APPS = [
    "socle.config",
    *_ROOMS,
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The order is the order in which a request meets them; the answer goes back up.
MIDDLEWARE = [
    "socle.config.middleware.identification.RequestIdMiddleware",
    "socle.config.ops.OperationsMiddleware",
    "socle.config.middleware.timing.TimingMiddleware",
    "socle.config.middleware.identification.ClientAddressMiddleware",
    "socle.config.middleware.headers.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "socle.config.middleware.limits.BodySizeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "socle.config.middleware.compression.CompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "socle.sites.identity.middleware.SessionLifetimeMiddleware",
    "socle.sites.identity.middleware.ActorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    # Last: it sees what views raise before any other.
    "socle.config.middleware.errors.ErrorsMiddleware",
]
ROOT_URLCONF = "socle.config.urls"
WSGI_APPLICATION = "socle.config.wsgi.application"
APPEND_SLASH = True

# --- Templates: the house's in Jinja2, allauth's own fallbacks in Django's language ---
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": True,
        "OPTIONS": {
            "environment": "socle.design.environment.environment",
            # Each only answers for its own pages; the desk's come after the portal's, and win.
            "context_processors": [
                "socle.design.context.appearance",
                "socle.sites.portal.context.surroundings",
                "socle.sites.desk.context.surroundings",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Data ---
DATABASES = {"default": SOCLE.database.django(SOCLE.home)}
CACHES = {
    # Shared by every worker: login throttling counts here. The table is made by `socle migrate`.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "socle_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000, "CULL_FREQUENCY": 4},
    },
    # Per process, for what can be computed again.
    "local": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "local",
        "OPTIONS": {"MAX_ENTRIES": 5_000},
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

STORAGES = {
    "default": SOCLE.storage.django(SOCLE.home),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Files are only ever read through a view that asks a policy: there is no media address.
MEDIA_ROOT = str(SOCLE.files_folder)
MEDIA_URL = ""
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False
# Bundles carry the hash of their content in their name.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/dist/.+[.-][0-9A-Za-z]{8,}\.[a-z0-9]+(\.map)?$"

# --- People ---
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    # Memory-hard and in the standard library; the second reads passwords of other Django sites.
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# Everything about login is decided by the site that shows it.
globals().update(identity.settings(SOCLE))
# An address, not a name: pages add "?next=…" to it.
LOGIN_URL = "/compte/connexion"
ALLAUTH_TRUSTED_PROXY_COUNT = SOCLE.security.proxies

# --- Language and time ---
LANGUAGE_CODE = SOCLE.locale
LANGUAGES = [("fr", "Français"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "langue"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [str(_PACKAGE / "locale")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = SOCLE.time_zone
USE_THOUSAND_SEPARATOR = False

# --- Mail ---
if SOCLE.mail.kind == "smtp":
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = SOCLE.mail.host
    EMAIL_PORT = SOCLE.mail.port
    EMAIL_HOST_USER = SOCLE.mail.user
    EMAIL_HOST_PASSWORD = SOCLE.mail.password.get_secret_value()
    EMAIL_USE_TLS = SOCLE.mail.security == "starttls"
    EMAIL_USE_SSL = SOCLE.mail.security == "tls"
    EMAIL_TIMEOUT = SOCLE.mail.timeout
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(SOCLE.home / "mail")
DEFAULT_FROM_EMAIL = (
    f'"{SOCLE.mail.sender_name}" <{SOCLE.mail.sender}>'
    if SOCLE.mail.sender_name
    else SOCLE.mail.sender
)
SERVER_EMAIL = SOCLE.mail.sender

# --- Security ---
ALLOWED_HOSTS = list(SOCLE.security.allowed_hosts) or [
    *LOOPBACK,
    "[::1]",
    *([urlsplit(SOCLE.server.public_url).hostname or ""] if SOCLE.server.public_url else []),
]
CSRF_FAILURE_VIEW = "socle.config.pages.csrf_failure"
CSRF_TRUSTED_ORIGINS = [SOCLE.server.public_url] if SOCLE.server.public_url else []
CSRF_COOKIE_NAME = "__Host-csrf" if SOCLE.https else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = SOCLE.https
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if SOCLE.https else "session"
SESSION_COOKIE_SECURE = SOCLE.https
SESSION_COOKIE_HTTPONLY = True
# Lax, not Strict: people come back from FranceConnect and from links in e-mail.
SESSION_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SOCLE.https
SECURE_SSL_REDIRECT = SOCLE.https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SOCLE.security.proxies else None
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600 if SOCLE.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

_TILES = [SOCLE.map.origin] if SOCLE.map.origin else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *_TILES],
        "connect-src": [SELF, *_TILES],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# --- Logs ---
LOGGING_CONFIG = "socle.config.logs.configure"
LOGGING = logs.plan(SOCLE)

TEST_RUNNER = "django.test.runner.DiscoverRunner"
