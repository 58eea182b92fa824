"""When a hand-over is tried again, and what may follow what. Pure."""

from __future__ import annotations

from datetime import timedelta

WAITS = tuple(
    timedelta(minutes=each)
    for each in (1, 5, 15, 60, 180, 360, 720, 720, 720, 720, 720, 720, 720, 720)
)
"""Waits after each failed attempt: four days and a half from the first to the last."""

MOST_WAIT = timedelta(hours=12)
ERROR_MAX = 300


def wait_after(attempts: int, asked: int | None = None) -> timedelta | None:
    """The wait after that many attempts (1 or more); None when it is enough for this time.

    `asked`: seconds that the other side wants us to wait, honoured up to twelve hours. A person who
    sends it again (`actions.retry_handover`) begins the same patience anew.
    """
    index = (max(attempts, 1) - 1) % (len(WAITS) + 1)
    if index == len(WAITS):
        return None
    wait = WAITS[index]
    return max(wait, min(timedelta(seconds=asked), MOST_WAIT)) if asked else wait
