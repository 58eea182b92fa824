from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "socle.capabilities.notifications"
    label = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from socle.capabilities.notifications import push, queries, reactions, registry
        from socle.foundations.accounts.events import (
            AccountClosed,
            RepresentationDeclined,
            RepresentationVerified,
        )
        from socle.foundations.accounts.registry import personal_data
        from socle.foundations.files.events import FileBlocked
        from socle.kernel.events import within

        within(AccountClosed, reactions.account_closed)
        within(FileBlocked, reactions.file_blocked)
        within(RepresentationVerified, reactions.representation_verified)
        within(RepresentationDeclined, reactions.representation_declined)
        registry.push_source("notification", push.of_notification)
        personal_data("notifications", queries.of_person)
