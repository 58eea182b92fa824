from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "socle.sites.portal"
    label = "portal"

    def ready(self) -> None:
        from socle.sites.portal import links

        links.register()
