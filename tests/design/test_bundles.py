"""The built front end: within its byte budgets, complete, and the same tokens everywhere."""

from __future__ import annotations

import json
import re
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from socle.design import assets, brand

ROOT = Path(__file__).parents[2]
CSS = ROOT / "frontend" / "src"
built = pytest.mark.skipif(
    not (assets.DIST / "manifest.json").exists(), reason="front end not built (frontend/build.mjs)"
)
KB = 1000


def _manifest() -> dict[str, Any]:
    return json.loads((assets.DIST / "manifest.json").read_text("utf-8"))  # type: ignore[no-any-return]


def _weight(name: str, encoding: str = "br") -> int:
    """Bytes on the wire: the compressed copy when there is one."""
    packed = assets.DIST / f"{name}.{encoding}"
    return (packed if packed.exists() else assets.DIST / name).stat().st_size


def _critical(layout: str, encoding: str = "br") -> int:
    manifest = _manifest()
    files = manifest["files"]
    names = [files[f"{layout}.css"], files[f"{layout}.js"], files["atkinson-latin.woff2"]]
    names += manifest["preloads"][f"{layout}.js"]
    names += [name for logical, name in files.items() if logical.startswith("htmx")]
    return sum(_weight(name, encoding) for name in names)


@built
@pytest.mark.parametrize("encoding", ["br", "gz"])
@pytest.mark.parametrize("layout", ["portal", "desk"])
def test_the_critical_path_fits_in_60_kb(layout: str, encoding: str) -> None:
    assert _critical(layout, encoding) <= 60 * KB


@built
def test_a_page_with_every_form_part_fits_in_100_kb() -> None:
    """Critical path, icons and form parts: what a démarche loads besides its own HTML (≤ 15 kB)."""
    files = _manifest()["files"]
    parts = [_weight(files[name]) for name in ("sprite.svg", "form-parts.js")]
    assert _critical("portal") + sum(parts) <= 85 * KB


@built
def test_the_map_is_not_part_of_any_page() -> None:
    manifest = _manifest()
    for layout in ("portal", "desk"):
        loaded = {manifest["files"][f"{layout}.js"], *manifest["preloads"][f"{layout}.js"]}
        text = "".join((assets.DIST / name).read_text("utf-8") for name in loaded)
        assert "maplibregl" not in text and len(text) < 40 * KB


@built
def test_every_file_of_the_manifest_exists_compressed_and_hashed() -> None:
    manifest = _manifest()
    names = [*manifest["files"].values(), *chain(*manifest["preloads"].values())]
    for name in names:
        assert re.search(r"-[0-9A-Za-z]{8,10}\.", name), name
        assert (assets.DIST / name).is_file()
        if name.endswith((".js", ".css", ".svg")):
            assert (assets.DIST / f"{name}.br").is_file() and (assets.DIST / f"{name}.gz").is_file()


@built
def test_bundles_name_files_that_exist() -> None:
    """A chunk, a font or the map's worker asked for by name must be there."""
    names = {path.name for path in assets.DIST.iterdir()}
    for path in assets.DIST.glob("*.js"):
        if path.name.startswith("map-worker"):
            continue
        for asked in re.findall(
            r"""["']\./([\w.-]+\.(?:js|css|woff2))["']""", path.read_text("utf-8")
        ):
            assert asked in names, f"{path.name} asks for {asked}"


@built
def test_scripts_need_no_eval_and_no_network_of_others() -> None:
    files = _manifest()["files"]
    for logical in ("portal.js", "desk.js", "form-parts.js", "sw.js"):
        text = (assets.DIST / files[logical]).read_text("utf-8")
        assert not re.search(r"\beval\(|new Function\(", text), logical
        assert not re.search(r"https?://(?!www\.w3\.org)", text), logical


@built
def test_the_sprite_holds_exactly_the_listed_icons() -> None:
    sprite = assets.read("sprite.svg")
    assert sprite is not None
    listed = json.loads((ROOT / "frontend" / "icons.json").read_text("utf-8"))
    assert re.findall(r'<symbol id="([^"]+)"', sprite.decode()) == listed


@built
def test_the_worker_keeps_only_files_of_the_shell() -> None:
    worker = assets.read("sw.js")
    assert worker is not None
    names = set(re.findall(r'"([\w-]+-[\w]{8,10}\.(?:css|js|svg|woff2))"', worker.decode()))
    assert _manifest()["files"]["portal.css"] in names
    assert all((assets.DIST / name).is_file() for name in names)
    assert not any("map" in name for name in names)


def _sheets() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in CSS.rglob("*.css")}


def test_every_custom_property_used_is_defined() -> None:
    source = json.loads((ROOT / "src/socle/design/tokens.json").read_text("utf-8"))
    defined = {*brand.defaults("light"), *source["shadows"]}
    sheets = _sheets()
    for text in sheets.values():
        defined.update(re.findall(r"(?<![\w-])--([\w-]+)\s*:", text))
    for name, text in sheets.items():
        unknown = set(re.findall(r"var\(--([\w-]+)", text)) - defined
        assert unknown == set(), name


def test_scripts_read_tokens_that_exist() -> None:
    text = (CSS / "lib" / "map-style.ts").read_text("utf-8")
    used = set(re.findall(r'color\("([\w-]+)"\)', text))
    assert used and used <= set(brand.defaults("light"))


def test_colours_are_written_once() -> None:
    """Outside the tokens, no sheet names a colour, so that a brand reaches everything."""
    allowed = {"print.css", "map.css"}  # paper is black on white; the map's veil over tiles
    for name, text in _sheets().items():
        if name in allowed:
            continue
        found = re.findall(r"#[0-9a-fA-F]{3,8}\b", re.sub(r"url\([^)]*\)", "", text))
        assert found == [], name


@built
def test_the_lock_file_names_no_registry() -> None:
    lock = (ROOT / "frontend" / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock and '"integrity"' in lock
