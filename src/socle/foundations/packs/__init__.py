"""Declarations and data of a given métropole: check, plan, apply, immutable revisions.

A pack is a folder of TOML, CSV, GeoJSON and Markdown files. Rooms register the typed sections they
read (`registry`, `parts`, `document`); `check` finds every mistake with its file, line and column,
without a database; `plan` shows what applying would change; `apply` does it in one transaction.
Each declaration is stored as a content-hashed `Revision` that never changes: cases point at one for
ever. `queries` gives what is in force.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .actions import Applied as Applied
    from .actions import apply as apply
    from .checking import check as check
    from .differences import Plan as Plan
    from .planning import plan as plan
    from .problems import PackError as PackError
    from .problems import Problem as Problem

# Loaded when first used: models cannot be imported before the applications are ready.
_DOORS = {
    "Applied": "actions",
    "apply": "actions",
    "check": "checking",
    "Plan": "differences",
    "plan": "planning",
    "PackError": "problems",
    "Problem": "problems",
}


def __getattr__(name: str) -> Any:
    if name not in _DOORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_DOORS[name]}"), name)
