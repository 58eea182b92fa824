"""The house's settings with the bench's own pages beside the house's."""

from socle.config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
