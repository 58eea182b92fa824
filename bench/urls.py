"""The house's addresses, and the bare views beside them."""

from django.urls import include, path

from bench import bare
from socle.config.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("nu/accueil", bare.home),
    path("nu/services/<slug:key>", bare.service),
    # Under the desk's prefix: the middleware looks at the address.
    path("agents/nu", bare.inbox),
    path("", include("socle.config.urls")),
]
