from django.apps import AppConfig


class ProConnectConfig(AppConfig):
    name = "socle.connectors.proconnect"
    label = "proconnect"

    def ready(self) -> None:
        from socle.connectors.proconnect.provider import KEY, configured
        from socle.foundations.accounts import registry

        registry.identity_provider(KEY, configured)
