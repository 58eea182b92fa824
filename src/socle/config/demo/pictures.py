"""Pictures and papers of the demonstration, drawn here: no photograph of anybody."""

from __future__ import annotations

import io
import random
from typing import Any

from PIL import Image, ImageDraw

from socle.capabilities.questionnaires.actions import claim_hash
from socle.foundations.accounts.actors import Actor
from socle.foundations.files import actions as files

_SKIES = ((158, 202, 225), (253, 208, 162), (199, 233, 192), (188, 189, 220), (217, 217, 217))
_drawn: dict[tuple[int, int], bytes] = {}


def _scene(sky: int, shape: int) -> bytes:
    """A street under some sky with something on the pavement; a few scenes serve all reports."""
    if (sky, shape) not in _drawn:
        picture = Image.new("RGB", (960, 720), _SKIES[sky])
        draw = ImageDraw.Draw(picture)
        for column in range(6):
            height = 180 + (column * 97 + shape * 61) % 220
            left = column * 160
            wall = (214 - column * 8, 190 - column * 5, 150 + column * 6)
            draw.rectangle((left, 480 - height, left + 150, 480), fill=wall)
            for row in range(height // 70):
                top = 500 - height + row * 70
                draw.rectangle((left + 30, top, left + 60, top + 40), fill=(90, 110, 130))
                draw.rectangle((left + 90, top, left + 120, top + 40), fill=(90, 110, 130))
        draw.rectangle((0, 480, 960, 560), fill=(190, 184, 172))
        draw.rectangle((0, 560, 960, 720), fill=(96, 99, 104))
        x = 220 + shape * 110
        colours = ((70, 90, 60), (120, 80, 50), (60, 60, 70), (150, 60, 50))
        draw.polygon(
            [(x, 560), (x + 40, 470), (x + 120, 450), (x + 180, 500), (x + 200, 560)],
            fill=colours[shape % 4],
        )
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=78)
        _drawn[sky, shape] = buffer.getvalue()
    return _drawn[sky, shape]


def photo(rng: random.Random, label: str, actor: Actor, claim: str) -> str:
    """A photo of a report, received like anybody's; gives its id."""
    content = _scene(rng.randrange(len(_SKIES)), rng.randrange(4))
    stored = files.receive(
        upload=io.BytesIO(content), name=f"{label}.jpg", actor=actor, claim=claim_hash(claim),
        accept=("image",),
    )  # fmt: skip
    return str(stored.pk)


def document(rng: random.Random, label: str, actor: Actor) -> dict[str, Any]:
    """A paper of a request, as a picture of a page."""
    page = Image.new("RGB", (620, 877), (255, 255, 255))
    draw = ImageDraw.Draw(page)
    draw.rectangle((60, 60, 300, 90), fill=(11, 92, 173))
    for line in range(22):
        draw.rectangle(
            (60, 140 + line * 30, 300 + rng.randrange(260), 150 + line * 30), fill=(200, 205, 212)
        )
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    buffer.seek(0)
    stored = files.receive(
        upload=buffer, name="justificatif.png", actor=actor, accept=("image", "pdf")
    )
    return {
        "id": str(stored.pk),
        "name": stored.name,
        "size": stored.size,
        "type": stored.media_type,
    }
