"""What `packs check` says of a brand's colours: known names, and contrast enough to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from socle.design import brand
from socle.foundations.packs.problems import suggestion

_SEEDS = ("primary", "sun", "calanque", "deep")


def problems(colors: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(token at fault, sentence), the token as the pack names it; empty when it names none of the
    two colours. WCAG 2.2, success criteria 1.4.3 and 1.4.11.
    """
    known = brand.defaults("light")
    strange = [each for each in colors if each.removeprefix(brand.DARK_PREFIX) not in known]
    for token in strange:
        yield token, _("La charte n’a pas de couleur de ce nom.") + suggestion(token, known)
    if strange:
        return
    for failure in brand.failures(colors):
        pair, dark = failure.pair, failure.theme == "dark"
        message = _(
            "Contraste insuffisant entre « %(text)s » et « %(background)s » (%(use)s, %(theme)s) : "
            "%(ratio)s, il faut %(minimum)s."
        ) % {
            "text": pair.text,
            "background": pair.background,
            "use": pair.use,
            "theme": _("thème sombre") if dark else _("thème clair"),
            # Rounded down: 4.49 must not read as enough.
            "ratio": f"{int(failure.ratio * 10) / 10:.1f}",
            "minimum": f"{pair.minimum:.1f}",
        }
        yield _at_fault(colors, pair, dark=dark), message


def _at_fault(colors: Mapping[str, str], pair: brand.Pair, *, dark: bool) -> str:
    """The token of the file from which a colour of the pair comes."""
    names = [*(pair.text, pair.background)]
    names += [seed for name in names for seed in _SEEDS if seed in name.split("-")]
    themed = [f"{brand.DARK_PREFIX}{name}" for name in names] if dark else []
    return next((each for each in [*themed, *names] if each in colors), "")
