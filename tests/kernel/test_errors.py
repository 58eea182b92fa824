"""Typed errors: one status each, and nothing told that was not meant to be."""

from __future__ import annotations

import pickle

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy

from socle.kernel import errors
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound, SocleError, Throttled


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.Invalid, 422),
        (errors.Denied, 403),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.Gone, 410),
        (errors.TooLarge, 413),
        (errors.UnsupportedMedia, 415),
        (errors.Unavailable, 503),
        (errors.SocleError, 500),
    ],
)
def test_each_error_has_its_status(kind: type[SocleError], status: int) -> None:
    assert errors.STATUS[kind] == status
    assert errors.status_of(kind()) == status

    class Narrower(kind):  # type: ignore[valid-type, misc]
        pass

    assert errors.status_of(Narrower()) == status


def test_every_error_of_the_module_is_in_the_table_with_its_own_code() -> None:
    found = [each for each in vars(errors).values() if isinstance(each, type)]
    kinds = {each for each in found if issubclass(each, SocleError)}
    assert kinds == set(errors.STATUS)
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_anything_unforeseen_is_a_500() -> None:
    assert errors.status_of(RuntimeError("boom")) == 500
    assert errors.status_of(KeyError("boom")) == 500


def test_an_error_says_what_it_was_given_or_its_own_sentence() -> None:
    assert str(Denied("Ce dossier est clos.")) == "Ce dossier est clos."
    assert str(Denied()) == str(Denied.default_message) != ""
    assert Denied("").message == ""


def test_a_problem_has_the_members_of_rfc_9457() -> None:
    error = Invalid(
        "Vérifiez votre saisie.",
        fields={"size": ["Trop grand."], "a/b~c": ["Vide."], "": "L’un ou l’autre."},
    )
    assert errors.problem(error, instance="/requests/new") == {
        "type": "/problems/invalid",
        "title": "Saisie à corriger",
        "status": 422,
        "detail": "Vérifiez votre saisie.",
        "instance": "/requests/new",
        "errors": [
            {"field": "size", "pointer": "#/size", "detail": "Trop grand."},
            {"field": "a/b~c", "pointer": "#/a~1b~0c", "detail": "Vide."},
            {"field": "", "pointer": "#", "detail": "L’un ou l’autre."},
        ],
    }


def test_a_problem_without_fields_or_instance_has_no_such_member() -> None:
    assert set(errors.problem(NotFound())) == {"type", "title", "status", "detail"}


def test_the_type_of_a_problem_can_be_absolute_and_precise() -> None:
    error = Conflict(code="stale-version")
    found = errors.problem(error, type_base="https://example.org/problems/")
    assert found["type"] == "https://example.org/problems/stale-version"
    assert found["status"] == 409


def test_an_unforeseen_error_tells_nothing() -> None:
    secret = RuntimeError("password=hunter2 in /srv/app/settings.py")
    secret.__cause__ = ValueError("SELECT * FROM users")
    found = errors.problem(secret)
    assert (found["status"], found["type"]) == (500, "/problems/internal")
    assert "hunter2" not in str(found)
    assert "SELECT" not in str(found)
    chained = Denied()
    chained.__cause__ = secret
    assert "hunter2" not in str(errors.problem(chained))


def test_too_many_attempts_say_when_to_come_back() -> None:
    assert Throttled(30).retry_after == 30
    assert Throttled(retry_after=0).retry_after == 1
    assert errors.problem(Throttled(retry_after=90))["retry_after"] == 90
    assert str(Throttled(5, "Patientez.")) == "Patientez."


def test_messages_are_translated_when_they_are_read() -> None:
    error = Invalid(gettext_lazy("Yes"), fields={"a": gettext_lazy("No")})
    with translation.override("fr"):
        french = errors.problem(error)
    with translation.override("de"):
        german = errors.problem(error)
    assert (french["detail"], french["errors"][0]["detail"]) == ("Oui", "Non")
    assert (german["detail"], german["errors"][0]["detail"]) == ("Ja", "Nein")


def test_one_message_is_not_taken_for_a_list_of_letters() -> None:
    error = Invalid(fields={"a": "Vide.", "b": gettext_lazy("No"), "c": ("Un.", "Deux.")})
    assert error.fields["a"] == ["Vide."]
    assert len(error.fields["b"]) == 1
    assert error.fields["c"] == ["Un.", "Deux."]


@pytest.mark.parametrize(
    "error",
    [Invalid("Non.", code="x", fields={"a": ["b"]}), Throttled(30, "Patientez."), NotFound()],
)
def test_errors_travel_between_processes(error: SocleError) -> None:
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(back) is type(error)
    assert errors.problem(back) == errors.problem(error)
