"""What changes between two contents, said field by field. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_IDENTITIES = ("id", "code", "slug", "key", "value", "name", "label")
_MAX_SHOWN = 70

Action = Literal["added", "changed", "removed"]
ACTIONS: tuple[Action, ...] = ("added", "changed", "removed")
SIGNS: dict[Action, str] = {"added": "+", "changed": "~", "removed": "-"}


@dataclass(frozen=True)
class FieldChange:
    """One value that differs. `before` or `after` is `ABSENT` when there was, or is, none."""

    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.before is ABSENT:
            return f"+ {self.field}: {_shown(self.after)}"
        if self.after is ABSENT:
            return f"- {self.field}: {_shown(self.before)}"
        return f"~ {self.field}: {_shown(self.before)} → {_shown(self.after)}"


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


@dataclass(frozen=True)
class Change:
    """What a pack does to one declaration."""

    section: str
    key: str
    action: Action
    fields: tuple[FieldChange, ...] = ()

    def __str__(self) -> str:
        head = f"{SIGNS[self.action]} {self.section} {self.key}"
        return "\n".join([head, *(f"    {each}" for each in self.fields)])


@dataclass(frozen=True)
class Plan:
    """What applying a pack would do."""

    pack: str
    version: str
    changes: tuple[Change, ...]
    unchanged: int
    refreshed: tuple[tuple[str, str], ...] = ()
    """Unchanged declarations applied again because one they follow changes."""

    def __bool__(self) -> bool:
        return bool(self.changes)

    def count(self, action: Action) -> int:
        return sum(1 for change in self.changes if change.action == action)

    def text(self) -> str:
        """The plan for a terminal: one line per declaration, one per field that changes."""
        if not self.changes:
            return _("Rien à changer : la base est conforme au pack.")
        return "\n".join([*map(str, self.changes), self.summary()])

    def summary(self) -> str:
        added, changed, removed = (self.count(each) for each in ACTIONS)
        parts = [
            ngettext("%(n)d ajout", "%(n)d ajouts", added) % {"n": added},
            ngettext("%(n)d modification", "%(n)d modifications", changed) % {"n": changed},
            ngettext("%(n)d retrait", "%(n)d retraits", removed) % {"n": removed},
            ngettext("%(n)d inchangée", "%(n)d inchangées", self.unchanged) % {"n": self.unchanged},
        ]
        return ", ".join(parts) + "."


def differences(before: Any, after: Any, field: str = "") -> Iterator[FieldChange]:
    """Every value that differs between two JSON contents.

    Elements of lists are paired by their identifier when they have one, so that inserting one is
    not shown as changing all those after it.
    """
    if before == after and isinstance(before, type(after)):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            inner = f"{field}.{name}" if field else str(name)
            yield from differences(before.get(name, ABSENT), after.get(name, ABSENT), inner)
        return
    if isinstance(before, list) and isinstance(after, list):
        name = _identity(before, after)
        if name:
            old, new = ({each[name]: each for each in items} for items in (before, after))
            inner_changes = list(differences_of_named(old, new, field))
            if not inner_changes:
                inner_changes = [FieldChange(field, list(old), list(new))]  # another order
            yield from inner_changes
            return
        if all(isinstance(each, dict) for each in [*before, *after]):
            for index in range(max(len(before), len(after))):
                yield from differences(
                    before[index] if index < len(before) else ABSENT,
                    after[index] if index < len(after) else ABSENT,
                    f"{field}[{index}]",
                )
            return
    yield FieldChange(field, before, after)


def differences_of_named(
    before: Mapping[str, Any], after: Mapping[str, Any], field: str
) -> Iterator[FieldChange]:
    for name in [*before, *(name for name in after if name not in before)]:
        yield from differences(
            before.get(name, ABSENT), after.get(name, ABSENT), f"{field}[{name}]"
        )


def _identity(*lists: list[Any]) -> str | None:
    """The member that names every element of both lists, once each."""
    for name in _IDENTITIES:
        if all(
            items
            and all(isinstance(each, dict) and isinstance(each.get(name), str) for each in items)
            and len({each[name] for each in items}) == len(items)
            for items in lists
        ):
            return name
    return None


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        named = next((value[name] for name in _IDENTITIES if isinstance(value.get(name), str)), "")
        return f"{{{named}…}}" if named else "{…}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        text = ", ".join(map(_shown, value))
        return f"[{text}]" if len(text) <= _MAX_SHOWN else f"[… {len(value)}]"
    if isinstance(value, str):
        text = " ".join(value.split())
        return f"« {text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + '…'} »"
    return str(value)
