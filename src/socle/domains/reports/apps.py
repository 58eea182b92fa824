from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "socle.domains.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from socle.capabilities.casework import inbound
        from socle.capabilities.casework import registry as cases
        from socle.domains.reports import absences, mailing, queries, showing
        from socle.domains.reports.activation.pack import SECTION as COMMUNES
        from socle.domains.reports.assets.pack import SECTION as ASSETS
        from socle.domains.reports.handovers.pack import SECTION as BODIES
        from socle.domains.reports.routing.pack import SECTION as ROUTING
        from socle.domains.reports.sections import SECTION
        from socle.foundations.packs import registry

        for section in (SECTION, ASSETS, ROUTING, COMMUNES, BODIES):
            registry.register(section)
        _keep_public_rows_in_step()
        _hand_over_by_mail_and_calls()
        cases.register(
            cases.CaseKind(
                "report", _("Signalement"), _("Signalements"), "megaphone",
                category_label=queries.category_label, followable=showing.is_public,
            )
        )  # fmt: skip
        cases.cover(absences.cover_of)
        inbound.opener(mailing.open_report)


def _keep_public_rows_in_step() -> None:
    from django.db.models.signals import post_delete

    from socle.capabilities.casework.events import CaseChanged, FollowersChanged
    from socle.domains.reports import reactions
    from socle.domains.reports.models import PublicPhoto, PublicReport
    from socle.domains.reports.public import projecting
    from socle.foundations.packs.events import PackApplied
    from socle.kernel.events import within

    within(CaseChanged, projecting.on_case_changed)
    within(FollowersChanged, reactions.followers_changed)
    within(PackApplied, reactions.pack_applied)
    post_delete.connect(
        projecting.on_public_row_deleted, sender=PublicReport, dispatch_uid="reports.public"
    )
    post_delete.connect(
        projecting.on_photo_deleted, sender=PublicPhoto, dispatch_uid="reports.photo"
    )


def _hand_over_by_mail_and_calls() -> None:
    from socle.capabilities.casework.events import CaseReopened
    from socle.domains.reports import statistics, telling
    from socle.domains.reports.handovers import registry
    from socle.domains.reports.handovers.calling import WebhookSender
    from socle.domains.reports.handovers.letters import EmailSender
    from socle.domains.reports.models import ExternalBody
    from socle.kernel.events import within

    registry.register(ExternalBody.Means.EMAIL, EmailSender())
    registry.register(ExternalBody.Means.WEBHOOK, WebhookSender())
    telling.register()
    within(CaseReopened, statistics.on_reopened)
