"""Steps of a login that differ from allauth's."""

from __future__ import annotations

from allauth.mfa.stages import AuthenticateStage as BaseAuthenticateStage
from django.http import HttpRequest

# In the state of a login whose identity provider has just asked for several factors itself.
PROVIDER_SECOND_FACTOR = "provider_second_factor"


class AuthenticateStage(BaseAuthenticateStage):  # type: ignore[misc]
    """The second factor, unless the identity provider has just asked for its own."""

    def _should_handle(self, request: HttpRequest) -> bool:
        if self.login.state.get(PROVIDER_SECOND_FACTOR) is True:
            return False
        return bool(super()._should_handle(request))
