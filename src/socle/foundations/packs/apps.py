from django.apps import AppConfig


class PacksConfig(AppConfig):
    name = "socle.foundations.packs"
    label = "packs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import brand, pack, registry

        registry.register(pack.SECTION)
        registry.register(brand.SECTION)
