"""A revision is written once, addressed by its content, readable for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from tests.foundations.packs.conftest import Folder

from socle.foundations import packs
from socle.foundations.packs import canonical, checking, queries
from socle.foundations.packs.models import Immutable, Revision

pytestmark = pytest.mark.django_db

SERVICE = "services/composteur/service.toml"


def test_a_change_adds_a_revision_and_keeps_the_old_one_readable(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    pinned = queries.current("service", "composteur")
    assert pinned is not None
    lakeside.edit(SERVICE, "Demander un composteur", "Obtenir un composteur")
    packs.apply(lakeside.path)
    now = queries.current("service", "composteur")
    assert now is not None
    assert now.pk != pinned.pk
    assert queries.content(pinned.pk).title == "Demander un composteur"
    assert queries.document(now).title == "Obtenir un composteur"
    assert Revision.objects.filter(section="service", key="composteur").count() == 2


def test_going_back_finds_the_revision_that_was_there(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    pinned = queries.current("service", "composteur")
    lakeside.edit(SERVICE, "Demander un composteur", "Obtenir un composteur")
    packs.apply(lakeside.path)
    lakeside.edit(SERVICE, "Obtenir un composteur", "Demander un composteur")
    packs.apply(lakeside.path)
    assert queries.current("service", "composteur") == pinned
    assert Revision.objects.filter(section="service", key="composteur").count() == 2


def test_a_revision_is_addressed_by_the_hash_of_its_content(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    for revision in Revision.objects.all():
        assert canonical.digest(revision.content) == revision.digest


def test_a_stored_revision_gives_back_the_document_that_was_read(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    for section, items in checking.load(lakeside.path).items.items():
        for key, item in items.items():
            revision = queries.current(section, key)
            assert revision is not None
            assert queries.document(revision) == item.document


@pytest.mark.parametrize(
    "act",
    [
        lambda r: r.save(),
        lambda r: r.save(update_fields=["content"]),
        lambda r: r.delete(),
        lambda r: Revision.objects.filter(pk=r.pk).update(content={}),
        lambda r: Revision.objects.filter(pk=r.pk).delete(),
        lambda r: Revision.objects.bulk_update([r], ["content"]),
        lambda r: Revision.objects.update_or_create(pk=r.pk, defaults={"content": {}}),
        lambda r: Revision.objects.bulk_create(
            [Revision(section=r.section, key=r.key, digest=r.digest, content={})],
            update_conflicts=True, unique_fields=["section", "key", "digest"],
            update_fields=["content"],
        ),
    ],
)  # fmt: skip
def test_a_revision_is_never_changed_nor_deleted(
    lakeside: Folder, act: Callable[[Revision], object]
) -> None:
    packs.apply(lakeside.path)
    revision = Revision.objects.get(section="service", key="composteur")
    revision.content = {"title": "Falsified"}
    with pytest.raises(Immutable):
        act(revision)
    stored = Revision.objects.get(pk=revision.pk)
    assert canonical.digest(stored.content) == stored.digest


def test_a_new_object_with_the_key_of_a_stored_one_does_not_overwrite_it(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    stored = Revision.objects.order_by("pk").first()
    assert stored is not None
    usurper = Revision(pk=stored.pk, section="x", key="y", digest="z", content={})
    with pytest.raises(IntegrityError), transaction.atomic():
        usurper.save()
    assert Revision.objects.get(pk=stored.pk).digest == stored.digest
