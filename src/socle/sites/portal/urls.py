"""Addresses of the portal, in French as people read them."""

from django.urls import path

from socle.sites.portal.views import (
    answering,
    catalogue,
    demo,
    files,
    following,
    notifications,
    offline,
    pages,
    places,
    preferences,
    procedures,
    profile,
    public_reports,
    push,
    pwa,
    reports,
    representations,
    requests,
)

app_name = "portal"

urlpatterns = [
    path("", catalogue.home, name="home"),
    path("recherche", catalogue.search, name="search"),
    path("recherche/suggestions", catalogue.search_suggestions, name="search-suggestions"),
    path("services", catalogue.services, name="services"),
    path("services/<slug:key>", catalogue.service, name="service"),
    path("services/<slug:key>/donnees.jsonld", catalogue.service_data, name="service-data"),
    path("themes/<slug:key>", catalogue.theme, name="theme"),
    path("situations/<slug:key>", catalogue.life_event, name="life-event"),
    # Procedures
    path("demarches/<slug:key>", procedures.start, name="procedure"),
    path("demarches/<slug:key>/<uuid:draft_id>/envoi", procedures.submit, name="procedure-submit"),
    path(
        "demarches/<slug:key>/<uuid:draft_id>/confirmation", procedures.done, name="procedure-done"
    ),
    path(
        "demarches/<slug:key>/<uuid:draft_id>/suppression",
        procedures.forget,
        name="procedure-forget",
    ),
    path(
        "demarches/<slug:key>/<uuid:draft_id>/<slug:step>", procedures.page, name="procedure-page"
    ),
    # Reports
    path("signaler", reports.start, name="report"),
    path("signaler/hors-ligne", offline.screen, name="report-offline"),
    path("signaler/hors-ligne/categories.json", offline.categories, name="report-categories"),
    path("signaler/hors-ligne/moi", offline.me, name="report-me"),
    path("signaler/envoi-differe", offline.send, name="report-deferred"),
    path("signaler/<uuid:draft_id>/envoi", reports.submit, name="report-submit"),
    path("signaler/<uuid:draft_id>/confirmation", reports.done, name="report-done"),
    path("signaler/<uuid:draft_id>/<slug:step>", reports.step, name="report-step"),
    # What others reported
    path("signalements", public_reports.index, name="public-reports"),
    path("signalements/flux.xml", public_reports.feed, name="public-feed"),
    path("signalements/donnees.<slug:form>", public_reports.data, name="public-data"),
    path("signalements/carte", public_reports.embed, name="public-embed"),
    path("signalements/alertes", following.index, name="alerts"),
    path("signalements/alertes/<int:alert_id>/retrait", following.remove, name="alert-remove"),
    path("signalements/alertes/<str:token>", following.alert_link, name="alert-link"),
    path("signalements/abonnement/<str:token>", following.subscription, name="subscription"),
    path("signalements/photos/<int:document_id>", public_reports.photo, name="public-photo"),
    path("signalements/<int:case_id>/resume", public_reports.summary, name="public-summary"),
    path("signalements/<str:reference>", public_reports.detail, name="public-report"),
    path("signalements/<str:reference>/suivre", following.follow, name="public-follow"),
    path("signalements/<str:reference>/ne-plus-suivre", following.unfollow, name="public-unfollow"),
    # Requests under way, in one's account…
    path("mes-demandes", requests.index, name="requests"),
    path("mes-demandes/recherche", requests.find, name="request-find"),
    path("mes-demandes/<str:reference>", requests.detail, name="request"),
    path("mes-demandes/<str:reference>/messages", requests.reply, name="request-reply"),
    path("mes-demandes/<str:reference>/action", answering.act, name="request-act"),
    path("mes-demandes/<str:reference>/avis", answering.feedback, name="request-feedback"),
    path("mes-demandes/<str:reference>/pas-regle", answering.not_fixed, name="request-not-fixed"),
    path("mes-demandes/<str:reference>/recepisse.pdf", requests.receipt, name="receipt"),
    path(
        "mes-demandes/<str:reference>/documents/<int:document_id>",
        requests.document,
        name="request-document",
    ),
    # … or by the private link of the e-mail.
    path("suivi/<str:reference>/<str:token>", requests.detail, name="follow"),
    path("suivi/<str:reference>/<str:token>/messages", requests.reply, name="follow-reply"),
    path("suivi/<str:reference>/<str:token>/action", answering.act, name="follow-act"),
    path("suivi/<str:reference>/<str:token>/avis", answering.feedback, name="follow-feedback"),
    path(
        "suivi/<str:reference>/<str:token>/pas-regle",
        answering.not_fixed,
        name="follow-not-fixed",
    ),
    path(
        "suivi/<str:reference>/<str:token>/recepisse.pdf", requests.receipt, name="follow-receipt"
    ),
    path(
        "suivi/<str:reference>/<str:token>/documents/<int:document_id>",
        requests.document,
        name="follow-document",
    ),
    # The person
    path("profil", profile.profile, name="profile"),
    path("profil/consentements", profile.consents, name="consents"),
    path("profil/donnees", profile.export, name="personal-data"),
    path("profil/representations", representations.ask, name="representation-ask"),
    path(
        "profil/representations/<int:representation_id>/fin",
        representations.end,
        name="representation-end",
    ),
    path("profil/fermeture", profile.close, name="close-account"),
    path("notifications", notifications.index, name="notifications"),
    path("notifications/lues", notifications.read_all, name="notifications-read"),
    path("notifications/appareil", push.subscribe, name="push-subscribe"),
    path("notifications/appareil/retrait", push.unsubscribe, name="push-unsubscribe"),
    path("notifications/<int:notification_id>", notifications.follow, name="notification"),
    # Surroundings
    path("preferences/langue", preferences.language, name="language"),
    path("preferences/theme", preferences.theme, name="theme-choice"),
    path("adresse/suggestions", places.suggestions, name="addresses"),
    path("adresse/inverse", places.reverse_geocode, name="address-reverse"),
    path("carte/communes.geojson", places.communes, name="communes"),
    path("fichiers/<uuid:file_id>", files.download, name="file"),
    path("manifest.webmanifest", pwa.manifest, name="manifest"),
    path("sw.js", pwa.service_worker, name="service-worker"),
    path("hors-ligne", pwa.offline, name="offline"),
    path("brand.css", pwa.brand, name="brand"),
    path("demo/courriels", demo.mails, name="mails"),
    path("demo/courriels/<int:email_id>", demo.mail, name="mail"),
    path(".well-known/security.txt", pages.security, name="security"),
    path("robots.txt", pages.robots, name="robots"),
    path("plan-du-site", pages.sitemap, name="sitemap"),
    # Last: the pack's own pages.
    path("<slug:slug>", pages.page, name="page"),
]
