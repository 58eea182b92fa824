"""Django app of the design system (templates, static bundles, style page)."""

from django.apps import AppConfig


class DesignConfig(AppConfig):
    """Registers the app under the label ``design``."""

    name = "socle.design"
    label = "design"
    verbose_name = "Design"

    def ready(self) -> None:
        from socle.design import checking
        from socle.foundations.packs import registry

        registry.inspect_colours(checking.problems)
