"""OpenID Connect, relying party: what every provider shares; their own rules are connectors'.

Authorization code flow with a confidential client; identity and userinfo are signed tokens, both
verified. Nothing is taken from a token before its signature is good.
"""

from socle.foundations.accounts.oidc.client import RelyingParty, Settings, forget_metadata

__all__ = ["RelyingParty", "Settings", "forget_metadata"]
