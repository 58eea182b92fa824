"""A hostile environment: no network, no mail, no leftovers, a wrong order when none was asked."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_HOME = Path(tempfile.mkdtemp(prefix="socle-tests-"))
_DATABASE = os.environ.get("SOCLE_TEST_DATABASE_URL", "")
for _name in [name for name in os.environ if name.startswith("SOCLE_")]:
    if _name != "SOCLE_TEST_DATABASE_URL":
        del os.environ[_name]
os.environ |= {
    "SOCLE_ENV_FILE": "",
    "SOCLE_HOME": str(_HOME),
    "SOCLE_DATABASE_URL": _DATABASE,
    "SOCLE_DEMO": "false",
    "SOCLE_SECURITY_SECRET_KEY": "only-for-tests-" + "0" * 40,
    "SOCLE_SECURITY_ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "DJANGO_SETTINGS_MODULE": "socle.config.settings",
}
