"""How sections read files: pages with a heading, one item per file, merged parts, names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.foundations.packs.conftest import Folder

from socle.foundations.packs import checking
from socle.foundations.packs.document import Document, Key
from socle.foundations.packs.parts import Csv, Json, Page, Texts, Toml
from socle.foundations.packs.registry import Name, Section

With = Callable[[Section], Section]


class News(Document):
    title: str
    rank: int = 0
    body: str


@pytest.fixture
def news(with_section: With) -> Section:
    return with_section(
        Section(
            name="zz-news",
            where="news/*.md",
            parts=(Page(""),),
            model=News,
            check=lambda item, context: (
                [item.problem("No shouting.", "body", offset=item.document.body.index("!"))]
                if "!" in item.document.body
                else []
            ),
        )
    )


@pytest.mark.usefixtures("news")
def test_one_item_per_file_with_a_heading(lakeside: Folder) -> None:
    lakeside.write("news/spring.md", '+++\ntitle = "Spring"\nrank = 2\n+++\n\n# It is here\n')
    lakeside.write("news/README.md", "Not an item.")
    (item,) = checking.load(lakeside.path).items["zz-news"].values()
    assert item.key == "spring"
    assert item.path == "news/spring.md"
    assert item.document == News(title="Spring", rank=2, body="# It is here")


@pytest.mark.usefixtures("news")
@pytest.mark.parametrize(
    ("text", "line", "column", "sentence"),
    [
        ('+++\ntitle = "A"\nrang = 1\n+++\nb', 3, 1, "Champ inconnu « rang »"),
        ("+++\ntitle = 1\n+++\nb", 2, 9, "Un texte est attendu"),
        ("+++\ntitle = \n+++\nb", 2, 9, "Cette valeur n’est pas comprise"),
        ('+++\ntitle = "A"\nb', 1, 1, "n’est jamais refermé"),
        ('+++\ntitle = "A"\nbody = "x"\n+++\nb', 1, 1, "ne s’écrit pas en en-tête"),
        ('+++\ntitle = "A"\n+++\n\nQuiet.\nLoud!\n', 6, 5, "No shouting."),
        ("No heading.", 1, 1, "Il manque « title »."),
    ],
)
def test_mistakes_of_a_page_are_placed_in_its_heading_or_its_text(
    lakeside: Folder, text: str, line: int, column: int, sentence: str
) -> None:
    lakeside.write("news/spring.md", text)
    problem = next(p for p in lakeside.check() if p.file == "news/spring.md")
    assert sentence in problem.message
    assert (problem.line, problem.column) == (line, column)


class Row(Document):
    id: Key
    size: float = 0.0
    open: bool | None = None
    tags: tuple[str, ...] = ()


class Mixed(Document):
    title: str
    rows: tuple[Row, ...] = ()
    extra: dict[str, int] = {}
    texts: dict[str, str] = {}


@pytest.fixture
def mixed(with_section: With) -> Section:
    return with_section(
        Section(
            name="zz-mixed",
            where="mixed/*",
            parts=(
                Toml("main.toml"),
                Csv("rows.csv", "rows", required=False, row=Row),
                Json("extra.json", "extra", required=False),
                Texts("texts/*.txt", "texts"),
            ),
            model=Mixed,
            names=lambda item: [Name("mixed", row.id) for row in item.document.rows],
            provides=("mixed",),
        )
    )


@pytest.mark.usefixtures("mixed")
def test_several_files_make_one_document(lakeside: Folder) -> None:
    lakeside.write("mixed/a/main.toml", 'title = "A"')
    lakeside.write("mixed/a/rows.csv", "id,size,open,tags\nx,1.5,true,a|b\ny,,,\n")
    lakeside.write("mixed/a/extra.json", '{"n": 1}')
    lakeside.write("mixed/a/texts/one.txt", "\n Un\n")
    lakeside.write("mixed/b/main.toml", 'title = "B"')
    items = checking.load(lakeside.path).items["zz-mixed"]
    assert items["a"].document == Mixed(
        title="A",
        rows=(Row(id="x", size=1.5, open=True, tags=("a", "b")), Row(id="y")),
        extra={"n": 1},
        texts={"one": "Un"},
    )
    assert items["b"].content == {"title": "B"}
    assert items["a"].at("rows", 1, "id").line == 3
    assert str(items["a"].at("texts", "one")) == "mixed/a/texts/one.txt:1:1"
    assert str(items["a"].at("texts", "one", offset=1)) == "mixed/a/texts/one.txt:2:3"
    assert str(items["a"].at("nothing", "of", "the", "kind")) == "mixed/a/main.toml:1:1"


@pytest.mark.usefixtures("mixed")
def test_a_name_declared_in_two_items_is_a_mistake(lakeside: Folder) -> None:
    for key in ("a", "b"):
        lakeside.write(f"mixed/{key}/main.toml", 'title = "A"')
        lakeside.write(f"mixed/{key}/rows.csv", "id\nsame\n")
    assert "« same » est déjà pris (mixed/a/" in lakeside.only().message


@pytest.mark.usefixtures("mixed")
def test_a_cell_of_the_wrong_type_is_placed(lakeside: Folder) -> None:
    lakeside.write("mixed/a/main.toml", 'title = "A"')
    lakeside.write("mixed/a/rows.csv", "id,open\nx,true\ny,peut-être\n")
    problem = lakeside.only()
    assert (problem.file, problem.line, problem.column) == ("mixed/a/rows.csv", 3, 3)
    assert "« true » ou « false » est attendu ici, pas « peut-être »." in problem.message


@pytest.mark.usefixtures("mixed")
def test_a_list_where_a_table_is_expected(lakeside: Folder) -> None:
    lakeside.write("mixed/a/main.toml", 'title = "A"').write("mixed/a/extra.json", "[1]")
    assert "Une table est attendue ici, pas une liste." in lakeside.only().message
