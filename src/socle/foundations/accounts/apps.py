from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "socle.foundations.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from socle.foundations.packs import registry

        from . import pack

        registry.register(pack.SECTION)
