from django.conf import settings


def test_the_settings_load() -> None:
    assert settings.SOCLE.home
