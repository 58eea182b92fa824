"""The packs of the house are right, and their schemas are those of the code."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from socle.design import brand
from socle.foundations import packs
from socle.foundations.packs import checking, registry, schema

ROOT = Path(__file__).parents[3]
PACKS = [
    path.parent
    for folder in (ROOT / "packs", ROOT / "tests" / "packs")
    for path in sorted(folder.glob("*/pack.toml"))
]


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.name)
def test_the_pack_has_no_mistake(path: Path) -> None:
    assert [str(problem) for problem in packs.check(path) if problem.is_error] == []


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.name)
def test_what_is_stored_reads_back_as_what_was_written(path: Path) -> None:
    from socle.foundations.packs import canonical

    for section, items in checking.load(path).items.items():
        model = registry.section(section).model
        for item in items.values():
            text = canonical.text(item.content)
            assert model.model_validate_json(text, strict=True) == item.document


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.name)
def test_every_colour_of_the_brand_is_legible(path: Path) -> None:
    file = path / "brand" / "brand.toml"
    if not file.is_file():
        pytest.skip("no brand")
    declared = tomllib.loads(file.read_text("utf-8"))
    looks = [declared, *declared.get("organisation", {}).values()]
    assert [brand.failures(look.get("colors", {})) for look in looks] == [[] for _ in looks]


def test_schemas_are_up_to_date() -> None:
    stale = schema.write(ROOT / "packs" / "schema", check=True)
    assert stale == [], "run ./socle packs schema"


def test_schemas_are_json_schemas() -> None:
    for name, text in schema.schemas().items():
        described = json.loads(text)
        assert described["$schema"].endswith("2020-12/schema"), name


def test_writing_schemas_removes_those_of_files_no_longer_read(tmp_path: Path) -> None:
    (tmp_path / "gone.toml.schema.json").write_text("{}")
    assert schema.write(tmp_path, check=True)
    assert (tmp_path / "gone.toml.schema.json").exists()
    schema.write(tmp_path)
    assert not (tmp_path / "gone.toml.schema.json").exists()
    assert schema.write(tmp_path, check=True) == []


def test_a_section_name_is_taken_once() -> None:
    known = registry.section("site")
    registry.register(known)
    twin = registry.Section(name="site", where=".", parts=known.parts, model=known.model)
    with pytest.raises(ValueError, match="registered twice"):
        registry.register(twin)


def test_sections_in_a_circle_are_refused() -> None:
    site = registry.section("site")
    for name, after in (("zz-a", "zz-b"), ("zz-b", "zz-a")):
        registry.register(
            registry.Section(
                name=name, where=".", parts=site.parts, model=site.model, after=(after,)
            )
        )
    try:
        with pytest.raises(ValueError, match="circle"):
            list(registry.sections())
    finally:
        registry.unregister("zz-a")
        registry.unregister("zz-b")


def test_sections_come_after_those_they_need() -> None:
    order = [section.name for section in registry.sections()]
    assert order.index("site") < order.index("territory") < order.index("teams")
    assert order.index("catalogue") < order.index("service")
