from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "socle.sites.identity"
    label = "identity"
