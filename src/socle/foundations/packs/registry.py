"""The typed sections of a pack: each room registers the declarations it reads.

In an app's ``pack.py``::

    SECTION = Section(
        name="procedure",
        where="services/*",             # one item per folder; its key is the folder's name
        parts=(
            Toml("questionnaire.toml", "questionnaire"),
            Toml("workflow.toml", "workflow"),
            Texts("letters/*.md", "letters"),
        ),
        model=Procedure,                # {"questionnaire": …, "workflow": …, "letters": …}
        check=check_procedure,          # (item, context) -> iterable of problems
        apply=apply_procedure,          # (item, applying) -> None, inside the transaction
        withdraw=withdraw_procedure,    # (key, applying) -> None
        names=lambda item: [Name("procedure", item.key)],
        provides=("procedure",),
        after=("service",),
    )

and in its ``AppConfig.ready()``: ``registry.register(pack.SECTION)``.

`where` is a pattern relative to the pack:

- ``"."``: the pack's own folder; one item, whose key is the section's name;
- ``"services/*"``: one item per folder, keyed by the folder's name;
- ``"pages/*.md"``: one item per file, keyed by the file's name without its suffix; `parts` holds
  one part whose file name is empty.

An item exists when at least one file of its parts does; then every required part must be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .document import Document
from .problems import Place, Problem, Severity, problem_at

if TYPE_CHECKING:
    from .applying import Applying
    from .context import Context
    from .parts import Part

D = TypeVar("D", bound=Document)
Path = tuple[str | int, ...]
"""Where a value sits in a document: ``("questionnaire", "page", 0, "field", 2, "id")``."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name that an item declares and that others may refer to (a team, an organisation…).

    `path` places it for messages. Two declarations of one `unique` name of a kind are a mistake.
    """

    kind: str
    value: str
    path: Path = ()
    unique: bool = True


@dataclass(frozen=True)
class Item(Generic[D]):
    """One declaration read from a pack: its document, its canonical content, where things are."""

    section: str
    key: str
    document: D
    content: Mapping[str, Any]
    digest: str
    place: Callable[[Path, int], Place] = field(repr=False, compare=False)
    path: str = ""
    """The item's folder or file, relative to the pack."""

    def at(self, *path: str | int, offset: int = 0) -> Place:
        """Where the value of `path` is written; `offset` counts characters inside a text.

        A path that is not in the files falls back on what surrounds it.
        """
        return self.place(path, offset)

    def problem(
        self, message: str, *path: str | int, offset: int = 0, severity: Severity = "error"
    ) -> Problem:
        """A problem placed on the value of `path`, in the names used by the file (aliases)."""
        return problem_at(self.at(*path, offset=offset), message, severity)


def _check_nothing(item: Item[Any], context: Context) -> Iterable[Problem]:
    return ()


def _name_nothing(item: Item[Any]) -> Iterable[Name]:
    return ()


def _do_nothing(item: Any, applying: Applying) -> None:
    return None


@dataclass(frozen=True)
class Section(Generic[D]):
    """One kind of declaration.

    - `check`: what the types cannot see; reads nothing but the pack.
    - `apply`: brings the database in line; called for added and changed items, idempotent.
    - `withdraw`: the declaration left the pack; rows that cases point at are switched off, not
      deleted.
    - `names` and `provides`: names declared, and their kinds.
    - `after`: sections applied before this one (and withdrawn after it).
    - `follows`: sections whose change makes this one apply again even when unchanged.
    """

    name: str
    where: str
    parts: tuple[Part, ...]
    model: type[D]
    check: Callable[[Item[D], Context], Iterable[Problem]] = _check_nothing
    apply: Callable[[Item[D], Applying], None] = _do_nothing
    withdraw: Callable[[str, Applying], None] = _do_nothing
    names: Callable[[Item[D]], Iterable[Name]] = _name_nothing
    provides: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    required: bool = False
    """The pack must have at least one item of it."""


Colours = Callable[[Mapping[str, str]], Iterable[tuple[str, str]]]
"""Given the colours of a look, (token at fault or "", sentence) of each mistake."""

_colours: list[Colours] = []


def inspect_colours(check: Colours) -> None:
    """Have the design system say what is wrong with a brand's colours. Idempotent."""
    if check not in _colours:
        _colours.append(check)


def colour_mistakes(colors: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the colours of a look; nothing when nobody inspects them."""
    for check in _colours:
        yield from check(colors)


_sections: dict[str, Section[Any]] = {}


def register(section: Section[Any]) -> None:
    """Make a section known. Registering the same object twice is harmless.

    Raises `ValueError` when another section has the name: two rooms would read the same folder.
    """
    known = _sections.get(section.name)
    if known is not None and known is not section:
        raise ValueError(f"the section {section.name!r} is registered twice")
    _sections[section.name] = section


def unregister(name: str) -> None:
    """Forget a section (for tests)."""
    _sections.pop(name, None)


def section(name: str) -> Section[Any]:
    """The section of that name; `KeyError` when no installed room reads it."""
    return _sections[name]


def sections() -> Iterator[Section[Any]]:
    """Every section, each after those it comes `after`; `ValueError` on a circle."""
    done: set[str] = set()
    walking: list[str] = []

    def visit(name: str) -> Iterator[Section[Any]]:
        if name in done or name not in _sections:
            return
        if name in walking:
            raise ValueError("sections in a circle: " + " → ".join([*walking, name]))
        walking.append(name)
        for before in sorted({*_sections[name].after, *_sections[name].follows}):
            yield from visit(before)
        walking.pop()
        done.add(name)
        yield _sections[name]

    for name in sorted(_sections):
        yield from visit(name)
