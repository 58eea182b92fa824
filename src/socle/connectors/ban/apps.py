from django.apps import AppConfig


class BanConfig(AppConfig):
    name = "socle.connectors.ban"
    label = "ban"
