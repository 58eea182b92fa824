"""Start-up of the house: what each room registers is connected here, once."""

from django.apps import AppConfig


class HouseConfig(AppConfig):
    name = "socle.config"
    label = "house"

    def ready(self) -> None:
        # Every model is loaded: reactions between rooms can be subscribed.
        from socle.config import wiring  # noqa: F401
