"""What programs read and send: public reports, one's own cases, and nothing of others."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from tests.cast import INSIDE, OUTSIDE, photo
from tests.sites.api.conftest import Program, idempotency, report

from socle.capabilities.casework.models import Case, CaseEvent, Message
from socle.domains.reports.models import PublicReport
from socle.foundations.accounts import actions as accounts
from socle.foundations.accounts.actors import SYSTEM
from socle.foundations.files.models import StoredFile
from socle.foundations.territories import queries as territories
from socle.kernel import geo

pytestmark = pytest.mark.django_db


def _sent(program: Program, **changes: Any) -> dict[str, Any]:
    answer = program.post("/reports", report(**changes))
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def _photo(program: Program, **headers: str) -> Any:
    extra = {f"HTTP_{name}": value for name, value in headers.items()}
    if program.secret:
        extra["HTTP_AUTHORIZATION"] = f"Bearer {program.secret}"
    return Client().post("/api/v1/photos", {"file": photo()}, **extra)


# --- Reading ---


def test_the_list_goes_by_pages_that_stay_put(anonymous: Program, commune: Program) -> None:
    references = [_sent(commune, description=f"n° {n}")["reference"] for n in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = anonymous.get(f"/reports?limit=2{cursor and '&cursor=' + cursor}").json()
        seen += [each["reference"] for each in page["items"]]
        cursor = page["next"] or ""
        if not cursor:
            break
        _sent(commune, description="arrivé entre-temps")
    assert seen == references[::-1]


def test_the_list_takes_a_constant_number_of_queries(
    anonymous: Program, commune: Program, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        _sent(commune, description=f"n° {number}")
    anonymous.get("/reports")
    with django_assert_max_num_queries(5):
        assert len(anonymous.get("/reports").json()["items"]) == 8


def test_filters_are_understood_or_refused(anonymous: Program, commune: Program) -> None:
    _sent(commune)
    assert len(anonymous.get("/reports?categories=depot-sauvage").json()["items"]) == 1
    assert anonymous.get("/reports?statuses=resolved").json()["items"] == []
    assert anonymous.get("/reports?organisation=saint-test").json()["items"] == []
    assert anonymous.get("/reports?organisation=nulle-part").json()["items"] == []
    assert len(anonymous.get("/reports?bbox=2,46,2.1,46.1&is_open=true").json()["items"]) == 1
    for query in (
        "catgories=x",
        "limit=0",
        "bbox=1,2,3",
        "since=hier",
        "is_open=oui",
        "limit=1&limit=2",
    ):
        refused = anonymous.get(f"/reports?{query}")
        assert refused.status_code == 422, query
        assert refused.json()["errors"][0]["field"] == query.partition("=")[0]


def test_what_a_person_wrote_waits_for_an_agent_and_who_wrote_never_shows(
    anonymous: Program, commune: Program
) -> None:
    sent = _sent(
        commune, contact={"name": "Ada Test", "email": "ada@lac.example", "phone": "0612345678"}
    )
    for path in (f"/reports/{sent['reference']}", "/reports", "/reports.geojson?bbox=0,45,3,47"):
        told = anonymous.get(path).content.decode()
        assert sent["reference"] in told
        for secret in ("matelas", "Ada", "ada@", "0612345678", sent["follow_token"]):
            assert secret not in told
    PublicReport.objects.update(visible=False)
    assert anonymous.get(f"/reports/{sent['reference']}").status_code == 404


def test_an_unchanged_answer_is_not_sent_again(anonymous: Program, commune: Program) -> None:
    sent = _sent(commune)
    path = f"/reports/{sent['reference']}"
    first = anonymous.get(path)
    again = anonymous.get(path, if_none_match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert anonymous.get(path, if_none_match='"autre"').status_code == 200


def test_only_public_reads_are_open_to_pages_of_other_sites(
    anonymous: Program, commune: Program
) -> None:
    assert anonymous.get("/reports")["Access-Control-Allow-Origin"] == "*"
    assert anonymous.call("OPTIONS", "/reports")["Access-Control-Allow-Methods"] == "GET, HEAD"
    for answer in (
        commune.get("/cases"),
        commune.call("OPTIONS", "/cases"),
        commune.post("/reports", report()),
        commune.call("OPTIONS", "/reports/SG-26-7K4M2X/updates"),
    ):
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_browser_session_gives_no_right_here(cast: Any) -> None:
    """Hence no forged request: what a page makes a browser send is nobody's."""
    browser = cast.client(cast.administrator)
    assert browser.get("/api/v1/cases").status_code == 401


# --- Sending ---


def test_a_report_is_sent_followed_and_completed(anonymous: Program) -> None:
    picture = _photo(anonymous).json()
    sent = _sent(
        anonymous,
        photos=[picture["id"]],
        upload_token=picture["upload_token"],
        contact={"email": "ada@lac.example"},
    )
    case = Case.objects.get(reference=sent["reference"])
    assert (case.channel, case.documents.count()) == ("api", 1)
    path = f"/reports/{sent['reference']}/updates"
    added = anonymous.post(path, {"text": "Il y en a deux"}, follow_token=sent["follow_token"])
    assert added.status_code == 201
    message = Message.objects.get()
    assert (message.body, message.from_agent) == ("Il y en a deux", False)
    for token in ("", "x", sent["follow_token"][:-1]):
        assert anonymous.post(path, {"text": "x"}, follow_token=token).status_code == 404
    assert Message.objects.count() == 1


def test_photos_are_whose_sent_them(
    anonymous: Program, commune: Program, stranger: Program
) -> None:
    theirs = _photo(stranger).json()
    assert commune.post("/reports", report(photos=[theirs["id"]])).status_code == 404
    assert stranger.post("/reports", report(photos=[theirs["id"]])).status_code == 201
    nobody = _photo(anonymous).json()
    for token in ("autre", ""):
        refused = anonymous.post("/reports", report(photos=[nobody["id"]], upload_token=token))
        assert refused.status_code in (404, 422)
    assert StoredFile.objects.filter(attached_at__isnull=True).count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category": "inconnue"}, "category"),
        ({"lon": OUTSIDE[0], "lat": OUTSIDE[1]}, "place"),
        ({"lon": 0.0, "lat": 0.0}, "place"),
        ({"description": ""}, "description"),
        ({"lon": "2.05"}, "lon"),
        ({"lat": 91}, "lat"),
        ({"extra": 1}, "extra"),
        ({"description": "x" * 4001}, "description"),
        ({"contact": {"email": "pas une adresse"}}, "contact/email"),
    ],
)
def test_a_wrong_report_says_where(commune: Program, changes: dict[str, Any], field: str) -> None:
    refused = commune.post("/reports", report(**changes))
    assert refused.status_code == 422
    assert refused["Content-Type"] == "application/problem+json"
    assert field in [each["field"] for each in refused.json()["errors"]]
    assert not Case.objects.exists()


def test_what_is_not_json_is_refused(commune: Program) -> None:
    assert commune.post("/reports", b"{").status_code == 400
    assert commune.post("/reports", b'{"lon": NaN}').status_code == 400
    assert commune.post("/reports", b"[]").status_code == 422
    plain = Client().post("/api/v1/reports", {"lon": "1"})
    assert plain.status_code == 415
    assert commune.call("DELETE", "/reports")["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_the_nul_character_goes_no_further(commune: Program) -> None:
    sent = _sent(
        commune, description="avant\x00après", address="1\x00 rue", contact={"name": "A\x00"}
    )
    case = Case.objects.get(reference=sent["reference"])
    assert (case.description, case.contact_name) == ("avantaprès", "A")


# --- Once ---


def test_the_same_key_gives_the_same_answer(commune: Program, stranger: Program) -> None:
    key = idempotency()
    first = commune.post("/reports", report(), idempotency_key=key)
    again = commune.post("/reports", report(), idempotency_key=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotent-Replayed"] == "true"
    assert Case.objects.count() == 1
    other = commune.post("/reports", report(description="autre"), idempotency_key=key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    # A key is its program's own: another program's act is its own.
    assert stranger.post("/reports", report(), idempotency_key=key).json() != first.json()
    assert Case.objects.count() == 2


def test_a_refused_request_may_be_corrected_under_its_key(commune: Program) -> None:
    key = idempotency()
    assert commune.post("/reports", report(category="x"), idempotency_key=key).status_code == 422
    assert commune.post("/reports", report(), idempotency_key=key).status_code == 201


def test_the_answers_kept_hold_no_secret(commune: Program) -> None:
    from socle.sites.api.models import Answered

    sent = commune.post("/reports", report(), idempotency_key=idempotency()).json()
    assert sent["follow_token"] not in str(list(Answered.objects.values()))


def test_without_an_api_key_the_idempotency_key_cannot_be_guessed(anonymous: Program) -> None:
    refused = anonymous.post("/reports", report(), idempotency_key="1")
    assert refused.status_code == 422
    assert anonymous.post("/reports", report(), idempotency_key=idempotency()).status_code == 201


# --- Treating ---


def _etag(program: Program, reference: str) -> str:
    return str(program.get(f"/cases/{reference}")["ETag"])


def test_a_case_moves_and_the_program_signs(commune: Program) -> None:
    reference = _sent(commune)["reference"]
    case = commune.get(f"/cases/{reference}").json()
    act = next(each["id"] for each in case["transitions"] if not each["needs"])
    moved = commune.post(
        f"/cases/{reference}/transitions", {"transition": act}, if_match=_etag(commune, reference)
    )
    assert moved.status_code == 200, moved.content
    assert moved.json()["state"] != case["state"]
    assert moved["ETag"] == '"v2"'
    event = CaseEvent.objects.get(case__reference=reference, version=2)
    assert (event.actor_kind, event.actor_label) == ("program", "Programme villeneuve-du-lac")


def test_an_old_version_changes_nothing(commune: Program) -> None:
    reference = _sent(commune)["reference"]
    path, team = f"/cases/{reference}/assignment", commune.get("/teams").json()["items"][0]["id"]
    body = {"team_id": team}
    assert commune.call("PUT", path, body).status_code == 428
    assert commune.call("PUT", path, body, if_match='"v7"').status_code == 412
    assert commune.call("PUT", path, body, if_match="n’importe quoi").status_code == 412
    etag = _etag(commune, reference)
    assert commune.call("PUT", path, body, if_match=etag).json()["team_id"] == team
    assert commune.call("PUT", path, {"team_id": None}, if_match=etag).status_code == 412
    assert Case.objects.get(reference=reference).team_id == team


def test_a_transition_that_the_state_does_not_offer_is_a_conflict(commune: Program) -> None:
    reference = _sent(commune)["reference"]
    refused = commune.post(
        f"/cases/{reference}/transitions", {"transition": "inconnue"},
        if_match=_etag(commune, reference),
    )  # fmt: skip
    assert refused.status_code == 409


def test_a_reply_reaches_the_thread_once(commune: Program) -> None:
    reference = _sent(commune, contact={"name": "Ada"})["reference"]
    key = idempotency()
    path = f"/cases/{reference}/messages"
    first = commune.post(path, {"body": "Nous venons demain."}, idempotency_key=key)
    again = commune.post(path, {"body": "Nous venons demain."}, idempotency_key=key)
    assert (first.status_code, again.json()) == (201, first.json())
    (line,) = commune.get(path).json()["items"]
    assert (line["author"], line["from_agent"]) == ("Programme villeneuve-du-lac", True)


# --- Scope ---


def test_nobody_else_s_cases_exist(commune: Program, stranger: Program) -> None:
    reference = _sent(commune)["reference"]
    assert stranger.get("/cases").json()["items"] == []
    reads = ["", "/messages", "/history", "/documents", "/documents/1"]
    assert {stranger.get(f"/cases/{reference}{end}").status_code for end in reads} == {404}
    team = stranger.get("/teams").json()["items"][0]["id"]
    for method, end, body in (
        ("POST", "/transitions", {"transition": "start"}),
        ("PUT", "/assignment", {"team_id": team}),
        ("POST", "/messages", {"body": "x"}),
    ):
        path = f"/cases/{reference}{end}"
        assert stranger.call(method, path, body, if_match='"v1"').status_code == 404
    # The same reads by its owner, and their team offered to it, show that the attack is a real one.
    assert {commune.get(f"/cases/{reference}{end}").status_code for end in reads[:-1]} == {200}
    foreign = commune.call(
        "PUT", f"/cases/{reference}/assignment", {"team_id": team}, if_match='"v1"'
    )
    assert (foreign.status_code, foreign.json()["errors"][0]["field"]) == (422, "team")
    case = Case.objects.get(reference=reference)
    assert (case.version, case.messages.count()) == (1, 0)


def test_filters_do_not_widen_the_scope(commune: Program, stranger: Program) -> None:
    _sent(commune)
    team = commune.get("/teams").json()["items"][0]["id"]
    for query in (f"teams={team}", "kinds=report", "text=SG", "open=all", "assignee=none"):
        assert stranger.get(f"/cases?{query}").json()["items"] == [], query
    assert stranger.get("/cases?organisations=1").status_code == 422
    assert len(commune.get("/cases?assignee=none&kinds=report").json()["items"]) == 1


def test_each_key_does_what_it_was_given_for(
    anonymous: Program, commune: Program, reader: Program
) -> None:
    reference = _sent(commune)["reference"]
    assert reader.get(f"/cases/{reference}").status_code == 200
    refused = [
        reader.post("/reports", report()),
        reader.post(f"/cases/{reference}/messages", {"body": "x"}),
        reader.post(f"/cases/{reference}/transitions", {"transition": "start"}, if_match='"v1"'),
        reader.call("PUT", f"/cases/{reference}/assignment", {}, if_match='"v1"'),
        _photo(reader),
    ]
    assert [each.status_code for each in refused] == [403] * 5
    assert anonymous.get("/cases")["WWW-Authenticate"].startswith("Bearer")
    for secret in ("socle_" + "x" * 43, "n’importe quoi", ""):
        wrong = Program(secret or " ")
        assert wrong.get("/reports").status_code == 401, "a wrong key is not no key"


def test_a_revoked_key_is_refused_at_once(commune: Program) -> None:
    assert commune.get("/cases").status_code == 200
    accounts.revoke_api_key(
        actor=SYSTEM,
        organisation_id=territories.organisation("villeneuve-du-lac").pk,
        key_id=commune.key_id,
    )
    assert commune.get("/cases").status_code == 401


# --- Maps and manual ---


def test_a_tile_holds_the_report(anonymous: Program, commune: Program) -> None:
    import mapbox_vector_tile

    _sent(commune)
    z = 14
    x, y = geo.tile_of(geo.encode(*INSIDE), z)
    answer = anonymous.get(f"/tiles/reports/{z}/{x}/{y}.mvt")
    tile = mapbox_vector_tile.decode(answer.content)
    assert answer["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert tile["reports"]["features"][0]["properties"]["category"] == "depot-sauvage"
    assert anonymous.get("/tiles/reports/17/0/0.mvt").status_code == 404
    assert anonymous.get("/tiles/reports/3/8/0.mvt").status_code == 404
    template = anonymous.get("/tiles/reports.json").json()["tiles"][0]
    assert template.endswith("/api/v1/tiles/reports/{z}/{x}/{y}.mvt")


def test_the_manual_shows_every_operation_and_tries_public_reads(anonymous: Program) -> None:
    from socle.sites.api.v1.table import OPERATIONS

    page = anonymous.get("/api/")
    text = page.content.decode()
    assert page.status_code == 200
    assert all(f'id="{each.id}"' in text for each in OPERATIONS)
    assert "<script>" not in text
    went = anonymous.get("/api/essai/getReport?reference=SG-26-7K4M2X")
    assert went["Location"] == "/api/v1/reports/SG-26-7K4M2X"
    went = anonymous.get("/api/essai/listReports?limit=2&words=&is_open=true")
    assert went["Location"] == "/api/v1/reports?limit=2&is_open=true"
    for wrong in ("getReport?reference=", "getReport?reference=../x", "createReport", "listCases"):
        assert anonymous.get(f"/api/essai/{wrong}").status_code == 404
