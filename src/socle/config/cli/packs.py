"""``socle packs``: check, compare and apply the declarations of a métropole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from socle.config.cli.house import Data, Json, open_house
from socle.config.cli.speaking import as_json, console, done, fail, output, refuse, t
from socle.config.options import ROOT

Folder = Annotated[
    Path | None,
    typer.Argument(
        help=t("Dossier du paquet (sinon SOCLE_PACK).", "Folder of the pack (else SOCLE_PACK)."),
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    packs = typer.Typer(
        help=t("Paquets de déclarations.", "Packs of declarations."), no_args_is_help=True
    )
    app.add_typer(packs, name="packs")

    @packs.command(help=t("Vérifier sans base de données.", "Check, without a database."))
    def check(folder: Folder = None, json: Json = False, data: Data = None) -> None:
        open_house(data)
        raise typer.Exit(0 if run_check(_chosen(folder), json) else 1)

    @packs.command(help=t("Montrer ce que l'application changerait.", "Show what would change."))
    def plan(folder: Folder = None, json: Json = False, data: Data = None) -> None:
        open_house(data)
        from socle.foundations import packs as doors

        found = _told(lambda: doors.plan(_chosen(folder)))
        if json:
            as_json(_plan_document(found))
        else:
            output.print(found.text(), highlight=False, markup=False)

    @packs.command(help=t("Appliquer, en entier ou pas du tout.", "Apply, whole or not at all."))
    def apply(
        folder: Folder = None,
        replace: Annotated[
            bool,
            typer.Option(
                "--replace",
                help=t("Prendre la place d'un autre paquet.", "Take the place of another pack."),
            ),
        ] = False,
        force: Annotated[
            bool,
            typer.Option(
                "--force", help=t("Réappliquer même l'inchangé.", "Apply unchanged parts again.")
            ),
        ] = False,
        json: Json = False,
        data: Data = None,
    ) -> None:
        open_house(data)
        applied = apply_folder(_chosen(folder), replace=replace, force=force)
        if json:
            as_json({"changed": applied.changed, "digest": applied.digest})
        else:
            done(applied.text(), applied.text())

    @packs.command(
        help=t(
            "Écrire les schémas JSON (complétion des éditeurs).",
            "Write the JSON Schemas (editor completion).",
        )
    )
    def schema(
        target: Annotated[Path, typer.Argument()] = ROOT / "packs" / "schema",
        check: Annotated[
            bool,
            typer.Option("--check", help=t("Seulement comparer.", "Only compare.")),
        ] = False,
    ) -> None:
        open_house()
        from socle.foundations.packs import schema as schemas

        stale = schemas.write(target, check=check)
        if check and stale:
            names = ", ".join(str(path) for path in stale)
            refuse(
                f"Schémas à régénérer ({names}) : ./socle packs schema",
                f"Schemas to write again ({names}): ./socle packs schema",
            )
        done(f"Schémas à jour dans « {target} ».", f"Schemas up to date in “{target}”.")


def run_check(folder: Path, json: bool = False) -> bool:
    """Print every problem of the pack. Whether it may be applied."""
    from socle.foundations import packs as doors

    problems = doors.check(folder)
    errors = [problem for problem in problems if problem.is_error]
    if json:
        as_json(
            {
                "ok": not errors,
                "problems": [
                    {
                        "file": problem.file,
                        "line": problem.line,
                        "column": problem.column,
                        "severity": problem.severity,
                        "message": problem.message,
                    }
                    for problem in problems
                ],
            }
        )
        return not errors
    for problem in problems:
        style = "red" if problem.is_error else "yellow"
        console.print(f"{problem}", style=style, highlight=False, markup=False, soft_wrap=True)
    if errors:
        fail(
            f"{len(errors)} erreur(s) dans le paquet « {folder.name} ».",
            f"{len(errors)} mistake(s) in the pack “{folder.name}”.",
        )
    else:
        done(f"Le paquet « {folder.name} » est juste.", f"The pack “{folder.name}” is right.")
    return not errors


def apply_folder(
    folder: Path,
    *,
    replace: bool = False,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Any:
    """Apply a pack; its mistakes are printed one per line and refused."""
    from socle.foundations import packs as doors

    return _told(lambda: doors.apply(folder, replace=replace, force=force, progress=progress))


def _told(act: Callable[[], Any]) -> Any:
    from socle.foundations.packs import PackError

    try:
        return act()
    except PackError as error:
        for problem in error.problems:
            console.print(str(problem), style="red", highlight=False, markup=False, soft_wrap=True)
        refuse(
            f"Le paquet contient {len(error.problems)} erreur(s) ; rien n'a été changé.",
            f"The pack has {len(error.problems)} mistake(s); nothing was changed.",
        )


def _chosen(folder: Path | None) -> Path:
    from django.conf import settings

    found = folder or settings.SOCLE.pack
    if found is None:
        refuse(
            "Donnez le dossier du paquet, ou réglez SOCLE_PACK.",
            "Give the folder of the pack, or set SOCLE_PACK.",
            2,
        )
    if not (found / "pack.toml").is_file():
        refuse(
            f"« {found} » n'est pas un paquet : il n'y a pas de pack.toml.",
            f"“{found}” is not a pack: there is no pack.toml.",
            2,
        )
    return Path(found)


def _plan_document(plan: Any) -> dict[str, Any]:
    return {
        "pack": plan.pack,
        "version": plan.version,
        "unchanged": plan.unchanged,
        "changes": [
            {
                "section": change.section,
                "key": change.key,
                "action": change.action,
                "fields": [str(field) for field in change.fields],
            }
            for change in plan.changes
        ],
    }
