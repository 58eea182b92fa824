from django.apps import AppConfig


class FranceConnectConfig(AppConfig):
    name = "socle.connectors.franceconnect"
    label = "franceconnect"

    def ready(self) -> None:
        from socle.connectors.franceconnect.provider import KEY, configured
        from socle.foundations.accounts import registry

        registry.identity_provider(KEY, configured)
