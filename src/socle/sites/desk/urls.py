"""Addresses of the desk."""

from django.urls import path

from socle.sites.desk.views import (
    absences,
    cases,
    counter,
    field,
    inbox,
    integrations,
    interventions,
    joining,
    moderation,
    organisation,
    partners,
    platform,
    representations,
    rules,
    statistics,
    triage,
)

app_name = "desk"

urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("points.geojson", inbox.points, name="points"),
    path("chercher", inbox.find, name="find"),
    path("groupe", triage.bulk, name="bulk"),
    path("groupe/<int:operation_id>/annulation", triage.undo, name="bulk-undo"),
    path("filtres", inbox.save_filter, name="filter-save"),
    path("filtres/<int:filter_id>/suppression", inbox.delete_filter, name="filter-delete"),
    path("ensemble", inbox.overview, name="overview"),
    path("dossiers/<str:reference>", cases.detail, name="case"),
    path("dossiers/<str:reference>/messages", cases.reply, name="case-reply"),
    path("dossiers/<str:reference>/action", cases.transition, name="case-act"),
    path("dossiers/<str:reference>/attribution", cases.assign, name="case-assign"),
    path("dossiers/<str:reference>/transfert", cases.transfer, name="case-transfer"),
    path("dossiers/<str:reference>/regroupement", joining.merge, name="case-merge"),
    path(
        "dossiers/<str:reference>/regroupement/<int:merge_id>", joining.unmerge, name="case-unmerge"
    ),
    path("dossiers/<str:reference>/repartition", joining.split, name="case-split"),
    path("dossiers/<str:reference>/intervention", joining.plan, name="case-plan"),
    path("dossiers/<str:reference>/organisme", joining.hand_over, name="case-hand-over"),
    path(
        "dossiers/<str:reference>/documents/<int:document_id>", cases.document, name="case-document"
    ),
    path("interventions", interventions.index, name="interventions"),
    path("interventions/<str:reference>", interventions.detail, name="intervention"),
    path("interventions/<str:reference>/action", interventions.act, name="intervention-act"),
    path("organisations/<slug:slug>/regles", rules.index, name="rules"),
    path("organisations/<slug:slug>/regles/ecriture", rules.save, name="rule-save"),
    path("organisations/<slug:slug>/regles/<int:rule_id>", rules.change, name="rule-change"),
    path("organisations/<slug:slug>/entreprises", partners.contractors, name="contractors"),
    path(
        "organisations/<slug:slug>/entreprises/changement",
        partners.change_contractors,
        name="contractors-change",
    ),
    path("organisations/<slug:slug>/organismes", partners.bodies, name="bodies"),
    path(
        "organisations/<slug:slug>/organismes/<int:handover_id>/envoi",
        partners.retry_handover,
        name="body-retry",
    ),
    path("absences", absences.home, name="absences-home"),
    path("organisations/<slug:slug>/absences", absences.index, name="absences"),
    path("organisations/<slug:slug>/absences/changement", absences.change, name="absences-change"),
    path("statistiques", statistics.index, name="statistics"),
    path("statistiques/<slug:table>.csv", statistics.export, name="statistics-export"),
    path("relecture", moderation.index, name="moderation"),
    path("relecture/<int:case_id>", moderation.decide, name="moderation-decide"),
    # The phone in the street
    path("terrain/", field.page, name="field"),
    path("terrain/tournee.json", field.round_data, name="field-round"),
    path("terrain/tournee.geojson", field.points, name="field-points"),
    path("terrain/jeton", field.token, name="field-token"),
    path("terrain/actes", field.act, name="field-act"),
    path("terrain/nouveau", field.create, name="field-create"),
    path("accueil", counter.counter, name="counter"),
    path("representations", representations.index, name="representations"),
    path("representations/<int:representation_id>", representations.answer, name="representation"),
    path("organisations", organisation.index, name="organisations"),
    path("organisations/<slug:slug>", organisation.detail, name="organisation"),
    path("organisations/<slug:slug>/changement", organisation.change, name="organisation-change"),
    path("organisations/<slug:slug>/programmes", integrations.index, name="integrations"),
    path(
        "organisations/<slug:slug>/programmes/changement",
        integrations.change,
        name="integrations-change",
    ),
    path(
        "organisations/<slug:slug>/programmes/adresses/<int:endpoint_id>",
        integrations.endpoint,
        name="integration-endpoint",
    ),
    path(
        "organisations/<slug:slug>/programmes/adresses/<int:endpoint_id>/changement",
        integrations.change_endpoint,
        name="integration-endpoint-change",
    ),
    path("organisations/<slug:slug>/journal", platform.register, name="journal"),
    path("plateforme", platform.platform, name="platform"),
    path("plateforme/taches/<int:task_id>", platform.retry, name="task-retry"),
]
