"""Start-up of the house: what each room registers is connected here, once."""

from importlib.util import find_spec

from django.apps import AppConfig


class HouseConfig(AppConfig):
    name = "socle.config"
    label = "house"

    def ready(self) -> None:
        # Reactions between rooms are subscribed when every model is loaded.
        if find_spec("socle.config.wiring") is not None:
            from importlib import import_module

            import_module("socle.config.wiring")
