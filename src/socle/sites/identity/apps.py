from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "socle.sites.identity"
    label = "identity"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from socle.foundations.accounts import events, registry
        from socle.kernel.events import within
        from socle.sites.identity import handlers

        within(events.PersonRegistered, handlers.person_registered)
        within(events.AccountClosed, handlers.account_closed)
        within(events.IdentityLinked, handlers.identity_linked)
        within(events.IdentityUnlinked, handlers.identity_unlinked)
        registry.personal_data("ways_in", handlers.ways_in)
