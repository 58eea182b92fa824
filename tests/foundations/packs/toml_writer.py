"""Hypothesis strategies that write the same TOML value in many ways."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

_LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
TEXTS = st.text(st.one_of(_LETTERS, st.sampled_from("\n\t\"'\\ #=[]{},é")), max_size=12)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.dates(),
    st.times().map(lambda value: value.replace(tzinfo=None)),
    st.datetimes(),
    TEXTS,
)
KEYS = st.one_of(st.text("abcdefghij-_019", min_size=1, max_size=5), st.text(_LETTERS, max_size=4))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)
TABLES = st.dictionaries(KEYS, VALUES, max_size=6)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """The text of a TOML document."""
    lines: list[str] = []
    _table(draw, draw(TABLES), [], lines)
    return "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n# end"]))


def _table(draw: st.DrawFn, table: dict[str, Any], path: list[str], lines: list[str]) -> None:
    later: list[tuple[str, Any]] = []
    for name, value in table.items():
        tables = _is_tables(value)
        if (isinstance(value, dict) or tables) and draw(st.booleans()):
            later.append((name, value))
        elif isinstance(value, dict) and value and draw(st.booleans()):
            _dotted(draw, [name], value, lines)
        else:
            lines.append(f"{_key(draw, name)}{_gap(draw)}={_gap(draw)}{_value(draw, value)}")
        if draw(st.booleans()):
            lines.append(draw(st.sampled_from(["", "# [not.a.table]", "  # key = 1", "\t"])))
    for name, value in later:
        header = [*path, name]
        shown = f"{_gap(draw)}.{_gap(draw)}".join(_key(draw, each) for each in header)
        if isinstance(value, dict):
            lines.append(f"{_gap(draw)}[{_gap(draw)}{shown}{_gap(draw)}] # table")
            _table(draw, value, header, lines)
        else:
            for element in value:
                lines.append(f"[[{shown}]]")
                _table(draw, element, header, lines)


def _dotted(draw: st.DrawFn, names: list[str], table: dict[str, Any], lines: list[str]) -> None:
    for name, value in table.items():
        if isinstance(value, dict) and value and draw(st.booleans()):
            _dotted(draw, [*names, name], value, lines)
        else:
            key = f"{_gap(draw)}.".join(_key(draw, each) for each in [*names, name])
            lines.append(f"{key} = {_value(draw, value)}")


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _gap(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["", " ", "\t "]))


def _key(draw: st.DrawFn, name: str) -> str:
    if name and all(char in "abcdefghij-_019" for char in name) and draw(st.booleans()):
        return name
    return _quoted(name) if "'" in name or draw(st.booleans()) else f"'{name}'"


def _quoted(text: str) -> str:
    table = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(table.get(char, char) for char in text) + '"'


def _text(draw: st.DrawFn, text: str) -> str:
    plain = "\n" not in text and "'" not in text
    if plain and draw(st.booleans()):
        return f"'{text}'"
    if "'''" not in text and not text.endswith("'") and draw(st.booleans()):
        return f"'''\n{text}'''"
    if draw(st.booleans()):
        chars = []
        for char in text:
            if char in '"\\':
                chars.append("\\" + char)
            elif char not in "\n\t" and draw(st.integers(0, 9)) == 0:
                chars.append(f"\\U{ord(char):08x}")
            else:
                chars.append(char)
            if char not in " \n\t" and draw(st.integers(0, 9)) == 0:
                chars.append("\\\n   ")
        # What follows a line-ending backslash is trimmed: keep blanks away from it.
        written = "".join(chars)
        if not any(f"\\\n   {blank}" in written for blank in " \n\t"):
            return (
                f'"""{draw(st.sampled_from(["", chr(10)]))}{written}"""'
                if text[:1] != "\n"
                else (f'"""\n{written}"""')
            )
    return _quoted(text)


def _value(draw: st.DrawFn, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _text(draw, value)
    if isinstance(value, list):
        gap = draw(st.sampled_from(["", " ", "\n  ", " # ] not the end\n"]))
        items = [f"{gap}{_value(draw, each)}{gap}" for each in value]
        tail = draw(st.sampled_from(["", ","])) if items else ""
        return "[" + ",".join(items) + tail + gap + "]"
    if isinstance(value, dict):
        pairs = (f"{_key(draw, name)} = {_value(draw, each)}" for name, each in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if hasattr(value, "isoformat"):
        text: str = value.isoformat()
        return text.replace("T", draw(st.sampled_from(["T", " ", "t"])))
    if isinstance(value, float):
        return repr(value) if "." in repr(value) or "e" in repr(value) else f"{value}.0"
    return str(value)
