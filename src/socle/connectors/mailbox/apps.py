from django.apps import AppConfig


class MailboxConfig(AppConfig):
    name = "socle.connectors.mailbox"
    label = "mailbox"

    def ready(self) -> None:
        from socle.capabilities.casework import registry
        from socle.connectors.mailbox import imap, maildir

        registry.register_mailbox("maildir", maildir.from_settings)
        registry.register_mailbox("imap", imap.from_settings)
