"""``socle mail``: incoming mail, from a mail server's pipe or from the mailbox."""

from __future__ import annotations

import os
import sys

import typer

from socle.config.cli.house import Data, Json, open_house
from socle.config.cli.speaking import as_json, done, refuse, t

# sysexits(3): the mail server keeps the message and tries again.
TRY_AGAIN = os.EX_TEMPFAIL


def register(app: typer.Typer) -> None:
    mail = typer.Typer(help=t("Courriels entrants.", "Incoming mail."))
    app.add_typer(mail, name="mail")

    @mail.callback()
    def everywhere() -> None:
        pass

    @mail.command(
        help=t(
            "Recevoir un message lu sur l'entrée standard. Code 75 : à présenter de nouveau.",
            "Receive one message from standard input. Code 75: to be presented again.",
        )
    )
    def receive(data: Data = None, json: Json = False) -> None:
        options = open_house(data)
        limit = options.mailbox.max_megabytes * 1_000_000
        raw = sys.stdin.buffer.read(limit + 1)
        if len(raw) > limit:
            refuse("Ce message est trop gros.", "This message is too large.", os.EX_DATAERR)
        _receive(raw, json)

    @mail.command(
        help=t("Lire maintenant la boîte réglée.", "Read the configured mailbox now."),
    )
    def poll(data: Data = None, json: Json = False) -> None:
        open_house(data)
        _poll(json)


def _receive(raw: bytes, json: bool) -> None:
    from django.db import DatabaseError

    from socle.capabilities.casework import inbound
    from socle.kernel.errors import Unavailable

    try:
        row = inbound.receive(raw)
    except (Unavailable, DatabaseError):
        refuse(
            "Le message ne peut pas être reçu maintenant.",
            "The message cannot be received now.",
            TRY_AGAIN,
        )
    reference = row.case.reference if row.case else ""
    if json:
        as_json({"outcome": row.outcome, "reason": row.reason, "reference": reference})
        return
    what = f"{row.outcome} {row.reason} {reference}".strip()
    done(f"Message reçu : {what}", f"Message received: {what}")


def _poll(json: bool) -> None:
    from socle.capabilities.casework import inbound

    polled = inbound.poll()
    if json:
        as_json({"treated": polled.treated, "failed": polled.failed})
        return
    done(
        f"Messages lus : {polled.treated}, mis de côté : {polled.failed}",
        f"Messages read: {polled.treated}, put aside: {polled.failed}",
    )
