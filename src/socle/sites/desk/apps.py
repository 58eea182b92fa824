from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "socle.sites.desk"
    label = "desk"

    def ready(self) -> None:
        from socle.sites.desk import links

        links.register()
