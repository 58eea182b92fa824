"""Who may know whom: imports, foreign keys and migrations obey one table (pyproject.toml)."""

from __future__ import annotations

import ast

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from tests.consistency.house import HEIGHT, Room, imports, may_import, nothing, project, room_of

# Doors of every room. What else a room opens is declared in [tool.socle.doors].
DOORS = frozenset(
    {
        "actions",
        "queries",
        "policies",
        "events",
        "models",
        "rules",
        "registry",
        "ports",
        "tasks",
        "pack",
    }
)


def test_imports_follow_the_arrows() -> None:
    wrong = []
    for found in imports():
        importer, imported = room_of(found.importer), room_of(found.imported)
        if importer and imported and not may_import(importer, imported):
            wrong.append(f"{found} ({importer} → {imported})")
    nothing(wrong)


def test_rooms_are_entered_by_their_doors() -> None:
    declared = project()["tool"]["socle"].get("doors", {})
    wrong = []
    for found in imports():
        importer, imported = room_of(found.importer), room_of(found.imported)
        if importer is None or imported is None or importer == imported or not imported.name:
            continue
        inside = found.imported.split(".")[3:]
        if not inside:
            continue  # the room's own __init__ is its front door
        private = any(part.startswith("_") for part in inside)
        if private or inside[0] not in DOORS.union(declared.get(str(imported), [])):
            wrong.append(str(found))
    nothing(wrong)


def test_declared_doors_exist_and_are_used() -> None:
    """A door that nobody opens any more is a wall: the table stays as small as it can be."""
    used = {
        (str(room_of(found.imported)), found.imported.split(".")[3])
        for found in imports()
        if len(found.imported.split(".")) > 3 and room_of(found.imported) != room_of(found.importer)
    }
    declared = {
        (room, door)
        for room, doors in project()["tool"]["socle"].get("doors", {}).items()
        for door in doors
    }
    assert declared - used == set()


def test_foreign_keys_follow_the_arrows() -> None:
    wrong = []
    for model in apps.get_models():
        holder = room_of(model.__module__)
        if holder is None:
            continue
        for field in model._meta.get_fields():
            target = field.related_model if field.concrete and field.is_relation else None
            room = room_of(target.__module__) if isinstance(target, type) else None
            if room is not None and not may_import(holder, room):
                wrong.append(f"{model._meta.label}.{field.name} → {room}")
    nothing(wrong)


def test_migrations_follow_the_arrows() -> None:
    rooms = {config.label: room_of(config.name) for config in apps.get_app_configs()}
    wrong = []
    for (label, name), migration in MigrationLoader(None).disk_migrations.items():
        holder = rooms.get(label)
        for needed, _ in [*migration.dependencies, *migration.run_before]:
            room = rooms.get(needed)
            if holder and room and not may_import(holder, room):
                wrong.append(f"{label}.{name} → {needed}")
    nothing(wrong)


def test_arrows_between_siblings_make_no_cycle() -> None:
    arrows = project()["tool"]["socle"]["arrows"]
    graph = {
        room: [f"{room.partition('.')[0]}.{name}" for name in names]
        for room, names in arrows.items()
    }

    def reaches(start: str, goal: str) -> bool:
        return any(near == goal or reaches(near, goal) for near in graph.get(start, []))

    assert [room for room in graph if reaches(room, room)] == []


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("sites.portal", "foundations.accounts", True),
        ("foundations.accounts", "sites.portal", False),
        ("sites.portal", "sites.desk", False),
        ("sites.portal", "connectors.ban", False),
        ("domains.reports", "domains.procedures", False),
        ("capabilities.casework", "capabilities.search", True),
        ("capabilities.search", "capabilities.casework", False),
        ("kernel", "foundations.journal", False),
    ],
)
def test_the_table_says_what_the_architecture_says(
    importer: str, imported: str, allowed: bool
) -> None:
    first, second = (Room(*name.split(".")) for name in (importer, imported))
    assert may_import(first, second) is allowed


def test_every_layer_has_a_place() -> None:
    from tests.consistency.house import SRC

    folders = {path.name for path in SRC.iterdir() if (path / "__init__.py").is_file()}
    assert folders - HEIGHT.keys() == set()


# What a domain or anything below may not speak of: requests and addresses are the sites' affair.
_HTTP = ("django.http", "django.shortcuts", "django.urls", "django.views", "django.test")
# Rooms that hand a response to the sites on purpose, with the reason.
_HTTP_ALLOWED = {
    "socle.foundations.files.downloads": "headers that make a stored file harmless, once for all",
}


def test_nothing_below_the_sites_speaks_http() -> None:
    from tests.consistency.house import module_of, python_files

    wrong = []
    for path in python_files():
        room, module = room_of(module_of(path)), module_of(path)
        below = room is not None and HEIGHT[room.layer] <= HEIGHT["domains"]
        if not below or module in _HTTP_ALLOWED:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            wrong += [f"{module}:{node.lineno} {name}" for name in names if name.startswith(_HTTP)]
    nothing(wrong)
