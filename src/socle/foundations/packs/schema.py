"""JSON Schemas of the files of a pack, for editors and for checks outside the house."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, RootModel, create_model

from . import registry
from .parts import Csv, Page, Part, Texts
from .registry import Section
from .typing_walk import models_of

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """Text of every schema by file name: `<file of the pack>.schema.json`, `/` written `--`."""
    found: dict[str, str] = {}
    for section in registry.sections():
        for part in section.parts:
            described = _describe(section, part)
            if described is not None:
                name = _file_name(section, part)
                found[name] = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    return dict(sorted(found.items()))


def write(folder: Path | str, *, check: bool = False) -> list[Path]:
    """Write the schemas into a folder; the files that were not up to date.

    `check`: write nothing, only say which are not. Schemas of files nothing reads any more are
    removed.
    """
    folder = Path(folder)
    wanted = schemas()
    stale: list[Path] = []
    for name, text in wanted.items():
        path = folder / name
        if not path.is_file() or path.read_text("utf-8") != text:
            stale.append(path)
            if not check:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
    for path in sorted(folder.glob("*.schema.json")):
        if path.name not in wanted:
            stale.append(path)
            if not check:
                path.unlink()
    return stale


def _file_name(section: Section[Any], part: Part) -> str:
    file = part.file if section.where == "." else f"{section.where}/{part.file}".rstrip("/")
    parts = [each for each in file.split("/") if each != "*"]
    return "--".join(parts).replace("*", "page") + ".schema.json"


def _describe(section: Section[Any], part: Part) -> dict[str, Any] | None:
    """The schema of one file; None for texts, which have no structure."""
    if isinstance(part, Texts):
        return None
    if isinstance(part, Csv):
        schema: dict[str, Any] = {
            "type": "array",
            "items": part.row.model_json_schema(by_alias=True),
        }
        schema["items"].pop("title", None)
    else:
        schema = _model_of(section, part).model_json_schema(by_alias=True)
        if isinstance(part, Page):
            # The text after the heading is no field of the heading.
            schema["properties"].pop("body", None)
            schema["required"] = [n for n in schema.get("required", []) if n != "body"]
    name = part.file or section.where
    return {"$schema": _DIALECT, **schema, "title": re.sub(r"^\*/|\*", "…", name)}


def _model_of(section: Section[Any], part: Part) -> type[BaseModel]:
    """What a file holds: the field of the composite, or the composite without its other files."""
    model: type[BaseModel] = section.model
    by_alias = {field.alias or name: (name, field) for name, field in model.model_fields.items()}
    if part.field:
        field = by_alias[part.field][1]
        found = next(models_of(field.annotation), None)
        return found or RootModel[field.annotation]  # type: ignore[name-defined]
    elsewhere = {other.field for other in section.parts if other.field}
    if not elsewhere:
        return model
    kept: dict[str, Any] = {
        name: (field.annotation, field)
        for alias, (name, field) in by_alias.items()
        if alias not in elsewhere
    }
    return create_model(
        model.__name__, __doc__=model.__doc__, __config__=model.model_config, **kept
    )
