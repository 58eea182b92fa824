from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "socle.domains.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from socle.capabilities.casework import registry as cases
        from socle.domains.reports import queries
        from socle.domains.reports.sections import SECTION
        from socle.foundations.packs import registry

        registry.register(SECTION)
        cases.register(
            cases.CaseKind(
                "report", _("Signalement"), _("Signalements"), "megaphone",
                category_label=queries.category_label,
            )
        )  # fmt: skip
