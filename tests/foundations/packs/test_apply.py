"""`plan` shows, `apply` does: all or nothing, once, without ever touching a stored revision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.foundations.packs.conftest import Folder

from socle.capabilities.catalogue.models import PublicService
from socle.foundations import packs
from socle.foundations.accounts.models import Team
from socle.foundations.journal.models import Entry
from socle.foundations.packs import PackError, queries
from socle.foundations.packs.applying import Applying
from socle.foundations.packs.document import Document
from socle.foundations.packs.events import PackApplied
from socle.foundations.packs.models import Application, Current, Head, Revision
from socle.foundations.packs.parts import Toml
from socle.foundations.packs.registry import Item, Section
from socle.foundations.territories.models import Area, Organisation
from socle.kernel import events
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Conflict

pytestmark = pytest.mark.django_db

SERVICE = "services/composteur/service.toml"
WRITES = ("INSERT", "UPDATE", "DELETE")


def state() -> dict[str, Any]:
    """Everything an application may write."""
    return {
        model.__name__: sorted(map(repr, model.objects.values_list()))
        for model in (
            Revision, Current, Application, Head, Organisation, Area, Team, PublicService, Entry,
        )
    }  # fmt: skip


# --- once ---


def test_a_second_application_writes_nothing_and_says_so(lakeside: Folder) -> None:
    first = packs.apply(lakeside.path)
    assert first.changed
    assert "16 ajouts" in first.text()
    before = state()
    with CaptureQueriesContext(connection) as captured:
        second = packs.apply(lakeside.path)
    assert not second.changed
    assert second.text() == "Rien à faire : ce pack est déjà en place."
    assert [q["sql"] for q in captured if q["sql"].lstrip().startswith(WRITES)] == []
    assert state() == before


def test_a_comment_or_another_order_of_keys_changes_nothing(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    lines = lakeside.read("teams.toml").splitlines(keepends=True)
    lines[1:3] = reversed(lines[1:3])
    lakeside.write("teams.toml", "# Said differently.\n\n" + "".join(lines))
    assert not packs.apply(lakeside.path).changed


def test_the_order_of_a_list_is_a_change(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    lakeside.edit(
        "catalogue.toml", '["poubelle", "bac", "conteneur"]', '["bac", "poubelle", "conteneur"]'
    )
    (change,) = packs.plan(lakeside.path).changes
    assert (change.section, change.action) == ("catalogue", "changed")


# --- plan ---


def test_the_plan_writes_nothing_and_shows_each_field(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    lakeside.edit(SERVICE, "Trois semaines environ", "Deux semaines")
    lakeside.edit(SERVICE, 'icon = "leaf"\n', "").edit("communes.csv", "8000,", "8100,")
    lakeside.write(
        "services/nouveau/service.toml",
        lakeside.read("services/collecte-des-encombrants/service.toml"),
    )
    lakeside.remove("services/collecte-des-encombrants")
    before = state()
    with CaptureQueriesContext(connection) as captured:
        plan = packs.plan(lakeside.path)
    assert len(captured) == 1
    assert state() == before
    text = plan.text()
    assert "~ service composteur" in text
    assert "    ~ processing_time: « Trois semaines environ » → « Deux semaines »" in text
    assert "    - icon: « leaf »" in text
    assert "    ~ communes[99002].population: 8000 → 8100" in text
    assert "+ service nouveau" in text
    assert "- service collecte-des-encombrants" in text
    assert text.endswith("1 ajout, 2 modifications, 1 retrait, 13 inchangées.")


def test_a_plan_of_what_is_in_force_is_empty(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    plan = packs.plan(lakeside.path)
    assert not plan
    assert plan.text() == "Rien à changer : la base est conforme au pack."


# --- withdrawal ---


def test_what_leaves_the_pack_is_withdrawn_and_stays_readable(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    pinned = queries.current("procedures.procedure", "composteur")
    assert pinned is not None
    lakeside.remove("services/composteur")
    applied = packs.apply(lakeside.path)
    assert applied.plan.count("removed") == 2
    assert queries.current("procedures.procedure", "composteur") is None
    assert not PublicService.objects.get(key="composteur").is_active
    queries.forget()
    assert queries.content(pinned.pk).questionnaire.title == "Demander un composteur"


def test_an_organisation_that_leaves_is_switched_off_and_its_area_removed(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    last = lakeside.read("communes.csv").splitlines()[-1]
    lakeside.edit("communes.csv", last + "\n", "")
    text = lakeside.read("contours.geojson").splitlines()
    lakeside.write("contours.geojson", "\n".join([*text[:2], text[2].rstrip(","), text[4]]))
    packs.apply(lakeside.path)
    assert not Organisation.objects.get(slug="port-aux-essais").is_active
    assert set(Area.objects.values_list("code", flat=True)) == {"lac", "99001", "99002"}


# --- all or nothing ---


class Note(Document):
    text: str


def _note(lakeside: Folder, **callbacks: Any) -> Section:
    lakeside.write("zz-note.toml", 'text = "hello"\n')
    return Section(
        name="zz-note", where=".", parts=(Toml("zz-note.toml"),), model=Note,
        after=("service", "teams"), **callbacks,
    )  # fmt: skip


def test_a_failing_section_leaves_everything_as_it_was(
    lakeside: Folder, with_section: Callable[[Section], Section]
) -> None:
    packs.apply(lakeside.path)
    before = state()
    lakeside.edit(SERVICE, "Demander un composteur", "Obtenir un composteur")
    lakeside.edit("communes.csv", "Saint-Test,", "Saint-Essai,")

    def fail(item: Item[Note], applying: Applying) -> None:
        # By then, the sections before have written.
        assert PublicService.objects.filter(title="Obtenir un composteur").exists()
        assert Organisation.objects.filter(name="Saint-Essai").exists()
        raise RuntimeError("this section fails")

    with_section(_note(lakeside, apply=fail))
    with pytest.raises(RuntimeError, match="this section fails"):
        packs.apply(lakeside.path)
    assert state() == before
    service = queries.current("service", "composteur")
    assert service is not None
    assert queries.document(service).title == "Demander un composteur"


def test_a_failing_withdrawal_too(
    lakeside: Folder, with_section: Callable[[Section], Section]
) -> None:
    def fail(key: str, applying: Applying) -> None:
        raise RuntimeError("this section fails")

    with_section(_note(lakeside, withdraw=fail))
    packs.apply(lakeside.path)
    before = state()
    lakeside.remove("zz-note.toml").edit("pack.toml", 'version = "1.0"', 'version = "1.1"')
    with pytest.raises(RuntimeError):
        packs.apply(lakeside.path)
    assert state() == before


def test_a_pack_with_a_mistake_is_refused_whole(lakeside: Folder) -> None:
    lakeside.edit(SERVICE, 'team = "dechets"', 'team = "nobody"')
    with pytest.raises(PackError) as caught:
        packs.apply(lakeside.path)
    assert [problem.file for problem in caught.value.problems] == [SERVICE]
    assert not Revision.objects.exists()


def test_a_warning_does_not_stop_an_application(lakeside: Folder) -> None:
    lakeside.write("notes.toml", "a = 1")
    assert packs.apply(lakeside.path).changed


# --- another pack ---


def test_another_pack_does_not_take_the_place_by_accident(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    before = state()
    lakeside.edit("pack.toml", 'id = "lakeside"', 'id = "elsewhere"')
    with pytest.raises(Conflict) as caught:
        packs.apply(lakeside.path)
    assert "« lakeside »" in str(caught.value)
    assert state() == before
    assert packs.apply(lakeside.path, replace=True).changed
    assert queries.pack().id == "elsewhere"


# --- who follows whom ---


def test_a_section_applies_again_when_one_it_follows_changes(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    lakeside.append("communes.csv", "99004,ile-neuve,Île-Neuve,,99400,10,2.35,46.05,,,,\n")
    lakeside.edit(
        "contours.geojson", "]]]}}\n]}",
        ']]]}},\n{"type": "Feature", "properties": {"code": "99004"}, '
        '"geometry": {"type": "Polygon", '
        '"coordinates": [[[2.3, 46.0], [2.4, 46.0], [2.4, 46.1], [2.3, 46.0]]]}}\n]}',
    )  # fmt: skip
    applied = packs.apply(lakeside.path)
    assert [change.section for change in applied.plan.changes] == ["territory"]
    assert ("teams", "teams") in applied.plan.refreshed
    assert Team.objects.filter(organisation__slug="ile-neuve", slug="accueil").exists()


def test_force_applies_what_did_not_change(
    lakeside: Folder, with_section: Callable[[Section], Section]
) -> None:
    calls: list[str] = []
    with_section(_note(lakeside, apply=lambda item, applying: calls.append(item.key)))
    packs.apply(lakeside.path)
    packs.apply(lakeside.path)
    assert calls == ["zz-note"]
    assert packs.apply(lakeside.path, force=True).changed
    assert calls == ["zz-note", "zz-note"]


def test_a_section_is_told_what_was_in_force_before(
    lakeside: Folder, with_section: Callable[[Section], Section]
) -> None:
    seen: list[tuple[str | None, str]] = []

    def record(item: Item[Note], applying: Applying) -> None:
        before = applying.previous and queries.document(applying.previous).text
        seen.append((before, queries.document(applying.revision).text))

    with_section(_note(lakeside, apply=record))
    packs.apply(lakeside.path)
    lakeside.write("zz-note.toml", 'text = "bye"\n')
    packs.apply(lakeside.path)
    assert seen == [(None, "hello"), ("hello", "bye")]


# --- teams ---


def test_a_team_that_leaves_is_switched_off_but_not_one_made_by_hand(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    metropole = Organisation.objects.get(slug="metropole-du-lac")
    Team.objects.create(organisation=metropole, slug="by-hand", name="Made by hand")
    lakeside.edit(
        "teams.toml",
        '[[team]]\nslug = "voirie"\nname = "Voirie"\norganisations = ["metropole-du-lac"]\n',
        "",
    )
    lakeside.write(
        "reports/categories.toml",
        lakeside.read("reports/categories.toml").replace('team = "voirie"', 'team = "proprete"'),
    )
    packs.apply(lakeside.path)
    active = {team.slug: team.is_active for team in Team.objects.filter(organisation=metropole)}
    assert active["voirie"] is False
    assert active["by-hand"] is True
    assert active["dechets"] is True


def test_a_team_of_every_commune_is_made_in_each(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    teams = Team.objects.filter(slug="accueil", is_default=True)
    assert {team.organisation.slug for team in teams} == {
        "villeneuve-du-lac", "saint-test", "port-aux-essais",
    }  # fmt: skip


# --- traces ---


def test_an_application_is_in_the_journal_without_personal_data(
    lakeside: Folder, clock: FixedClock
) -> None:
    packs.apply(lakeside.path, clock=clock)
    entry = Entry.objects.get(action="pack.applied")
    assert (entry.subject_type, entry.subject_id) == ("pack", "lakeside")
    assert (entry.actor_kind, entry.actor_id, entry.at) == ("system", None, clock.now())
    assert set(entry.data) == {"version", "digest", "added", "changed", "removed"}
    packs.apply(lakeside.path, clock=clock)
    assert Entry.objects.filter(action="pack.applied").count() == 1


def test_an_application_is_announced_once_committed(
    lakeside: Folder, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[PackApplied] = []
    with events.isolated_subscriptions():
        events.on(PackApplied, heard.append)
        with django_capture_on_commit_callbacks(execute=True):
            packs.apply(lakeside.path)
        with django_capture_on_commit_callbacks(execute=True):
            packs.apply(lakeside.path)
    assert [(event.pack, event.version) for event in heard] == [("lakeside", "1.0")]


def test_progress_counts_every_declaration(lakeside: Folder) -> None:
    steps: list[tuple[int, int]] = []
    packs.apply(lakeside.path, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(n, 16) for n in range(1, 17)]


def test_the_latest_application_is_kept_with_what_it_did(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    lakeside.remove("services/collecte-des-encombrants")
    packs.apply(lakeside.path)
    latest, first = queries.applications()
    assert latest.summary == {
        "added": [], "changed": [], "removed": ["service:collecte-des-encombrants"],
    }  # fmt: skip
    assert len(first.summary["added"]) == 16
