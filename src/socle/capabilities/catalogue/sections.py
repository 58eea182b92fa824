"""How the catalogue's declarations are checked and applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from socle.capabilities.catalogue import icons, markdown
from socle.capabilities.catalogue.models import PublicService
from socle.capabilities.catalogue.pack import ContentPage, ServiceDeclaration, Vocabulary
from socle.foundations.packs.applying import Applying
from socle.foundations.packs.context import Context
from socle.foundations.packs.parts import Page, Toml
from socle.foundations.packs.problems import Problem, suggestion
from socle.foundations.packs.registry import Item, Name, Section
from socle.foundations.territories.models import Organisation

# --- catalogue.toml ---


def _icon(
    item: Item[Vocabulary] | Item[ServiceDeclaration], name: str, *path: str | int
) -> Iterator[Problem]:
    known = icons.known()
    if known is not None and name not in known:
        message = _("L’icône « %(name)s » n’existe pas.") % {"name": name}
        yield item.problem(message + suggestion(name, known), *path)


def _check_vocabulary(item: Item[Vocabulary], context: Context) -> Iterator[Problem]:
    for index, event in enumerate(item.document.life_events):
        yield from _icon(item, event.icon, "life_event", index, "icon")
    for index, theme in enumerate(item.document.themes):
        yield from _icon(item, theme.icon, "theme", index, "icon")
    for table in ("synonyms", "synonyms_en"):
        for index, group in enumerate(getattr(item.document, table)):
            if len(group) < 2:
                yield item.problem(
                    _("Un groupe de synonymes a au moins deux expressions."), table, index
                )


def _vocabulary_names(item: Item[Vocabulary]) -> Iterator[Name]:
    for index, event in enumerate(item.document.life_events):
        yield Name("life_event", event.id, ("life_event", index, "id"))
    for index, theme in enumerate(item.document.themes):
        yield Name("theme", theme.id, ("theme", index, "id"))


VOCABULARY = Section(
    name="catalogue",
    where=".",
    parts=(Toml("catalogue.toml"),),
    model=Vocabulary,
    check=_check_vocabulary,
    names=_vocabulary_names,
    provides=("life_event", "theme"),
)

# --- services/<key>/service.toml ---


def _check_service(item: Item[ServiceDeclaration], context: Context) -> Iterator[Problem]:
    service = item.document
    yield from context.known(item, "organisation", service.organisation, "organisation")
    yield from context.known(item, "theme", service.theme, "theme")
    yield from context.all_known(item, "life_event", service.life_events, "life_events")
    yield from context.all_known(item, "area", service.areas, "areas")
    yield from context.all_known(item, "service", service.related, "related")
    yield from context.known(item, "team", service.team, "team")
    yield from _icon(item, service.icon, "icon")
    if item.key in service.related:
        yield item.problem(_("Un service n’est pas lié à lui-même."), "related")
    yield from _check_action(item, context)
    if service.action == "procedure":
        yield from _check_receipt(item)
    ways = (service.contact, service.channels, service.links, service.action_url)
    if not any(ways) and service.provider != "commune":
        # Never a dead end: whoever reads the page must be able to go on.
        yield item.problem(
            _("Ce service ne dit ni où s’adresser, ni où aller (contact, channel ou link)."),
            "title",
            severity="warning",
        )


def _check_action(item: Item[ServiceDeclaration], context: Context) -> Iterator[Problem]:
    service = item.document
    if service.action == "information":
        if service.action_url:
            message = _("« information » n’a pas de bouton : choisissez « link ».")
            yield item.problem(message, "action_url")
        return
    if service.action_url:
        return
    if service.action == "link":
        yield item.problem(_("Un service de type « link » a une adresse (action_url)."), "action")
    elif service.action == "procedure" and _lacks(context, "procedure", item.key):
        message = _("Aucune démarche n’est déclarée à côté (questionnaire.toml, workflow.toml).")
        yield item.problem(message, "action")
    elif service.action == "report" and _lacks(context, "category"):
        message = _("Ce pack ne déclare aucune catégorie de signalement.")
        yield item.problem(message, "action")


def _lacks(context: Context, kind: str, name: str | None = None) -> bool:
    if not context.is_sure_of(kind):
        return False
    known = context.names(kind)
    return name not in known if name else not known


def _check_receipt(item: Item[ServiceDeclaration]) -> Iterator[Problem]:
    """What the acknowledgement must hold (CRPA, article R.112-11-1)."""
    service = item.document
    if service.silence is None:
        yield item.problem(
            _("Une démarche dit ce que vaut l’absence de réponse (table silence)."), "action"
        )
    contact = service.contact
    if contact is None:
        yield item.problem(
            _("Une démarche dit quel service s’en charge (table contact)."), "action"
        )
    elif not contact.phone or not (contact.email or contact.address):
        yield item.problem(
            _("L’accusé de réception donne un téléphone, et une adresse postale ou électronique."),
            "contact",
        )


def _apply_service(item: Item[ServiceDeclaration], applying: Applying) -> None:
    service = item.document
    organisation = Organisation.objects.only("pk").get(slug=service.organisation)
    PublicService.objects.update_or_create(
        key=item.key,
        defaults={
            "revision": applying.revision,
            "organisation": organisation,
            "title": service.title,
            "summary": service.summary,
            "icon": service.icon,
            "theme": service.theme,
            "audiences": list(service.audiences),
            "life_events": list(service.life_events),
            "areas": list(service.areas),
            "action": service.action,
            "action_url": service.action_url,
            "featured": service.featured,
            "content": dict(item.content),
            "is_active": True,
        },
    )


def _withdraw_service(key: str, _applying: Applying) -> None:
    # Cases point at the service by its key: the row stays, out of lists and search.
    PublicService.objects.filter(key=key).update(is_active=False)


SERVICE = Section(
    name="service",
    where="services/*",
    parts=(Toml("service.toml"),),
    model=ServiceDeclaration,
    check=_check_service,
    names=lambda item: [Name("service", item.key)],
    provides=("service",),
    apply=_apply_service,
    withdraw=_withdraw_service,
    after=("catalogue", "territory"),
)

# --- content/<slug>/{fr,en}.md ---


def _check_page(item: Item[ContentPage], _context: Context) -> Iterator[Problem]:
    for language, text in (("fr", item.document.fr), ("en", item.document.en)):
        if text is None:
            continue
        for name in markdown.placeholders(text.body):
            if name not in markdown.PLACEHOLDERS:
                message = _("« {%(name)s} » n’est pas un champ que les pages connaissent.")
                offset = text.body.index("{" + name + "}")
                yield item.problem(
                    message % {"name": name} + suggestion(name, markdown.PLACEHOLDERS),
                    language,
                    "body",
                    offset=offset,
                )


def _page_names(item: Item[ContentPage]) -> Iterable[Name]:
    return [Name("page", item.key)]


PAGE = Section(
    name="page",
    where="content/*",
    parts=(Page("fr.md", "fr"), Page("en.md", "en", required=False)),
    model=ContentPage,
    check=_check_page,
    names=_page_names,
    provides=("page",),
)

SECTIONS = (VOCABULARY, SERVICE, PAGE)
