from django.apps import AppConfig


class Open311Config(AppConfig):
    name = "socle.connectors.open311"
    label = "open311"

    def ready(self) -> None:
        from socle.connectors.open311.sender import Open311Sender
        from socle.domains.reports.handovers import registry
        from socle.domains.reports.models import ExternalBody

        registry.register(ExternalBody.Means.OPEN311, Open311Sender())
