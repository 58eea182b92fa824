from django.apps import AppConfig


class TerritoriesConfig(AppConfig):
    name = "socle.foundations.territories"
    label = "territories"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from socle.foundations.packs import registry

        from . import pack, signals

        registry.register(pack.SECTION)
        signals.connect()
