"""Inbox filters: read, refused, written back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.capabilities.casework.filters import InboxFilter
from socle.kernel.errors import Invalid

keys = st.lists(st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True), max_size=4, unique=True)
ids = st.lists(st.integers(0, 10**12), max_size=4, unique=True)
latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
filters = st.builds(
    InboxFilter,
    kinds=keys.map(tuple),
    states=keys.map(tuple),
    statuses=st.lists(st.sampled_from(["received", "waiting", "closed"]), unique=True).map(tuple),
    open=st.sampled_from([True, False, None]),
    teams=ids.map(tuple),
    assignee=st.one_of(st.sampled_from(["", "me", "none"]), st.integers(0, 10**9)),
    organisations=ids.map(tuple),
    categories=keys.map(tuple),
    areas=keys.map(tuple),
    text=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
    .map(lambda text: " ".join(text.split())),
    overdue=st.booleans(),
    news=st.booleans(),
    created_from=st.none() | st.dates(date(2000, 1, 1), date(2020, 1, 1)),
    created_to=st.none() | st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    bbox=st.none() | st.tuples(longitudes, latitudes, longitudes, st.just(90.0)),
)  # fmt: skip


@given(filters)
def test_json_and_addresses_say_the_same_filter(wanted: InboxFilter) -> None:
    assert InboxFilter.parse(wanted.to_json()) == wanted
    query: dict[str, list[str]] = {}
    for name, value in wanted.to_query():
        query.setdefault(name, []).append(value)
    assert InboxFilter.parse(query) == wanted


def test_an_empty_query_is_the_default_inbox_of_open_cases() -> None:
    wanted = InboxFilter.parse({})
    assert wanted.is_default
    assert wanted.open is True
    assert wanted.to_json() == {}
    assert InboxFilter.parse({"text": [""], "teams": [""], "created_from": [""]}).is_default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colour", "red"),
        ("statuses", "recieved"),
        ("open", "maybe"),
        ("open", ["1", "0"]),
        ("teams", "1;drop"),
        ("teams", "-1"),
        ("teams", "١"),
        ("teams", "9" * 19),
        ("assignee", "you"),
        ("assignee", True),
        ("categories", "a b"),
        ("categories", ["x"] * 101),
        ("text", "x" * 201),
        ("text", "a\x00b"),
        ("text", 3),
        ("overdue", "2"),
        ("created_from", "2026-02-30"),
        ("created_from", "20260201"),
        ("bbox", "1,2,3"),
        ("bbox", "nan,0,1,1"),
        ("bbox", "0,2,1,1"),
        ("bbox", "0,0,1,91"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        InboxFilter.parse({name: value})
    assert list(refused.value.fields) == [name]


def test_an_end_before_its_beginning_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        InboxFilter.parse({"created_from": "2026-02-02", "created_to": "2026-02-01"})
    assert list(refused.value.fields) == ["created_to"]


def test_other_names_of_the_address_are_left_to_the_page() -> None:
    assert InboxFilter.parse({"cursor": "x"}, ignore={"cursor"}).is_default
