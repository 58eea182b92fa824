"""Historic reports: what comes in, what is refused and why, and nothing twice."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.cast import PACKS, Cast

from socle.capabilities.casework.models import Case
from socle.domains.reports import mapping
from socle.domains.reports.importing import Importer
from socle.foundations.journal import queries as journal
from socle.foundations.packs import actions as packs
from socle.kernel.errors import Invalid

REAL = Path(__file__).parents[4] / "shared/data/real/reports/zurich_wgs84_fr.csv.gz"
HEADER = ["id", "quand", "quoi", "x", "y"]
GOOD = ["1", "2024-03-01", "dechets", "2.05", "46.05"]
MAPPING = """
source = "ancien-outil"
[columns]
id = "id"
created = "quand"
category = "quoi"
lon = "x"
lat = "y"
[categories]
dechets = "depot-sauvage"
[statuses]
"*" = "resolved"
"""

pytestmark = pytest.mark.django_db


def write(folder: Path, rows: list[list[str]], header: list[str] | None = None) -> Path:
    file = folder / "reports.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header or HEADER, *rows])
    return file


def importer(folder: Path, text: str = MAPPING) -> Importer:
    file = folder / "mapping.toml"
    file.write_text(text, "utf-8")
    return Importer(mapping.load(file))


def test_lines_become_closed_reports_of_the_right_team(cast: Cast, tmp_path: Path) -> None:
    run = importer(tmp_path).run(write(tmp_path, [GOOD]))
    assert (run.created, run.rejected) == (1, 0)
    case = Case.objects.get()
    assert (case.organisation.slug, case.category) == ("villeneuve-du-lac", "depot-sauvage")
    assert case.is_open is False
    assert case.cell is not None
    assert journal.verify().ok


def test_the_same_file_twice_adds_nothing(cast: Cast, tmp_path: Path) -> None:
    file = write(tmp_path, [[str(n), *GOOD[1:]] for n in range(30)])
    importer(tmp_path).run(file)
    again = importer(tmp_path).run(file)
    assert (again.created, again.known) == (0, 30)
    assert Case.objects.count() == 30


@pytest.mark.parametrize(
    "line",
    [
        ["2", "2024-03-01", "licornes", "2.05", "46.05"],
        ["2", "hier", "dechets", "2.05", "46.05"],
        ["2", "2099-01-01", "dechets", "2.05", "46.05"],
        ["2", "2024-03-01", "dechets", "0", "0"],
        ["2", "2024-03-01", "dechets", "-1.5", "47.2"],
        ["2", "2024-03-01", "dechets", "nord", "46.05"],
        ["2", "2024-03-01", "dechets"],
    ],
)
def test_a_line_that_cannot_be_taken_is_written_with_its_reason(
    cast: Cast, tmp_path: Path, line: list[str]
) -> None:
    rejects = tmp_path / "refused.csv"
    run = importer(tmp_path).run(write(tmp_path, [GOOD, line]), rejects=rejects)
    assert (run.created, run.rejected) == (1, 1)
    with rejects.open(encoding="utf-8", newline="") as stream:
        written = list(csv.reader(stream))
    assert written[1][0] == "3"
    assert written[1][1]


def test_missing_columns_are_named(cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="quoi"):
        importer(tmp_path).run(write(tmp_path, [GOOD], header=["id", "quand", "type", "x", "y"]))


def test_a_wrong_encoding_is_said(cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "reports.csv"
    file.write_bytes("id;quand;quoi;x;y\n1;2024;dépôt;2;46\n".replace(";", ",").encode("cp1252"))
    with pytest.raises(Invalid):
        importer(tmp_path).run(file)


@pytest.mark.parametrize(
    "change",
    [("depot-sauvage", "licorne"), ("resolved", "licorne"), ("[columns]", "[colonnes]")],
)
def test_a_mapping_that_names_what_does_not_exist_is_refused(
    cast: Cast, tmp_path: Path, change: tuple[str, str]
) -> None:
    with pytest.raises(Invalid):
        importer(tmp_path, MAPPING.replace(*change))


@pytest.mark.skipif(not REAL.is_file(), reason="the shared real reports are not beside the project")
def test_the_real_reports_all_come_in(db: None) -> None:
    packs.apply(PACKS / "lake-city")
    run = Importer(mapping.load(PACKS / "lake-city.import.toml")).run(REAL)
    assert (run.read, run.created, run.rejected) == (62_245, 62_245, 0)
    assert Case.objects.count() == 62_245
