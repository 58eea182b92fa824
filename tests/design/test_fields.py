"""Fields: from Django forms or plain mappings, to controls that work without a script."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django import forms

from socle.design.fields import KINDS, field_view, form_errors
from socle.kernel.errors import Invalid


class Household(forms.Form):
    """One field of each usual sort."""

    name = forms.CharField(label="Nom", help_text="Comme sur la carte.")
    email = forms.EmailField(label="Courriel")
    people = forms.IntegerField(label="Personnes", min_value=1)
    area = forms.DecimalField(label="Surface", required=False)
    story = forms.CharField(label="Récit", widget=forms.Textarea(attrs={"maxlength": 200}))
    garden = forms.ChoiceField(
        label="Jardin", choices=[("yes", "Oui"), ("no", "Non")], widget=forms.RadioSelect
    )
    waste = forms.MultipleChoiceField(
        label="Déchets", choices=[("a", "A"), ("b", "B")], widget=forms.CheckboxSelectMultiple
    )
    town = forms.ChoiceField(label="Commune", choices=[("", "—"), ("v", "Villeneuve")])
    when = forms.DateField(label="Date", widget=forms.DateInput)
    agree = forms.BooleanField(label="Accord")
    proof = forms.FileField(label="Justificatif", required=False)
    token = forms.CharField(widget=forms.HiddenInput)


KIND_OF = {
    "name": "text",
    "email": "email",
    "people": "integer",
    "area": "decimal",
    "story": "textarea",
    "garden": "radios",
    "waste": "checkboxes",
    "town": "select",
    "when": "date",
    "agree": "checkbox",
    "proof": "file",
    "token": "hidden",
}


@pytest.mark.parametrize(("name", "kind"), KIND_OF.items())
def test_the_kind_follows_from_the_widget(name: str, kind: str) -> None:
    assert field_view(Household()[name]).kind == kind


def test_a_form_field_may_choose_its_kind_and_its_keys() -> None:
    class Place(forms.Form):
        where = forms.CharField()

    Place.base_fields["where"].kind = "address"  # type: ignore[attr-defined]
    Place.base_fields["where"].design = {"suggestions_url": "/x"}  # type: ignore[attr-defined]
    view = field_view(Place()["where"])
    assert (view.kind, view.suggestions_url) == ("address", "/x")


def test_unknown_kinds_and_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        field_view({"name": "a", "kind": "carousel"})
    with pytest.raises(ValueError, match="colour"):
        field_view({"name": "a", "colour": "red"})


def test_errors_and_hints_are_read_with_the_control(ui: Any) -> None:
    form = Household({"email": "faux"})
    html = ui.field(form["email"])
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described and all(f'id="{part}"' in html for part in described.group(1).split())
    assert 'aria-invalid="true"' in html and 'value="faux"' in html
    assert "id_name-hint id_name-error" in ui.field(form["name"])


def test_answers_survive_an_error(ui: Any) -> None:
    form = Household(
        {"name": "Élise <b>", "garden": "no", "waste": ["b"], "town": "v", "agree": "on"}
    )
    html = ui.fields(form)
    assert 'value="Élise &lt;b&gt;"' in html
    assert re.search(r'value="no" checked', html) and re.search(r'value="b" checked', html)
    assert re.search(r'value="v" selected', html) and re.search(
        r'name="agree" value="true" checked', html
    )
    assert not re.search(r'value="yes" checked', html)


def test_optional_fields_say_so_and_required_ones_do_not(ui: Any) -> None:
    assert "facultatif" in ui.field(Household()["area"])
    assert "facultatif" not in ui.field(Household()["name"])


def test_every_field_of_a_form_is_rendered_once(ui: Any) -> None:
    html = ui.fields(Household())
    for name in Household.base_fields:
        assert f'name="{name}"' in html
    assert html.count('type="hidden"') == 1


def test_each_label_belongs_to_a_control(ui: Any) -> None:
    html = ui.fields(Household())
    ids = set(re.findall(r'\sid="([^"]+)"', html))
    targets = re.findall(r'<label[^>]*\sfor="([^"]+)"', html)
    assert targets and set(targets) <= ids


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_renders_with_an_error_a_hint_and_a_condition(ui: Any, kind: str) -> None:
    html = ui.field(
        {
            "name": "x",
            "label": "Étiquette",
            "kind": kind,
            "markdown": "Un *paragraphe*",
            "hint": "Aide",
            "errors": ["Faux"],
            "choices": [("a", "A"), {"value": "b", "label": "B", "hint": "h", "icon": "leaf"}],
            "visible_when": ["==", ["name", "y"], ["text", 'l"x']],
        }
    )
    if kind not in ("static", "info"):
        assert 'name="x' in html
    if kind not in ("hidden", "static", "info"):
        assert "Faux" in html
    if kind != "hidden":
        assert "data-visible-when=" in html and "l\\&#34;x" in html


def test_the_error_summary_leads_to_each_control(ui: Any) -> None:
    form = Household({})
    html = ui.error_summary(form)
    fields = ui.fields(form)
    for target in re.findall(r'href="#([^"]+)"', html):
        assert f'id="{target}"' in fields
    assert 'role="alert"' in html and "points à corriger" in html


def test_no_error_no_summary(ui: Any) -> None:
    assert ui.error_summary(None).strip() == ""
    assert ui.error_summary({}).strip() == ""
    assert ui.error_summary([]).strip() == ""


def test_general_errors_come_first_and_typed_errors_are_understood() -> None:
    class Refused(forms.Form):
        a = forms.CharField()

        def clean(self) -> None:
            raise forms.ValidationError("Ensemble impossible")

    lines = form_errors(Refused({"a": ""}))
    assert (lines[0].message, lines[0].href) == ("Ensemble impossible", None)
    assert lines[1].href == "#id_a"
    typed = form_errors(Invalid("Faux", fields={"email": ["Écrivez une adresse."]}))
    assert [(line.href, str(line.message)) for line in typed] == [
        ("#id_email", "Écrivez une adresse.")
    ]
    assert [str(line.message) for line in form_errors(Invalid("Non"))] == ["Non"]


def test_a_date_in_three_parts_is_filled_from_a_date_or_from_text(ui: Any) -> None:
    for value in (date(1984, 3, 27), "1984-03-27", {"day": "27", "month": "03", "year": "1984"}):
        html = ui.field({"name": "b", "label": "Naissance", "kind": "date_parts", "value": value})
        assert re.search(r'name="b_day"[^>]*value="27"', html)
        assert re.search(r'name="b_year"[^>]*value="1984"', html)


def test_a_place_can_be_described_without_a_map(ui: Any) -> None:
    html = ui.field({"name": "ou", "label": "Où", "kind": "map_point", "lon": 5.5, "lat": 43.25})
    assert 'name="ou_text"' in html and 'name="ou_lon" value="5.5"' in html
    assert "43.25000" in html


def test_values_never_become_markup(ui: Any) -> None:
    nasty = '"><script>x</script>'
    for kind in sorted(KINDS - {"date_parts", "file", "files", "map_point", "info"}):
        html = ui.field({"name": "n", "label": nasty, "kind": kind, "value": nasty, "hint": nasty})
        assert "<script" not in html, kind
