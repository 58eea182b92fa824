"""What a section's `check` may ask: the other items of the pack, the names they declare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from socle.kernel import expressions
from socle.kernel.expressions import BOOLEAN, ExpressionError, Type

from .problems import Problem, suggestion
from .registry import Item, Path


@dataclass(frozen=True, slots=True)
class Declared:
    """Where a name is declared."""

    item: Item[Any]
    path: Path


class Context:
    """The whole pack, read and typed, without any database."""

    def __init__(
        self,
        items: Mapping[str, Mapping[str, Item[Any]]],
        names: Mapping[str, Mapping[str, Declared]],
        unsure: frozenset[str] = frozenset(),
    ) -> None:
        self._items = items
        self._names = names
        # Kinds declared in files that could not be read, or by rooms that are not installed: a name
        # not found there may well exist, so nothing is said of it.
        self._unsure = unsure

    def items(self, section: str) -> Mapping[str, Item[Any]]:
        """Items of a section by key; empty when there are none."""
        return self._items.get(section, {})

    def item(self, section: str, key: str) -> Item[Any] | None:
        return self.items(section).get(key)

    def names(self, kind: str) -> frozenset[str]:
        """Every name of a kind declared in the pack."""
        return frozenset(self._names.get(kind, {}))

    def is_sure_of(self, kind: str) -> bool:
        """Whether all declarations of a kind could be read: if not, say nothing of absences."""
        return kind in self._names and kind not in self._unsure

    def known(self, item: Item[Any], kind: str, name: str, *path: str | int) -> Iterator[Problem]:
        """A problem at `path` when the pack declares no such name. An empty name is accepted."""
        if not name or not self.is_sure_of(kind) or name in self._names[kind]:
            return
        yield item.problem(self._unknown(kind, name), *path)

    def all_known(
        self, item: Item[Any], kind: str, names: Iterable[str], *path: str | int
    ) -> Iterator[Problem]:
        """`known` for every element of a list."""
        for index, name in enumerate(names):
            yield from self.known(item, kind, name, *path, index)

    def condition(
        self,
        item: Item[Any],
        text: str,
        types: Mapping[str, Type],
        *path: str | int,
        expected: Type = BOOLEAN,
    ) -> Iterator[Problem]:
        """Problems of an expression: grammar, unknown answer, types; placed inside the text.

        `types` gives the names that may be used and their types. Empty text is accepted.
        """
        if not text:
            return
        try:
            node = expressions.parse(text)
            if expected is BOOLEAN:
                expressions.check_condition(node, types)
            else:
                expressions.check(node, types)
        except ExpressionError as error:
            yield item.problem(str(error.message), *path, offset=error.position.offset)

    def unique(
        self, item: Item[Any], names: Iterable[tuple[str, Path]], what: str
    ) -> Iterator[Problem]:
        """A problem for each name met before; `what` names the thing (« question »)."""
        seen: dict[str, Path] = {}
        for name, path in names:
            if name in seen:
                first = item.at(*seen[name])
                yield item.problem(
                    _("%(what)s « %(name)s » : ce nom est déjà pris (%(place)s).")
                    % {"what": what, "name": name, "place": f"{first.file}:{first.line}"},
                    *path,
                )
            else:
                seen[name] = path

    def acyclic(
        self,
        item: Item[Any],
        graph: Mapping[str, Iterable[str]],
        where: Callable[[str], Path],
    ) -> Iterator[Problem]:
        """A problem when conditions depend on each other in a circle; `where` places a name."""
        circle = expressions.find_cycle(graph)
        if circle:
            yield item.problem(
                _("Ces conditions dépendent l’une de l’autre en rond : %(circle)s.")
                % {"circle": " → ".join(circle)},
                *where(circle[0]),
            )

    def _unknown(self, kind: str, name: str) -> str:
        sentences = {
            "organisation": _("Aucune organisation ne s’appelle « %(name)s » dans ce pack."),
            "area": _("Aucun territoire n’a le code « %(name)s » dans ce pack."),
            "team": _("Aucune équipe ne s’appelle « %(name)s » dans ce pack."),
            "service": _("Aucun service ne s’appelle « %(name)s » dans ce pack."),
            "theme": _("Aucun thème ne s’appelle « %(name)s » dans ce pack."),
            "life_event": _("Aucune situation de vie ne s’appelle « %(name)s » dans ce pack."),
            "category": _("Aucune catégorie ne s’appelle « %(name)s » dans ce pack."),
            "procedure": _("Aucune démarche ne s’appelle « %(name)s » dans ce pack."),
            "page": _("Aucune page ne s’appelle « %(name)s » dans ce pack."),
        }
        sentence = sentences.get(
            kind, _("Le nom « %(name)s » n’est déclaré nulle part dans ce pack.")
        )
        return sentence % {"name": name} + suggestion(name, self._names.get(kind, ()))
