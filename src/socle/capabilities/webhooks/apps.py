from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "socle.capabilities.webhooks"
    label = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import post_delete, post_save

        from socle.capabilities.webhooks import actions
        from socle.capabilities.webhooks.models import Endpoint

        for signal in (post_save, post_delete):
            signal.connect(actions.forget_listeners, sender=Endpoint, dispatch_uid="webhooks.who")
