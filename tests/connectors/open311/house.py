"""One socle of its own: a process with its SQLite database, its web server and a line to it.

``python -m tests.connectors.open311.house PORT`` reads one JSON command per line and answers with
one JSON line. Used by `test_two_houses`, which ends it by its process id.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

PACK = Path(__file__).parents[2] / "packs" / "lakeside"
PLACE = (2.05, 46.05)
# Set by a command: the next POST is done, and this process killed before it can say so.
DYING = threading.Event()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None: ...


def serve(port: int) -> None:
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()

    def door(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        answer = list(application(environ, start))
        if DYING.is_set() and environ["REQUEST_METHOD"] == "POST":
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    server = make_server("127.0.0.1", port, door, _Server, _Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()


# --- Commands ---


def prepare() -> bool:
    from socle.config.cli import migrate
    from socle.foundations.packs import actions as packs

    migrate.run()
    packs.apply(PACK)
    return True


def key(slug: str) -> str:
    """A program's key of this house."""
    from socle.foundations.accounts import actions as accounts
    from socle.foundations.accounts.actors import SYSTEM
    from socle.foundations.territories import queries as territories

    _row, secret = accounts.create_api_key(
        organisation_id=territories.organisation(slug).pk, name="L’autre maison",
        scopes=["reports:write"], actor=SYSTEM,
    )  # fmt: skip
    return str(secret)


def report(text: str) -> dict[str, str]:
    from socle.domains.reports import actions
    from socle.foundations.accounts.actors import ANONYMOUS

    sent = actions.submit_report(
        actor=ANONYMOUS, category_id="depot-sauvage", lon=PLACE[0], lat=PLACE[1],
        description=text, address="1 rue du Lac", contact={"email": "ada@lac.example"},
    )  # fmt: skip
    return {"reference": sent.case.reference, "token": sent.follow_token}


def hand(reference: str, url: str) -> int:
    """Give a report to the other house."""
    from socle.domains.reports.handovers import actions
    from socle.domains.reports.models import ExternalBody
    from socle.foundations.accounts.actors import SYSTEM

    case = _case(reference)
    body, _made = ExternalBody.objects.update_or_create(
        organisation_id=case.organisation_id, key="other",
        defaults={"name": "L’autre", "means": "open311", "url": url, "secret_name": "OTHER"},
    )  # fmt: skip
    made = actions.hand_over(actor=SYSTEM, case_id=case.pk, body_id=body.pk, reason="Leur voie")
    return int(made.pk)


def work() -> int:
    """Everything that waits is done now, news asked for included."""
    from django.utils import timezone

    from socle.domains.reports.handovers import actions
    from socle.domains.reports.models import Handover
    from socle.foundations.tasks.models import Task
    from socle.foundations.tasks.testing import drain

    Task.objects.filter(state=Task.State.WAITING).update(run_at=timezone.now())
    done = drain(reraise=False)
    for handover in Handover.objects.filter(ended_at__isnull=True):
        actions.sync(handover_id=handover.pk)
    return done


def say(reference: str, text: str) -> bool:
    """The person adds something."""
    from socle.capabilities.casework import actions as casework
    from socle.capabilities.casework import queries as cases
    from socle.foundations.accounts.actors import ANONYMOUS

    case = _case(reference)
    casework.reply(
        actor=ANONYMOUS, case_id=case.pk, body=text, follow_token=cases.follow_token(case)
    )
    return True


def act(reference: str, transition: str, message: str = "") -> bool:
    """An agent moves it on."""
    from socle.capabilities.casework import actions as casework
    from socle.foundations.accounts.actors import Actor

    case = _case(reference)
    agent = Actor(kind="agent", label="Agent", roles={case.organisation_id: "agent"})
    casework.perform(
        actor=agent, case_id=case.pk, transition_id=transition, version=case.version,
        message=message,
    )  # fmt: skip
    return True


def take_back(reference: str) -> bool:
    from socle.domains.reports.handovers import actions
    from socle.foundations.accounts.actors import Actor

    case = _case(reference)
    agent = Actor(kind="agent", label="Agent", roles={case.organisation_id: "agent"})
    actions.take_back(actor=agent, case_id=case.pk, reason="Nous y allons.")
    return True


def die_at_the_next_post() -> bool:
    DYING.set()
    return True


def look() -> dict[str, Any]:
    """What this house holds."""
    from socle.capabilities.casework.models import Case, CaseEvent, Message
    from socle.domains.reports.models import Handover

    return {
        "cases": {
            each.reference: {
                "status": each.public_status, "description": each.description,
                "email": each.contact_email,
                "news": [
                    event.data.get("text") or ""
                    for event in CaseEvent.objects.filter(case=each, kind="handover_news")
                    .order_by("version")
                ],
                "messages": list(
                    Message.objects.filter(case=each).order_by("pk").values_list("body", flat=True)
                ),
            }
            for each in Case.objects.order_by("pk")
        },
        "handovers": [
            {"state": each.state, "external_id": each.external_id, "error": each.error,
             "attempts": each.attempts}
            for each in Handover.objects.order_by("pk")
        ],
    }  # fmt: skip


def _case(reference: str) -> Any:
    from socle.capabilities.casework.models import Case

    return Case.objects.get(reference=reference)


_ALL = (prepare, key, report, hand, work, say, act, take_back, die_at_the_next_post, look)
COMMANDS: dict[str, Callable[..., Any]] = {each.__name__: each for each in _ALL}


def main(port: int) -> None:
    import django

    django.setup()
    serve(port)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"value": COMMANDS[name](**arguments)}
        except Exception as error:  # told to the test, which says where it stood
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
