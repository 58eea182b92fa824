"""Mapbox Vector Tiles 2.1 of points, written by columns.

A tile is a protocol buffer: https://github.com/mapbox/vector-tile-spec/tree/master/2.1. Every
feature here is a point with an id and the same keys, so that whole columns are turned into bytes
at once: five thousand points take about a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

EXTENT = 4096
CONTENT_TYPE = "application/vnd.mapbox-vector-tile"

Integers: TypeAlias = npt.NDArray[np.int64]
_Bytes: TypeAlias = npt.NDArray[np.uint8]
_Varints: TypeAlias = npt.NDArray[np.uint64]

# Tags: (field number << 3) | wire type (0 varint, 2 bytes).
_LAYER = 3 << 3 | 2
_NAME, _FEATURE, _KEY, _VALUE, _EXTENT, _VERSION = 10, 18, 26, 34, 40, 120
_ID, _TAGS, _TYPE, _GEOMETRY = 8, 18, 24, 34
_STRING, _UINT = 10, 40
_POINT, _MOVE_ONCE = 1, 9


@dataclass(frozen=True, slots=True)
class Column:
    """One key of all features. Texts: `values[ranks[i]]` is that of feature i; numbers (not
    negative): `ranks` alone are the values.
    """

    key: str
    ranks: Integers
    values: Sequence[str] | None = None


def layer(
    name: str,
    ids: Integers,
    x: Integers,
    y: Integers,
    columns: Sequence[Column],
    extent: int = EXTENT,
) -> bytes:
    """A layer of points; a tile is its layers one after the other. Empty: no bytes.

    `ids` are not negative; `x` and `y` in tile units, y southwards.
    """
    if not len(ids):
        return b""
    tags: list[_Varints] = []
    keys, values = bytearray(), bytearray()
    known = 0
    for rank, column in enumerate(columns):
        keys += _block(_KEY, column.key.encode())
        if column.values is None:
            numbers, ranks = np.unique(column.ranks, return_inverse=True)
            values += _numbers(numbers)
            count = len(numbers)
        else:
            ranks = column.ranks
            for text in column.values:
                values += _block(_VALUE, _block(_STRING, text.encode()))
            count = len(column.values)
        tags.append(np.full(len(ids), rank, np.uint64))
        tags.append((ranks.astype(np.int64) + known).astype(np.uint64))
        known += count
    body = bytes(
        _block(_NAME, name.encode())
        + _features(ids.astype(np.uint64), tags, _zigzag(x), _zigzag(y))
        + keys
        + values
        + bytes([_EXTENT])
        + _varint(extent)
        + bytes([_VERSION, 2])
    )
    return _block(_LAYER, body)


def _features(ids: _Varints, tags: Sequence[_Varints], x: _Varints, y: _Varints) -> bytes:
    tag_sizes = [_sizes(each) for each in tags]
    tags_size = _total(tag_sizes)
    id_sizes, x_sizes, y_sizes = _sizes(ids), _sizes(x), _sizes(y)
    geometry_size = 1 + x_sizes + y_sizes
    tags_length, geometry_length = _sizes(tags_size), _sizes(geometry_size)
    size = (
        1 + id_sizes + 1 + tags_length + tags_size + 2 + 1 + geometry_length + geometry_size
    ).astype(np.int64)
    length = _sizes(size)
    whole = 1 + length + size
    ends = np.cumsum(whole)
    out = np.zeros(int(ends[-1]), np.uint8)
    at = _Cursor(out, ends - whole)
    at.byte(_FEATURE)
    at.varint(size, length)
    at.byte(_ID)
    at.varint(ids, id_sizes)
    at.byte(_TAGS)
    at.varint(tags_size, tags_length)
    for each, sizes in zip(tags, tag_sizes, strict=True):
        at.varint(each, sizes)
    at.byte(_TYPE)
    at.byte(_POINT)
    at.byte(_GEOMETRY)
    at.varint(geometry_size, geometry_length)
    at.byte(_MOVE_ONCE)
    at.varint(x, x_sizes)
    at.varint(y, y_sizes)
    return out.tobytes()


def _numbers(numbers: Integers) -> bytes:
    """`Value{uint_value}` blocks."""
    content = numbers.astype(np.uint64)
    sizes = _sizes(content)
    inner = 1 + sizes
    whole = 2 + inner
    ends = np.cumsum(whole)
    out = np.zeros(int(ends[-1]), np.uint8)
    at = _Cursor(out, ends - whole)
    at.byte(_VALUE)
    at.varint(inner, np.ones(len(inner), np.int64))
    at.byte(_UINT)
    at.varint(content, sizes)
    return out.tobytes()


class _Cursor:
    """Writes one thing at the same place of every feature, and moves on."""

    def __init__(self, out: _Bytes, at: Integers) -> None:
        self._out, self._at = out, at.astype(np.int64)

    def byte(self, value: int) -> None:
        self._out[self._at] = value
        self._at += 1

    def varint(self, values: npt.NDArray[np.uint64] | Integers, sizes: Integers) -> None:
        rest = values.astype(np.uint64)
        most = int(sizes.max())
        for step in range(most):
            low = (rest & np.uint64(0x7F)).astype(np.uint8)
            more = sizes > step + 1
            low[more] |= 0x80
            here = sizes > step
            if here.all():
                self._out[self._at + step] = low
            else:
                self._out[self._at[here] + step] = low[here]
            rest = rest >> np.uint64(7)
        self._at += sizes


def _sizes(values: npt.NDArray[np.uint64] | Integers) -> Integers:
    """Bytes that each number takes as a varint."""
    sizes = np.ones(len(values), np.int64)
    rest = values.astype(np.uint64) >> np.uint64(7)
    while rest.any():
        sizes += rest != 0
        rest = rest >> np.uint64(7)
    return sizes


def _total(arrays: Sequence[Integers]) -> Integers:
    found = arrays[0].copy()
    for each in arrays[1:]:
        found += each
    return found


def _zigzag(values: Integers) -> _Varints:
    signed = values.astype(np.int64)
    return ((signed << 1) ^ (signed >> 63)).astype(np.uint64)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _block(tag: int, content: bytes) -> bytes:
    return bytes([tag]) + _varint(len(content)) + content
