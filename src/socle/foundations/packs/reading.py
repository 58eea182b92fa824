"""From a folder to typed items: files found, parsed, typed; every mistake placed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as File
from pathlib import PurePosixPath
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from . import canonical, registry, sentences
from .context import Context, Declared
from .parts import Parsed, Part, UnreadableMany
from .problems import Place, Problem, nearest, problem_at
from .registry import Item, Path, Section
from .source import Unreadable, relative
from .typing_walk import fields_at

_KEY = re.compile(r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$")
_MAX_KEY = 80
_OUTSIDE = object()
_READ = {".toml", ".csv", ".json", ".geojson", ".md", ".txt"}
_NOT_READ = ("readme", "licence", "license", "changelog")


@dataclass
class Loaded:
    """A pack as read: `items` by section and key, and everything wrong so far."""

    root: File
    items: dict[str, dict[str, Item[Any]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    names: dict[str, dict[str, Declared]] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    repeated: list[Problem] = field(default_factory=list)
    """Repeated `id`s, kept apart: a room that says it better at the same place is preferred."""

    def context(self) -> Context:
        return Context(self.items, self.names, frozenset(self.unsure))

    def digest(self) -> str:
        """Hash of every declaration of the pack."""
        lines = (
            f"{section} {key} {item.digest}\n"
            for section, items in sorted(self.items.items())
            for key, item in sorted(items.items())
        )
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def read(root: File) -> Loaded:
    """Read a pack with the registered sections. Nothing is raised: mistakes are `problems`."""
    loaded = Loaded(root)
    if not (root / "pack.toml").is_file():
        message = _("Ce dossier n’est pas un pack : il n’y a pas de fichier pack.toml.")
        loaded.problems.append(problem_at(Place("pack.toml"), message))
        return loaded
    for section in registry.sections():
        loaded.items[section.name] = {}
        for kind in section.provides:
            loaded.names.setdefault(kind, {})
        for key, base in _bases(root, section):
            _read_item(loaded, section, key, base)
        if section.required and not loaded.items[section.name] and section.provides:
            loaded.unsure.update(section.provides)
    _collect_names(loaded)
    loaded.problems += _unclaimed(loaded)
    return loaded


def _bases(root: File, section: Section[Any]) -> Iterator[tuple[str, File]]:
    """(key, folder or file) of every possible item of a section."""
    if section.where == ".":
        yield section.name, root
        return
    of_files = bool(PurePosixPath(section.where).suffix)
    for path in sorted(root.glob(section.where)):
        if path.name.startswith(".") or path.name.lower().startswith(_NOT_READ):
            continue
        if of_files and not path.is_dir():
            yield path.stem, path
        elif not of_files and path.is_dir():
            yield path.name, path


def _read_item(loaded: Loaded, section: Section[Any], key: str, base: File) -> None:
    found = [(part, part.matches(base)) for part in section.parts]
    standing = [(part, files) for part, files in found if files]
    if not standing:
        if section.required:
            place = Place(_where(loaded, base, section.parts[0]))
            loaded.problems.append(problem_at(place, _("Ce fichier manque au pack.")))
        return
    before = len(loaded.problems)
    for _part, files in standing:
        loaded.files.update(relative(loaded.root, path) for path in files)
    here = relative(loaded.root, base)
    if not _KEY.match(key) or len(key) > _MAX_KEY:
        message = _(
            "Le nom « %(name)s » n’est pas un identifiant : lettres minuscules sans accent et "
            "chiffres, séparés par des tirets."
        ) % {"name": key}
        loaded.problems.append(problem_at(Place(here), message))
    for part, files in found:
        if part.required and not files:
            place = Place(_where(loaded, base, part))
            loaded.problems.append(problem_at(place, _("Ce fichier manque.")))
    parsed: list[tuple[Part, Parsed]] = []
    for part, files in standing:
        try:
            parsed.append((part, part.parse(loaded.root, files)))
        except UnreadableMany as error:
            loaded.problems += error.problems
        except Unreadable as error:
            loaded.problems.append(error.problem)
    item = None
    if len(loaded.problems) == before:
        item = _type(loaded, section, key, here, parsed)
    if item is None:
        loaded.unsure.update(section.provides)
    else:
        loaded.items[section.name][key] = item


def _where(loaded: Loaded, base: File, part: Part) -> str:
    return relative(loaded.root, base / part.file if part.file else base)


def _type(
    loaded: Loaded, section: Section[Any], key: str, here: str, parsed: list[tuple[Part, Parsed]]
) -> Item[Any] | None:
    """The typed item, or None once its problems are noted."""
    raw: dict[str, Any] = {}
    for part, each in parsed:
        if part.field:
            raw[part.field] = each.value
        elif isinstance(each.value, dict):
            raw.update(each.value)
        else:
            place = each.locate((), False, 0) or Place(here)
            loaded.problems.append(problem_at(place, _("Une table est attendue dans ce fichier.")))
            return None
    locate = _Locator(parsed, Place(parsed[0][1].files[0]))
    bad = list(canonical.unstorable(raw))
    for path in bad:
        message = _(
            "Cette valeur ne peut pas être enregistrée (nombre infini ou caractère interdit)."
        )
        loaded.problems.append(problem_at(locate(path, 0), message))
    if bad:
        return None
    try:
        # From JSON, in strict mode: what is typed here is what a stored revision gives back.
        document = section.model.model_validate_json(canonical.text(raw), strict=True)
    except ValidationError as error:
        loaded.problems += _translated(error, section, raw, locate)
        return None
    content = document.model_dump(mode="json", by_alias=True, exclude_unset=True)
    item: Item[Any] = Item(
        section=section.name,
        key=key,
        document=document,
        content=content,
        digest=canonical.digest(content),
        place=locate,
        path=here,
    )
    loaded.repeated += _same_ids(item, content)
    return item


class _Locator:
    """Places of an item's values, across its files."""

    def __init__(self, parsed: list[tuple[Part, Parsed]], default: Place) -> None:
        self._by_field = {part.field: each for part, each in parsed if part.field}
        self._roots = [each for part, each in parsed if not part.field]
        self._default = default

    def __call__(self, path: Path, offset: int = 0, of_key: bool = False) -> Place:
        exact = True
        while path:
            place = self._exact(path, of_key and exact, offset if exact else 0)
            if place is not None:
                return place
            path, exact = path[:-1], False
        return self._default

    def _exact(self, path: Path, of_key: bool, offset: int) -> Place | None:
        part = self._by_field.get(str(path[0]))
        if part is not None:
            return part.locate(path[1:], of_key, offset)
        places = (each.locate(path, of_key, offset) for each in self._roots)
        return next((place for place in places if place is not None), None)


def _translated(
    error: ValidationError, section: Section[Any], raw: Any, locate: _Locator
) -> Iterator[Problem]:
    """One problem per value at fault: the members of a union complain once."""
    told: set[Path] = set()
    for each in error.errors(include_url=False):
        path = _in_raw(each["loc"], raw)
        name = each["loc"][-1] if each["loc"] else ""
        absent = each["type"] in {"missing", "extra_forbidden"}
        mark = (*path, name) if each["type"] == "missing" else path
        if mark in told:
            continue
        told.add(mark)
        known = fields_at(section.model, each["loc"][:-1]) if absent else frozenset()
        message = sentences.of_pydantic(each, known)
        yield problem_at(locate(path, of_key=each["type"] == "extra_forbidden"), message)


def _in_raw(location: tuple[str | int, ...], raw: Any) -> Path:
    """The part of pydantic's location that exists in the data: tags of unions are left out."""
    path: list[str | int] = []
    for step in location:
        inside: Any = _OUTSIDE
        if isinstance(raw, dict):
            inside = raw.get(step, _OUTSIDE)
        elif isinstance(raw, list) and isinstance(step, int) and step < len(raw):
            inside = raw[step]
        if inside is not _OUTSIDE:
            path.append(step)
            raw = inside
    return tuple(path)


def _same_ids(item: Item[Any], value: Any, path: Path = ()) -> Iterator[Problem]:
    """Two elements of one list with the same `id`."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _same_ids(item, each, (*path, key))
    elif isinstance(value, list):
        seen: dict[object, int] = {}
        for index, each in enumerate(value):
            if isinstance(each, dict) and isinstance(each.get("id"), str):
                first = seen.setdefault(each["id"], index)
                if first != index:
                    line = item.at(*path, first, "id").line
                    message = _("L’identifiant « %(id)s » est déjà pris (ligne %(line)d).")
                    yield item.problem(
                        message % {"id": each["id"], "line": line}, *path, index, "id"
                    )
            yield from _same_ids(item, each, (*path, index))


def _collect_names(loaded: Loaded) -> None:
    for section in registry.sections():
        for item in loaded.items[section.name].values():
            for name in section.names(item):
                first = loaded.names.setdefault(name.kind, {}).setdefault(
                    name.value, Declared(item, name.path)
                )
                if name.unique and (first.item is not item or first.path != name.path):
                    message = _("Le nom « %(name)s » est déjà pris (%(place)s).")
                    place = first.item.at(*first.path)
                    values = {"name": name.value, "place": f"{place.file}:{place.line}"}
                    loaded.problems.append(item.problem(message % values, *name.path))


def _unclaimed(loaded: Loaded) -> Iterator[Problem]:
    """Files that nothing reads: a mistake when the name nearly is one that would be read."""
    for folder, folders, files in os.walk(loaded.root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            file = relative(loaded.root, File(folder) / name)
            if (
                file in loaded.files
                or name.startswith(".")
                or name.lower().startswith(_NOT_READ)
                or PurePosixPath(name).suffix.lower() not in _READ
            ):
                continue
            near = nearest(name, _expected(loaded, PurePosixPath(file).parent))
            if near:
                message = _("Ce fichier n’est pas lu. Vouliez-vous dire « %(name)s » ?")
                yield Problem(file, 1, 1, message % {"name": near})
            else:
                yield Problem(file, 1, 1, _("Ce fichier n’est lu par personne."), "warning")


def _expected(loaded: Loaded, folder: PurePosixPath) -> Iterator[str]:
    """File names that some section would read in a folder and that are not there."""
    for section in registry.sections():
        if not (folder.match(section.where) if section.where != "." else str(folder) == "."):
            continue
        for part in section.parts:
            if part.file and "/" not in part.file and "*" not in part.file:
                file = part.file if str(folder) == "." else f"{folder}/{part.file}"
                if file not in loaded.files:
                    yield part.file
