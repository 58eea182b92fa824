"""Walking a pydantic model's types along an error's location."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel


def fields_at(model: type[BaseModel], location: Sequence[str | int]) -> frozenset[str]:
    """Names (aliases) of the fields of the models that stand at a location, for suggestions.

    `location` is that of a value inside a document, as pydantic gives it: names of union members
    among it are passed over.
    """
    standing: list[Any] = [model]
    for step in location:
        further = [inner for each in standing for inner in _inside(each, step)]
        standing = further or standing
    return frozenset(
        field.alias or name
        for each in standing
        for kind in models_of(each)
        for name, field in kind.model_fields.items()
    )


def models_of(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models an annotation may be: itself, or the members of a union."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from models_of(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for member in typing.get_args(annotation):
            yield from models_of(member)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


def _inside(annotation: Any, step: str | int) -> Iterator[Any]:
    """The types reached from an annotation by a field name, a key or an index."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        yield from _inside(arguments[0], step)
    elif origin in (typing.Union, types.UnionType):
        for member in arguments:
            yield from _inside(member, step)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if step in (name, field.alias):
                yield field.annotation
    elif isinstance(step, int) and origin in (tuple, list, set, frozenset) and arguments:
        yield arguments[0]
    elif isinstance(step, str) and isinstance(origin, type) and len(arguments) == 2:
        yield arguments[1]
