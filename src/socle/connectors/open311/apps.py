from django.apps import AppConfig


class Open311Config(AppConfig):
    name = "socle.connectors.open311"
    label = "open311"

    def ready(self) -> None:
        from socle.capabilities.casework.events import CaseChanged
        from socle.connectors.open311 import telling
        from socle.connectors.open311.sender import Open311Sender
        from socle.domains.reports.handovers import registry
        from socle.domains.reports.models import ExternalBody
        from socle.kernel.events import within

        registry.register(ExternalBody.Means.OPEN311, Open311Sender())
        within(CaseChanged, telling.noticed)
