from django.apps import AppConfig


class ClamdConfig(AppConfig):
    name = "socle.connectors.clamd"
    label = "clamd"

    def ready(self) -> None:
        from socle.connectors.clamd.client import from_settings
        from socle.foundations.files import registry

        registry.register("clamd", from_settings)
