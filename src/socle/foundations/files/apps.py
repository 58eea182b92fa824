from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "socle.foundations.files"
    label = "files"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from socle.foundations.accounts.events import AccountClosed
        from socle.foundations.accounts.registry import personal_data
        from socle.foundations.files import queries, reactions
        from socle.kernel.events import within

        within(AccountClosed, reactions.account_closed)
        personal_data("files", queries.of_person)
