"""What packs declare, as it is in force now or as a case pinned it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from socle.kernel.errors import NotFound

from . import canonical, registry
from .models import Application, Current, Revision
from .pack import NO_PACK, PackFile, Site
from .stamps import Stamped, stamp

if TYPE_CHECKING:
    from .brand import Brand

__all__ = [
    "applications", "brand", "content", "current", "document", "documents", "forget", "keys",
    "logo", "metropole_slug", "pack", "site", "stamp",
]  # fmt: skip


def _load_current() -> dict[str, dict[str, Revision]]:
    found: dict[str, dict[str, Revision]] = {}
    # Contents are fetched one by one when a document is first asked for.
    rows = Current.objects.select_related("revision").defer("revision__content")
    for row in rows.order_by("section", "key"):
        found.setdefault(row.section, {})[row.key] = row.revision
    return found


_current = Stamped(_load_current)


def current(section: str, key: str = "") -> Revision | None:
    """The revision in force of a declaration, None when there is none. No query, once warm.

    Without a key: the only declaration of its section (files at the root of the pack).
    """
    found = _current.get().get(section, {})
    if key:
        return found.get(key)
    return next(iter(found.values())) if len(found) == 1 else None


def keys(section: str) -> tuple[str, ...]:
    """Keys of the declarations in force in a section, sorted."""
    return tuple(_current.get().get(section, {}))


def document(revision: Revision) -> Any:
    """The typed document of a revision, current or not; kept in the process: it never changes.

    Raises `KeyError` when no installed room reads its section any more, `pydantic.ValidationError`
    when that room can no longer read so old a content.
    """
    return _document(revision.section, revision.key, revision.digest)


def content(revision_id: int) -> Any:
    """`document` of a revision known by its id: what a case pinned. Raises `NotFound`."""
    section, key, digest = _address(revision_id)
    return _document(section, key, digest)


def successor(revision_id: int) -> int:
    """The id of the revision in force of the same declaration; its own when there is none any more.
    Raises `NotFound` for an unknown revision.
    """
    section, key, _digest = _address(revision_id)
    found = current(section, key)
    return revision_id if found is None else found.pk


def documents(section: str) -> dict[str, Any]:
    """Documents in force of a section by key."""
    revisions = _current.get().get(section, {})
    return {key: document(revision) for key, revision in revisions.items()}


@lru_cache(maxsize=4096)
def _address(revision_id: int) -> tuple[str, str, str]:
    found = Revision.objects.filter(pk=revision_id).values_list("section", "key", "digest").first()
    if found is None:
        raise NotFound
    return found


@lru_cache(maxsize=2048)
def _document(section: str, key: str, digest: str) -> Any:
    stored = Revision.objects.get(section=section, key=key, digest=digest).content
    model = registry.section(section).model
    return model.model_validate_json(canonical.text(stored), strict=True)


def pack() -> PackFile:
    """`pack.toml` of the pack in force; a neutral one before any is applied."""
    return _pack.get()


def _load_pack() -> PackFile:
    revision = current("site")
    if revision is None:
        return NO_PACK
    found: PackFile = document(revision)
    return found


_pack = Stamped(_load_pack)


def site() -> Site:
    """Name, legal notice and contacts of the portal."""
    return pack().site


def metropole_slug() -> str:
    """Slug of the organisation that carries the pooled service."""
    return pack().metropole


def brand(slug: str = "") -> dict[str, str]:
    """Colour tokens of an organisation, else of the pack; empty when the pack declares none."""
    revision = current("brand")
    return {} if revision is None else dict(document(revision).look(slug).colors)


def logo(slug: str = "") -> str:
    """The mark of an organisation, else of the pack, as SVG text; empty when there is none."""
    revision = current("brand")
    if revision is None:
        return ""
    declared: Brand = document(revision)
    return declared.marks.get(declared.look(slug).logo or declared.logo, "")


def applications(limit: int = 20) -> list[Application]:
    """The latest applications that changed something, newest first."""
    return list(Application.objects.order_by("-applied_at", "-pk")[:limit])


def forget() -> None:
    """Forget everything kept in this process (for tests, whose databases are rolled back)."""
    from .stamps import forget as forget_stamp

    forget_stamp()
    _address.cache_clear()
    _document.cache_clear()
