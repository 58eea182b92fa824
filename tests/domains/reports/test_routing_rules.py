"""Tables of rules: the compiled form answers as the plain one, faults and circles are found."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.domains.reports.routing import loops
from socle.domains.reports.routing.compiling import Rule, compiled, naive
from socle.domains.reports.routing.deciding import Tables
from socle.domains.reports.routing.language import NAMES, Facts, folded, read
from socle.kernel import expressions

CATEGORIES, GROUPS, AREAS = ("tag", "trou", "lampe"), ("rue", "proprete"), ("01", "02", "03")


def rule(number: int, condition: str = "", **given: Any) -> Rule:
    return Rule(number, f"règle {number}", condition, read(condition), **given)


def quoted(values: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from(values).map(lambda each: f'"{each}"')


def atoms() -> st.SearchStrategy[str]:
    dimensions = {"category": CATEGORIES, "group": GROUPS, "area": AREAS}
    kinds: list[st.SearchStrategy[str]] = []
    for name, values in dimensions.items():
        one = quoted(values)
        many = st.lists(one, min_size=1, max_size=3).map(lambda each: f"[{', '.join(each)}]")
        kinds += [
            st.tuples(st.sampled_from(["==", "!="]), one).map(
                lambda found, name=name: f"{name} {found[0]} {found[1]}"
            ),
            one.map(lambda found, name=name: f"{found} == {name}"),
            st.tuples(st.sampled_from(["in", "not in"]), many).map(
                lambda found, name=name: f"{name} {found[0]} {found[1]}"
            ),
            many.map(lambda found, name=name: f"{found} contains {name}"),
            st.just(f"{name} is empty"),
        ]
    kinds += [
        st.sampled_from(["hour < 8", "hour >= 18", "weekday in [6, 7]", "weekday != 1"]),
        st.sampled_from(['text contains "Été"', "text is known", "length(text) > 4"]),
        st.sampled_from(['channel == "web"', 'source != "x"', "priority > 0", "true", "false"]),
        st.sampled_from(["hour + weekday > 12", "min(hour, 5) == 5", 'asset == "a1"']),
    ]
    return st.one_of(kinds)


def conditions() -> st.SearchStrategy[str]:
    return st.recursive(
        atoms(),
        lambda inner: st.one_of(
            st.tuples(
                st.sampled_from([" and ", " or "]), st.lists(inner, min_size=2, max_size=3)
            ).map(lambda found: found[0].join(f"({each})" for each in found[1])),
            inner.map(lambda found: f"not ({found})"),
        ),
        max_leaves=6,
    )


FACTS = st.builds(
    Facts,
    category=st.sampled_from([*CATEGORIES, "autre", ""]),
    group=st.sampled_from([*GROUPS, ""]),
    area=st.sampled_from([*AREAS, "99", ""]),
    text=st.sampled_from(["", "En été", "rien", "ete"]),
    asset=st.sampled_from(["", "a1"]),
    hour=st.integers(0, 23),
    weekday=st.integers(1, 7),
    channel=st.sampled_from(["web", "email", ""]),
    source=st.sampled_from(["", "x"]),
    priority=st.integers(0, 2),
)


@given(st.lists(conditions(), max_size=8), FACTS)
def test_a_compiled_table_answers_as_the_plain_one(texts: list[str], facts: Facts) -> None:
    rules = [rule(number, text) for number, text in enumerate(texts)]
    for each in rules:
        expressions.check_condition(each.node, NAMES)
    values = facts.values()
    assert list(compiled(rules).holding(values)) == list(naive(rules, values))


def test_only_the_rules_of_the_category_and_area_are_candidates() -> None:
    rules = [
        rule(number, f'category == "c{number % 20}" and area == "{number % 92}" and hour > 3')
        for number in range(500)
    ]
    values = Facts(category="c3", area="43").values()
    assert len(list(compiled(rules).candidates(values))) < 10


def tables(**by_name: list[Rule]) -> Tables:
    ids = {name: number for number, name in enumerate(by_name, 1)}
    return Tables(
        {ids[name]: compiled(rules) for name, rules in by_name.items()},
        {number: 100 + number for number in ids.values()},
        {number: name for name, number in ids.items()},
    )


def test_the_first_rule_that_holds_decides_and_priorities_add_up() -> None:
    found = tables(
        ville=[
            rule(1, 'text contains "seringue"', priority=2),
            rule(2, 'category == "tag"', team_id=7, priority=1),
            rule(3, team_id=8),
        ]
    )
    decision = found.decide(Facts("tag", text="Des SERINGUES au sol"), 1)
    assert (decision.team_id, decision.priority, decision.rule_id) == (7, 2, 2)
    told = decision.explanation["path"][-1]
    assert (told["rule"], told["values"]) == ("règle 2", {"category": "tag"})
    assert found.decide(Facts("trou"), 1).team_id == 8


def test_a_transfer_reads_the_rules_of_the_other_organisation() -> None:
    found = tables(
        ville=[rule(1, 'category == "trou"', target_id=2)],
        metropole=[rule(2, 'area == "01"', team_id=9)],
    )
    there = found.decide(Facts("trou", area="01"), 1)
    assert (there.organisation_id, there.team_id) == (2, 9)
    default = found.decide(Facts("trou", area="02"), 1)
    assert (default.organisation_id, default.team_id, default.rule_id) == (2, 102, None)


def test_a_vanished_team_or_organisation_falls_to_the_default_team_and_says_so() -> None:
    found = tables(
        ville=[rule(1, 'category == "tag"', fault="équipe disparue"), rule(2, team_id=5)]
    )
    decision = found.decide(Facts("tag"), 1)
    assert (decision.team_id, decision.fault, decision.rule_id) == (101, "équipe disparue", 1)
    assert found.decide(Facts("trou"), 1).fault == ""
    gone = tables(ville=[rule(1, target_id=99)]).decide(Facts("tag"), 1)
    assert (gone.organisation_id, gone.team_id) == (1, 101)
    assert "n’existe plus" in gone.fault


def test_a_circle_ends_at_the_default_team_of_where_it_began() -> None:
    found = tables(ville=[rule(1, target_id=2)], metropole=[rule(2, target_id=1)])
    decision = found.decide(Facts("tag"), 1)
    assert (decision.organisation_id, decision.team_id) == (1, 101)
    assert "déjà consultée" in decision.fault


def test_conditions_compare_texts_without_accents_nor_capitals() -> None:
    node = read('text contains "Éclairage"')
    assert expressions.holds(node, Facts("x", text="plus d’ECLAIRAGE ici").values())
    assert folded(node) == node


@pytest.mark.parametrize(
    ("here", "there", "found"),
    [
        ("", "", True),
        ('category == "tag"', 'category == "trou"', False),
        ('category == "tag"', 'category in ["tag", "trou"]', True),
        ('group == "rue"', 'category == "trou"', True),
        ('group == "rue"', 'category == "tag"', False),
        ('area == "01"', 'area != "01"', False),
        ("hour < 8", "hour >= 8", False),
        ("hour < 8", "hour < 9", True),
        ('text contains "a"', 'not (text contains "a")', False),
        ('text contains "a"', 'text contains "b"', True),
        ('channel == "web"', 'channel in ["email", "api"]', False),
        ('channel != "web"', 'channel != "email"', True),
        ("weekday in [6, 7] and hour > 20", "weekday == 6", True),
    ],
)  # fmt: skip
def test_only_a_report_that_both_would_hand_over_is_a_circle(
    here: str, there: str, found: bool
) -> None:
    groups = {"trou": "rue", "lampe": "rue", "tag": "proprete"}
    circle = loops.find({1: [rule(1, here, target_id=2)], 2: [rule(2, there, target_id=1)]}, groups)
    assert (circle is not None) is found


def test_rules_read_before_a_transfer_may_break_the_circle() -> None:
    keep = rule(1, 'category in ["tag", "lampe"]', team_id=4)
    hand, back = rule(2, target_id=2), rule(3, 'category == "tag"', target_id=1)
    assert loops.find({1: [keep, hand], 2: [back]}) is None
    circle = loops.find({1: [hand, keep], 2: [back]})
    assert circle is not None
    assert circle.category == "tag"


def test_a_hub_with_a_hundred_neighbours_is_checked_quickly() -> None:
    areas = [f"{number:02}" for number in range(92)]
    own = "[" + ", ".join(f'"c{number}"' for number in range(20)) + "]"
    neighbours = {
        10 + index: [rule(1000 + index, f"category in {own}", team_id=1),
                     rule(2000 + index, target_id=1)]
        for index in range(92)
    }  # fmt: skip
    hub = [
        rule(
            3000 + index, f'area == "{area}" and category == "c{index % 20}"', target_id=10 + index
        )
        for index, area in enumerate(areas)
    ]
    assert loops.find({1: hub, **neighbours}) is None
    hub.append(rule(9999, 'area == "07" and category == "c21"', target_id=17))
    circle = loops.find({1: hub, **neighbours})
    assert circle is not None
    assert (circle.category, circle.area) == ("c21", "07")
