"""The house without what makes a write safe to retry: shows that the tests would see it."""

from socle.config.settings import *  # noqa: F403
from socle.config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.durability.forgetful.ForgetfulConfig"]
