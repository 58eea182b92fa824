"""``socle user``: the first administrator, and accounts made by hand."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Annotated

import typer

from socle.config.cli.house import Data, Json, open_house
from socle.config.cli.speaking import as_json, done, refuse, t


def register(app: typer.Typer) -> None:
    user = typer.Typer(help=t("Comptes.", "Accounts."))
    app.add_typer(user, name="user")

    @user.callback()
    def everywhere() -> None:
        pass

    @user.command(
        help=t(
            "Créer un compte. Le mot de passe est demandé, ou lu sur l'entrée standard.",
            "Create an account. The password is asked for, or read from standard input.",
        )
    )
    def create(
        email: Annotated[str, typer.Argument(help=t("Adresse électronique.", "E-mail address."))],
        given_names: Annotated[str, typer.Option(help=t("Prénoms.", "Given names."))] = "",
        family_name: Annotated[str, typer.Option(help=t("Nom.", "Family name."))] = "",
        administrator: Annotated[
            bool,
            typer.Option(
                "--administrator",
                help=t("Administre la plateforme.", "Administers the platform."),
            ),
        ] = False,
        organisation: Annotated[
            str | None,
            typer.Option(help=t("Agent de cet organisme (slug).", "Agent of this organisation.")),
        ] = None,
        role: Annotated[str, typer.Option(help="agent, counter, manager, administrator")] = "agent",
        no_password: Annotated[
            bool,
            typer.Option(
                "--no-password",
                help=t("Connexion par code ou fournisseur.", "Login by code or provider."),
            ),
        ] = False,
        data: Data = None,
        json: Json = False,
    ) -> None:
        open_house(data)
        password = None if no_password else _password()
        pk = _create(email, password, given_names, family_name, administrator, organisation, role)
        if json:
            as_json({"id": pk, "email": email})
        else:
            done(f"Compte créé : {email}", f"Account created: {email}")


def _password() -> str:
    """Never an argument: it would stay in the shell's history and in the list of processes."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass(t("Mot de passe : ", "Password: "))
    if first != getpass.getpass(t("Encore une fois : ", "Once more: ")):
        refuse("Les deux mots de passe diffèrent.", "The two passwords differ.")
    return first


def _create(
    email: str,
    password: str | None,
    given_names: str,
    family_name: str,
    administrator: bool,
    organisation: str | None,
    role: str,
) -> int:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email
    from django.db import transaction

    from socle.foundations.accounts import actions
    from socle.foundations.accounts.actors import SYSTEM
    from socle.foundations.territories import queries as territories

    try:
        validate_email(email)
        if password is not None and not os.environ.get("SOCLE_DEMO"):
            validate_password(password)
    except ValidationError as error:
        sentence = " ".join(error.messages)
        refuse(sentence, sentence)
    with transaction.atomic():
        user = actions.register(
            email=email,
            password=password,
            given_names=given_names,
            family_name=family_name,
            email_verified=True,
            actor=SYSTEM,
        )
        if administrator:
            actions.set_administrator(user_id=user.pk, administrator=True, actor=SYSTEM)
        if organisation:
            actions.add_member(
                organisation_id=territories.organisation(organisation).pk,
                user_id=user.pk,
                role=role,
                actor=SYSTEM,
            )
    return int(user.pk)
