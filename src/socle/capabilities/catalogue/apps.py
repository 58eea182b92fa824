from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "socle.capabilities.catalogue"
    label = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from socle.capabilities.catalogue.sections import SECTIONS
        from socle.foundations.packs import registry

        for section in SECTIONS:
            registry.register(section)
