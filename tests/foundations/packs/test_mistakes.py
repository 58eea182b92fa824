# ruff: noqa: E501 -- a table of mistakes reads better on long lines
"""`check` says every mistake in a sentence, with its file, line and column, and needs no database."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.foundations.packs.conftest import LAKESIDE, Folder

from socle.foundations import packs

SERVICE = "services/composteur/service.toml"
QUESTIONS = "services/composteur/questionnaire.toml"
WORKFLOW = "services/composteur/workflow.toml"


def where(problem: packs.Problem) -> tuple[str, int, int]:
    return problem.file, problem.line, problem.column


def test_a_right_pack_has_no_problem_and_asks_nothing_of_a_database() -> None:
    # No `db` fixture here: any query fails the test.
    assert packs.check(LAKESIDE) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "needle", "sentence"),
    [
        # --- syntax ---
        (SERVICE, 'theme = "dechets"', "theme = dechets", "dechets\n", "un texte s’écrit entre guillemets"),
        (SERVICE, 'theme = "dechets"', 'theme "dechets"', '"dechets"\nlife', "Il manque « = »"),
        (SERVICE, 'theme = "dechets"', 'theme = "dechets', '\nlife_events', "il manque un guillemet"),
        (SERVICE, "[[channel]]", "[[channel]", "]\nkind", "Il manque « ]] »"),
        (SERVICE, "amount_cents = 0", "amount_cents = 0\namount_cents = 1", None, "Cette clé a déjà une valeur"),
        ("pack.toml", 'version = "1.0"', "version = 2026-02-30", "2026-02-30", "Cette date n’existe pas"),
        # --- fields ---
        (SERVICE, 'icon = "leaf"', 'icone = "leaf"', 'icone = "leaf"', "Champ inconnu « icone ». Vouliez-vous dire « icon » ?"),
        (QUESTIONS, "minimum = 1\nmaximum = 20\n", "minimun = 1\n", "minimun", "Vouliez-vous dire « minimum » ?"),
        (SERVICE, 'theme = "dechets"\n', "", None, "Il manque « theme »."),
        (QUESTIONS, 'label = "Votre adresse"\n', "", '[[page.field]]\nid = "address"', "Il manque « label »."),
        # --- types ---
        (QUESTIONS, "duration_minutes = 3", 'duration_minutes = "3"', '"3"', "Un nombre entier est attendu ici, pas « 3 »."),
        (QUESTIONS, "duration_minutes = 3", "duration_minutes = true", "true\ntitle", "pas « true »"),
        (QUESTIONS, "duration_minutes = 3", "duration_minutes = 900", "900", "Ce nombre doit être au plus 240."),
        (SERVICE, "required = false", 'required = "non"', '"non"', "« true » ou « false »"),
        (SERVICE, 'audiences = ["resident"]', 'audiences = "resident"', '"resident"', "Une liste est attendue ici"),
        (SERVICE, 'audiences = ["resident"]', 'audiences = ["residents"]', '"residents"', "« residents » n’est pas accepté ; choisissez parmi"),
        (SERVICE, 'audiences = ["resident"]', 'audiences = ["residents"]', '"residents"', "Vouliez-vous dire « resident » ?"),
        (SERVICE, 'audiences = ["resident"]', "audiences = []", "[]", "Il faut au moins 1 élément ici."),
        (SERVICE, 'theme = "dechets"', 'theme = "Déchets verts"', '"Déchets verts"', "n’est pas un identifiant"),
        (SERVICE, 'title = "Demander un composteur"', 'title = "  "', '"  "', "Ce texte ne peut pas être vide."),
        ("pack.toml", "zoom = 11", "zoom = inf", "inf\n", "nombre infini"),
        # --- names ---
        (SERVICE, 'team = "dechets"', 'team = "dechet"', '"dechet"', "Aucune équipe ne s’appelle « dechet » dans ce pack. Vouliez-vous dire « dechets » ?"),
        (SERVICE, 'organisation = "metropole-du-lac"', 'organisation = "metropole"', '"metropole"', "Aucune organisation ne s’appelle « metropole »"),
        (SERVICE, 'life_events = ["je-demenage"]', 'life_events = ["je-demenage", "je-nais"]', '"je-nais"', "Aucune situation de vie ne s’appelle « je-nais »"),
        (SERVICE, 'theme = "dechets"', 'theme = "compost"', '"compost"\nlife', "Aucun thème ne s’appelle « compost »"),
        ("pack.toml", 'metropole = "metropole-du-lac"', 'metropole = "ailleurs"', '"ailleurs"', "Aucune organisation ne s’appelle « ailleurs »"),
        ("teams.toml", '"regie-des-eaux"', '"regie-eaux"', '"regie-eaux"', "Vouliez-vous dire « regie-des-eaux » ?"),
        ("brand/brand.toml", "[organisation.villeneuve-du-lac.colors]", "[organisation.villeneuve.colors]", "[organisation", "Aucune organisation ne s’appelle « villeneuve »"),
        # --- territory ---
        ("communes.csv", "000000125", "000000126", "000000126", "sa clé de contrôle est fausse"),
        ("communes.csv", "000000125", "000000117", None, "Ce SIREN est déjà celui de « Villeneuve-du-Lac »."),
        ("communes.csv", "population", "populations", "populations", "Colonne inconnue « populations ». Vouliez-vous dire « population » ?"),
        ("communes.csv", "99200,8000", "99200,beaucoup", "beaucoup", "Un nombre entier est attendu ici, pas « beaucoup »."),
        ("communes.csv", "99200,8000,", "99200,", None, "Cette ligne a 11 cellules ; l’en-tête en a 12."),
        ("communes.csv", "saint-test,Saint-Test", "villeneuve-du-lac,Saint-Test", "villeneuve-du-lac,Saint", "Le nom « villeneuve-du-lac » est déjà pris (communes.csv:2)"),
        ("contours.geojson", '"code": "99002"', '"code": "99009"', '"99009"', "Aucune commune n’a le code « 99009 »."),
        ("contours.geojson", "[2.1, 46.1], [2.0, 46.1]", "[2.0, 46.1], [2.1, 46.1]", None, "Ce contour se croise lui-même."),
        ("contours.geojson", "[[[2.0, 46.0]", "[[[200000.0, 6000000.0]", None, "n’est pas en degrés"),
        ("contours.geojson", '"type": "FeatureCollection",', '"type": "FeatureCollection"', None, "Il manque une virgule"),
        ("opening_hours.json", '["14:00", "18:00"]', '["18:00", "14:00"]', '["18:00"', "Ces heures sont à l’envers : 18:00 – 14:00."),
        ("opening_hours.json", '"99002"', '"99001"', '"99001": [{', "« 99001 » est écrit deux fois."),
        # --- teams and brand ---
        ("teams.toml", 'name = "Voirie"\norganisations = ["metropole-du-lac"]', 'name = "Voirie"', '[[team]]\nslug = "voirie"', "Cette équipe n’est à personne"),
        ("teams.toml", 'kind = "commune"\ndefault = true', 'kind = "commune"', None, "3 organisations n’ont pas d’équipe par défaut"),
        ("brand/brand.toml", 'logo = "logo"', 'logo = "sceau"', '"sceau"', "Il n’y a pas de fichier brand/sceau.svg."),
        ("brand/brand.toml", '"#1b5e4b"', '"vert"', '"vert"', "n’a pas la forme attendue"),
        ("brand/logo.svg", "<path", "<script>alert(1)</script><path", None, "un élément actif"),
        ("brand/logo.svg", '<path d="', '<path onload="x" d="', None, "un élément actif"),
        ("brand/logo.svg", "<path", '<image href="https://x.example/y.png"/><path', None, "appelle un autre fichier"),
    ],
)  # fmt: skip
def test_a_mistake_is_placed_and_said_plainly(
    lakeside: Folder, file: str, old: str, new: str, needle: str | None, sentence: str
) -> None:
    lakeside.edit(file, old, new)
    problems = lakeside.check()
    told = [problem for problem in problems if sentence in problem.message]
    assert told, "\n".join(map(str, problems)) or "no problem"
    assert told[0].is_error
    if needle is not None:
        assert where(told[0]) == lakeside.place(file, needle)


def test_a_repeated_id_gives_the_line_of_the_first(lakeside: Folder) -> None:
    lakeside.append("catalogue.toml", '\n[[theme]]\nid = "dechets"\nlabel = "Encore"\n')
    problem = lakeside.only()
    last = lakeside.read("catalogue.toml").count("\n") - 1
    assert (problem.line, problem.column) == (last, 6)
    assert "« dechets » est déjà pris" in problem.message


def test_a_wrong_condition_is_placed_inside_its_text(lakeside: Folder) -> None:
    lakeside.edit(QUESTIONS, '"garden == true"', '"garden == true and hose"')
    problem = lakeside.only()
    file, line, column = lakeside.place(QUESTIONS, "hose")
    assert where(problem) == (file, line, column)


def test_a_wrong_condition_of_several_lines_is_placed_on_its_own_line(lakeside: Folder) -> None:
    lakeside.edit(QUESTIONS, '"garden == true"', '"""\n  garden == true\n  and hose == 1"""')
    assert where(lakeside.only()) == lakeside.place(QUESTIONS, "hose")


def test_escapes_before_the_mistake_do_not_shift_it(lakeside: Folder) -> None:
    lakeside.edit(QUESTIONS, '"garden == true"', r'"garden == \u0074rue and hose"')
    assert where(lakeside.only()) == lakeside.place(QUESTIONS, "hose")


def test_conditions_in_a_circle_are_refused(lakeside: Folder) -> None:
    lakeside.edit(
        QUESTIONS, 'label = "Avez-vous un jardin ?"',
        'label = "Avez-vous un jardin ?"\nvisible_when = "garden_area > 3"',
    )  # fmt: skip
    messages = [problem.message for problem in lakeside.check()]
    assert any("garden" in message and "→" in message for message in messages), messages


def test_every_mistake_of_a_pack_is_told_at_once(lakeside: Folder) -> None:
    lakeside.edit(SERVICE, 'icon = "leaf"', "icone = 1").edit(
        "teams.toml", "default = true", "defaut = 1"
    )
    lakeside.edit("pack.toml", "zoom = 11", 'zoom = "11"')
    assert {problem.file for problem in lakeside.check()} == {SERVICE, "teams.toml", "pack.toml"}


def test_a_file_that_cannot_be_read_does_not_make_its_names_unknown(lakeside: Folder) -> None:
    lakeside.edit("teams.toml", 'slug = "accueil"', "slug = ")
    assert {problem.file for problem in lakeside.check()} == {"teams.toml"}


def test_a_missing_required_file_is_named(lakeside: Folder) -> None:
    lakeside.remove(WORKFLOW)
    problem = next(p for p in lakeside.check() if p.file == WORKFLOW)
    assert problem.message == "Ce fichier manque."


def test_a_folder_without_pack_toml_is_not_a_pack(tmp_path: Path) -> None:
    (problem,) = packs.check(tmp_path)
    assert problem.file == "pack.toml"
    assert "n’est pas un pack" in problem.message


def test_a_missing_folder_is_not_a_pack_either(tmp_path: Path) -> None:
    assert len(packs.check(tmp_path / "nowhere")) == 1


def test_a_misspelt_file_name_is_a_mistake(lakeside: Folder) -> None:
    text = lakeside.read("catalogue.toml")
    lakeside.write("catalog.toml", text).remove("catalogue.toml")
    problem = next(p for p in lakeside.check() if p.file == "catalog.toml")
    assert problem.is_error
    assert "Vouliez-vous dire « catalogue.toml » ?" in problem.message


def test_a_file_that_nothing_reads_is_only_a_warning(lakeside: Folder) -> None:
    lakeside.write("notes/idees.toml", "a = 1").write("README.md", "# Read me")
    problem = lakeside.only()
    assert (problem.file, problem.severity) == ("notes/idees.toml", "warning")


def test_a_folder_name_that_is_no_identifier_is_refused(lakeside: Folder) -> None:
    lakeside.write("services/Été 2026/service.toml", lakeside.read(SERVICE))
    problem = next(p for p in lakeside.check() if p.file == "services/Été 2026")
    assert "n’est pas un identifiant" in problem.message


# --- bytes ---


def test_latin_1_is_recognised_and_placed(lakeside: Folder) -> None:
    text = lakeside.read("communes.csv")
    lakeside.write("communes.csv", text.encode("latin-1", "replace"))
    problem = lakeside.only()
    assert (problem.file, problem.line) == ("communes.csv", 3)
    assert problem.message == "Ce fichier n’est pas en UTF-8 (octet 0xC9). Enregistrez-le en UTF-8."


def test_a_semicolon_csv_is_told_which_separator_to_use(lakeside: Folder) -> None:
    lakeside.write("communes.csv", lakeside.read("communes.csv").replace(",", ";"))
    assert "le séparateur attendu est « , »" in lakeside.only().message


@pytest.mark.parametrize("file", ["pack.toml", "communes.csv", "contours.geojson"])
def test_windows_line_ends_and_a_byte_order_mark_are_accepted(lakeside: Folder, file: str) -> None:
    text = lakeside.read(file).replace("\n", "\r\n")
    lakeside.write(file, b"\xef\xbb\xbf" + text.encode())
    assert lakeside.check() == []


def test_a_nul_is_refused(lakeside: Folder) -> None:
    lakeside.edit("services/composteur/letters/accepted.md", "Bonjour", "Bon\0jour")
    problem = lakeside.only()
    assert (problem.line, problem.column) == (3, 4)


def test_an_empty_file_and_a_deep_one_are_said_plainly(lakeside: Folder) -> None:
    lakeside.write("communes.csv", "").write("catalogue.toml", "a = " + "[" * 5000 + "]" * 5000)
    found = {problem.file: problem.message for problem in lakeside.check()}
    assert "Ce fichier est vide" in found["communes.csv"]
    assert found["catalogue.toml"] == "Ce fichier est trop imbriqué."


# --- the pack's walls ---


@pytest.mark.parametrize("target", ["../secret.toml", "/etc/hostname"])
def test_a_symbolic_link_does_not_lead_out_of_the_pack(lakeside: Folder, target: str) -> None:
    (lakeside.path.parent / "secret.toml").write_text('password = "xyz"')
    lakeside.remove("catalogue.toml")
    (lakeside.path / "catalogue.toml").symlink_to(target)
    problem = next(p for p in lakeside.check() if p.file == "catalogue.toml")
    assert "hors du pack" in problem.message
    assert "xyz" not in problem.message


def test_a_linked_folder_does_not_lead_out_either(lakeside: Folder) -> None:
    outside = lakeside.path.parent / "outside"
    (lakeside.path / "services" / "composteur").rename(outside)
    (lakeside.path / "services" / "composteur").symlink_to(outside)
    problems = [p for p in lakeside.check() if p.file.startswith("services/composteur/")]
    assert problems
    assert all("hors du pack" in problem.message for problem in problems)


def test_a_link_inside_the_pack_is_followed(lakeside: Folder) -> None:
    lakeside.write("common/logo.svg", lakeside.read("brand/logo.svg")).remove("brand/logo.svg")
    (lakeside.path / "brand" / "logo.svg").symlink_to("../common/logo.svg")
    assert lakeside.check() == []
