"""Django and allauth settings of this site, as a function of the installation's options.

``config.settings`` copies them; nothing else of this package is read that early.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

# Idle and absolute lives of a session (seconds). Agents read other people's data: shorter.
IDLE_RESIDENT = int(timedelta(hours=12).total_seconds())
IDLE_AGENT = int(timedelta(hours=8).total_seconds())
ABSOLUTE = int(timedelta(days=30).total_seconds())
# How long a proof of identity is good for a sensitive act.
FRESH = int(timedelta(minutes=10).total_seconds())
_CODE_SECONDS = int(timedelta(minutes=15).total_seconds())


def settings(options: Any) -> dict[str, Any]:
    """Settings to copy into Django's; `options` is ``config.options.Options``."""
    security = options.security
    required = security.agents_second_factor
    return {
        # An address rather than a name: pages add "?next=…" to it.
        "LOGIN_URL": "/compte/connexion",
        "LOGIN_REDIRECT_URL": "/",
        "LOGOUT_REDIRECT_URL": "/",
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "AUTH_PASSWORD_VALIDATORS": [
            {
                "NAME": _VALIDATION + "UserAttributeSimilarityValidator",
                "OPTIONS": {
                    "user_attributes": ("email", "given_names", "family_name", "preferred_name")
                },
            },
            {"NAME": _VALIDATION + "MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
            {"NAME": _VALIDATION + "CommonPasswordValidator"},
            {"NAME": _VALIDATION + "NumericPasswordValidator"},
        ],
        "SESSION_COOKIE_AGE": ABSOLUTE,
        "IDENTITY_SECOND_FACTOR_FOR_AGENTS": options.production if required is None else required,
        "IDENTITY_IDLE_RESIDENT": IDLE_RESIDENT,
        "IDENTITY_IDLE_AGENT": IDLE_AGENT,
        "IDENTITY_ABSOLUTE": ABSOLUTE,
        "IDENTITY_FRESH": FRESH,
        # Sensitive pages of other sites: named here, for sites do not know each other.
        "IDENTITY_FRESH_ROUTES": {"portal:close-account", "portal:personal-data"},
        **_account(),
        **_second_factor(options),
    }


_VALIDATION = "django.contrib.auth.password_validation."


def _account() -> dict[str, Any]:
    return {
        "ACCOUNT_ADAPTER": "socle.sites.identity.adapter.AccountAdapter",
        "ACCOUNT_FORMS": {
            "signup": "socle.sites.identity.forms.SignupForm",
            "confirm_email_verification_code": "socle.sites.identity.forms.VerifyEmailForm",
        },
        "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
        "ACCOUNT_LOGIN_METHODS": {"email"},
        "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
        "ACCOUNT_UNIQUE_EMAIL": True,
        "ACCOUNT_CHANGE_EMAIL": True,
        # True, not "strict": verification being compulsory, no answer reveals an account, and one
        # address never has two.
        "ACCOUNT_PREVENT_ENUMERATION": True,
        "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
        "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": True,
        "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT": _CODE_SECONDS,
        "ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND": True,
        # A change of address during verification would tell whether the first one had an account.
        "ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE": False,
        "ACCOUNT_LOGIN_BY_CODE_ENABLED": True,
        "ACCOUNT_LOGIN_BY_CODE_TIMEOUT": _CODE_SECONDS,
        "ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND": True,
        "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED": True,
        "ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT": _CODE_SECONDS,
        "ACCOUNT_LOGIN_ON_PASSWORD_RESET": True,
        "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE": False,
        "ACCOUNT_LOGOUT_ON_GET": False,
        "ACCOUNT_SESSION_REMEMBER": None,
        "ACCOUNT_EMAIL_NOTIFICATIONS": True,
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": "",
        "ACCOUNT_REAUTHENTICATION_REQUIRED": True,
        "ACCOUNT_REAUTHENTICATION_TIMEOUT": FRESH,
        # The house's own throttle covers every way in (socle.sites.identity.throttle).
        "ACCOUNT_RATE_LIMITS": False,
        # Eight digits: typed on a phone's number pad, and three guesses among a hundred million.
        "ALLAUTH_USER_CODE_FORMAT": {"numeric": True, "dashed": True, "length": 8},
    }


def _second_factor(options: Any) -> dict[str, Any]:
    return {
        "MFA_ADAPTER": "socle.sites.identity.adapter.SecondFactorAdapter",
        "MFA_FORMS": {
            "authenticate": "socle.sites.identity.forms.AuthenticateForm",
            "reauthenticate": "socle.sites.identity.forms.ReauthenticateForm",
        },
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_PASSKEY_SIGNUP_ENABLED": False,
        # A phone whose clock is a little off; a code is refused the second time (forms).
        "MFA_TOTP_TOLERANCE": 1,
        "MFA_RECOVERY_CODES_SHOW_ONCE": False,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": not options.https,
        "MFA_RATE_LIMITS": False,
        # The middleware of the session's life notes it, far less often than at each request.
        "USERSESSIONS_TRACK_ACTIVITY": False,
    }
