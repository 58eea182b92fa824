from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "socle.sites.portal"
    label = "portal"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from socle.foundations.packs import registry
        from socle.sites.portal import accessibility, claims, links, receipts

        links.register()
        receipts.register()
        registry.register(accessibility.SECTION)
        user_logged_in.connect(claims.hand_over, dispatch_uid="portal.claims")
