"""A pack's own tests of its procedure, and what `packs check` says when one does not hold."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.cast import PACKS

from socle.foundations.packs import check
from socle.foundations.packs.problems import Problem

SERVICE = Path("services/composteur")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    target = tmp_path / "lakeside"
    shutil.copytree(PACKS / "lakeside", target)
    return target


def edit(pack: Path, name: str, *changes: tuple[str, str]) -> None:
    file = pack / SERVICE / name
    text = file.read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    file.write_text(text, "utf-8")


def examples(pack: Path, text: str) -> list[Problem]:
    (pack / SERVICE / "examples.toml").write_text(text, "utf-8")
    return check(pack)


def the(problems: list[Problem]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


ALL = (
    'answers = { address = "1 place de la Mairie", household_size = 4, garden = true, '
    'garden_area = 40, model = "wood" }'
)


@pytest.mark.parametrize("name", ["lakeside", "lake-city"])
def test_the_packs_of_the_tests_hold(name: str) -> None:
    assert check(PACKS / name) == []


def test_the_demonstration_pack_holds() -> None:
    packs = Path(__file__).resolve().parents[3] / "packs"
    found = [each for each in packs.iterdir() if (each / "pack.toml").is_file()]
    assert found
    for each in found:
        assert check(each) == []


def test_an_example_that_holds_says_nothing(pack: Path) -> None:
    text = f"""
[[example]]
title = "Complet"
{ALL}
valid = true
pages = ["logement", "jardin", "justificatif"]
state = "checking"
offers = ["ask", "accept"]

[[example]]
title = "Trop de monde"
{ALL.replace("4", "40", 1)}
valid = false
errors = {{ household_size = "Indiquez au plus 20" }}

[[example]]
title = "Hors du territoire"
{ALL.replace('"1 place de la Mairie"', '{ label = "Loin", citycode = "" }')}
errors = {{ address = "Cette adresse n’est pas sur le territoire" }}

[[example]]
title = "Avec un justificatif"
{ALL.replace(" }", ', proof = ["facture.pdf", "bail.pdf"] }')}
valid = true
today = "2030-02-28"
"""
    assert examples(pack, text) == []


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (
            'pages = ["logement"]',
            5,
            "« Ça » : les pages demandées sont : logement, jardin, justificatif.",
        ),
        ("valid = false", 5, "ces réponses sont acceptées"),
        ('errors = { model = "Choisissez" }', 5, "on attendait « Choisissez », on lit : rien."),
        ('errors = { modle = "x" }', 5, "la question « modle » n’existe pas. Vouliez-vous dire"),
        (
            'state = "chekcing"',
            5,
            "l’état « chekcing » n’existe pas. Vouliez-vous dire « checking »",
        ),
        ('state = "waiting"\noffers = ["accept"]', 6, "un agent se voit proposer : resume."),
        ('offers = ["accept"]', 5, "« offers » demande un « state »"),
    ],
)
def test_an_example_that_does_not_hold_is_placed_on_its_line(
    pack: Path, text: str, line: int, sentence: str
) -> None:
    problem = the(examples(pack, f'\n[[example]]\ntitle = "Ça"\n{ALL}\n{text}\n'))
    assert problem.file == "services/composteur/examples.toml"
    assert problem.line == line
    assert sentence in problem.message


def test_an_answer_that_is_refused_is_told(pack: Path) -> None:
    text = f'[[example]]\ntitle = "Ça"\n{ALL.replace("4,", "4.5,")}\nvalid = true'
    assert "la réponse à « household_size » est refusée" in the(examples(pack, text)).message


def test_an_unknown_answer_is_a_mistake(pack: Path) -> None:
    text = '[[example]]\ntitle = "Ça"\nanswers = { adress = "1 place" }'
    problem = the(examples(pack, text))
    assert "« adress » n’existe pas. Vouliez-vous dire « address »" in problem.message
    assert (problem.line, problem.column) == (3, 22)


@pytest.mark.parametrize(
    "given",
    ["household_size = true", "garden = 3", 'garden_area = { a = 1 }', "address = 3", "model = [1]",
     "proof = 4", 'proof = [{ name = "x" }]', "address = []"],
)  # fmt: skip
def test_answers_of_any_shape_break_nothing(pack: Path, given: str) -> None:
    text = f'[[example]]\ntitle = "Ça"\nvalid = false\nanswers = {{ {given}, garden = true }}'
    if given.startswith("garden ="):
        text = f'[[example]]\ntitle = "Ça"\nvalid = false\nanswers = {{ {given} }}'
    assert check_is_calm(examples(pack, text))


def check_is_calm(problems: list[Problem]) -> bool:
    return all(problem.message for problem in problems)


def test_examples_do_not_run_on_a_questionnaire_or_a_workflow_that_is_wrong(pack: Path) -> None:
    edit(pack, "questionnaire.toml", ("garden == true", "gardn == true"))
    problem = the(check(pack))
    assert problem.file == "services/composteur/questionnaire.toml"
    assert "gardn" in problem.message
    edit(pack, "questionnaire.toml", ("gardn == true", "garden == true"))
    edit(pack, "workflow.toml", ('to = "accepted"', 'to = "acepted"'))
    assert {each.file for each in check(pack)} == {"services/composteur/workflow.toml"}


def test_a_cycle_of_conditions_has_its_line(pack: Path) -> None:
    edit(
        pack, "questionnaire.toml",
        ('label = "Surface du jardin"', 'label = "Surface"\nvisible_when = "model is known"'),
        ('label = "Quel modèle préférez-vous ?"',
         'label = "Modèle"\nvisible_when = "garden_area is known"'),
    )  # fmt: skip
    problem = the(check(pack))
    assert "boucle" in problem.message
    source = (pack / SERVICE / "questionnaire.toml").read_text("utf-8").splitlines()
    assert "visible_when" in source[problem.line - 1]


def test_a_letter_with_an_unknown_answer_is_a_mistake(pack: Path) -> None:
    edit(pack, "letters/accepted.md", ("Bonjour {name}", "Bonjour {answer.gardn}"))
    assert "gardn" in the(check(pack)).message


def test_a_procedure_whose_receipt_would_lack_something_is_refused(pack: Path) -> None:
    edit(pack, "service.toml", ('[silence]\nmeaning = "rejection"\nmonths = 2', ""))
    assert "silence" in the(check(pack)).message
