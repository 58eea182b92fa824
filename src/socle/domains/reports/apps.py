from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "socle.domains.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from socle.domains.reports.sections import SECTION
        from socle.foundations.packs import registry

        registry.register(SECTION)
