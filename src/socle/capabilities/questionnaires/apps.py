from django.apps import AppConfig


class QuestionnairesConfig(AppConfig):
    name = "socle.capabilities.questionnaires"
    label = "questionnaires"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from socle.capabilities.questionnaires import queries, reactions
        from socle.foundations.accounts.events import AccountClosed
        from socle.foundations.accounts.registry import personal_data
        from socle.kernel.events import within

        within(AccountClosed, reactions.account_closed)
        personal_data("drafts", queries.of_person)
