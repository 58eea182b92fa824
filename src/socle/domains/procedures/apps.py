from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "socle.domains.procedures"
    label = "procedures"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from socle.domains.procedures.sections import SECTION
        from socle.foundations.packs import registry

        registry.register(SECTION)
