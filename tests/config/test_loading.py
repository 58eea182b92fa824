"""Settings: read from one place, wrong ones said in one sentence each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.consistency.house import ROOT

from socle.config.keys import secret_key
from socle.config.loading import known_variables, load
from socle.config.mistakes import ConfigurationError, Mistake


def _mistakes(**environ: str) -> dict[str, Mistake]:
    with pytest.raises(ConfigurationError) as caught:
        load(environ, Path("/nonexistent"))
    return {mistake.variable: mistake for mistake in caught.value.mistakes}


def test_nothing_set_is_a_working_installation() -> None:
    options = load({}, Path("/nonexistent"))
    assert options.database.vendor == "sqlite"
    assert options.production
    assert not options.https  # a trial on this machine only


def test_every_mistake_is_said_at_once_with_its_variable() -> None:
    found = _mistakes(
        SOCLE_SERVER_PORT="abc",
        SOCLE_MAIL_KIND="pigeon",
        SOCLE_DEMO="peut-être",
        SOCLE_SERVER_PUBLIC_URL="villeneuve",
        SOCLE_TIME_ZONE="Lune/Mer",
        SOCLE_DATABSE_URL="x",
    )
    assert found.keys() == {
        "SOCLE_SERVER_PORT",
        "SOCLE_MAIL_KIND",
        "SOCLE_DEMO",
        "SOCLE_SERVER_PUBLIC_URL",
        "SOCLE_TIME_ZONE",
        "SOCLE_DATABSE_URL",
    }
    assert "SOCLE_DATABASE_URL" in found["SOCLE_DATABSE_URL"].french
    assert "capture" in found["SOCLE_MAIL_KIND"].english
    for mistake in found.values():
        assert mistake.french != mistake.english
        assert "\n" not in mistake.french


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOCLE_SERVER_PORT", "0"),
        ("SOCLE_SERVER_PORT", "65536"),
        ("SOCLE_SERVER_WORKERS", "0"),
        ("SOCLE_SECURITY_PROXIES", "-1"),
        ("SOCLE_GEOCODER_TIMEOUT", "0"),
    ],
)
def test_a_number_out_of_range_is_refused_with_its_limit(name: str, value: str) -> None:
    assert any(digit.isdigit() for digit in _mistakes(**{name: value})[name].french)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://socle:s3cret@host/base",
        "postgresql://socle:s3cret@host:notaport/base",
        "postgresql://socle:s3cret@host",
        "s3cret",
    ],
)
def test_a_wrong_database_address_is_refused_without_repeating_its_password(url: str) -> None:
    (mistake,) = _mistakes(SOCLE_DATABASE_URL=url).values()
    assert "postgresql://" in mistake.french
    assert "s3cret" not in str(mistake)


def test_a_short_secret_is_refused_without_being_repeated() -> None:
    (mistake,) = _mistakes(SOCLE_SECURITY_SECRET_KEY="tooshort").values()
    assert "tooshort" not in str(mistake)


@pytest.mark.parametrize(
    "environ",
    [
        {"SOCLE_STORAGE_KIND": "s3"},
        {"SOCLE_MAP_BASEMAP": "custom"},
        {"SOCLE_MAP_BASEMAP": "custom", "SOCLE_MAP_TILES": "https://tuiles.example/plan.png"},
        {"SOCLE_FRANCECONNECT_CLIENT_ID": "x"},
        {"SOCLE_DEMO": "true", "SOCLE_MAIL_KIND": "smtp"},
        {"SOCLE_DATABASE_URL": "postgresql://socle:x@host/base"},
    ],
)
def test_what_is_wrong_only_together_is_refused(environ: dict[str, str]) -> None:
    assert len(_mistakes(**environ)) == 1


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SOCLE_SERVER_PORT=8001\nSOCLE_LOCALE=en\nOTHER=1\n")
    options = load({"SOCLE_SERVER_PORT": "8002", "PATH": "/bin"}, file)
    assert options.server.port == 8002
    assert options.locale == "en"


def test_an_empty_variable_is_a_variable_not_set() -> None:
    assert load({"SOCLE_SERVER_PORT": "", "SOCLE_MAIL_HOST": ""}).server.port == 8000


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("k" * 50 + "\n")
    options = load({"SOCLE_SECURITY_SECRET_KEY_FILE": str(file)}, Path("/nonexistent"))
    assert options.security.secret_key.get_secret_value() == "k" * 50


def test_a_secret_file_that_cannot_be_read_is_said() -> None:
    name = "SOCLE_SECURITY_SECRET_KEY_FILE"
    assert name in _mistakes(**{name: "/nonexistent/key"})


def test_secrets_are_not_shown_when_options_are() -> None:
    options = load({"SOCLE_DATABASE_URL": "sqlite:////tmp/s3cret", "SOCLE_MAIL_PASSWORD": "s3cret"})
    assert "s3cret" not in repr(options)


def test_postgresql_addresses_are_understood_whole() -> None:
    url = "postgresql://so%40cle:p%2Fw@db.example:5433/ba%20se?sslmode=require"
    options = load({"SOCLE_DATABASE_URL": url, "SOCLE_DEMO": "1"}, Path("/nonexistent"))
    django = options.database.django(Path())
    assert (django["USER"], django["PASSWORD"]) == ("so@cle", "p/w")
    assert (django["HOST"], django["PORT"], django["NAME"]) == ("db.example", "5433", "ba se")
    assert django["OPTIONS"]["sslmode"] == "require"


def test_a_unix_socket_is_a_host() -> None:
    url = "postgresql:///socle?host=/run/postgresql"
    options = load({"SOCLE_DATABASE_URL": url, "SOCLE_DEMO": "1"}, Path("/nonexistent"))
    assert options.database.django(Path())["HOST"] == "/run/postgresql"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"SOCLE_SERVER_PUBLIC_URL": "https://a.example"}, True),
        ({"SOCLE_SERVER_PUBLIC_URL": "http://a.example"}, False),
        ({"SOCLE_SERVER_HOST": "0.0.0.0"}, True),
        ({"SOCLE_SERVER_HOST": "0.0.0.0", "SOCLE_DEMO": "true"}, False),
        ({"SOCLE_SERVER_HOST": "0.0.0.0", "SOCLE_SECURITY_HTTPS": "false"}, False),
    ],
)
def test_https_is_assumed_wherever_the_public_may_come(
    environ: dict[str, str], expected: bool
) -> None:
    assert load(environ, Path("/nonexistent")).https is expected


def test_names_of_variables_are_unambiguous() -> None:
    """``SOCLE_A_B_C`` is read as group ``a``, name ``b_c``: no group may begin another's name."""
    names = list(known_variables())
    assert len(names) == len(set(names))


def test_the_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    options = load({"SOCLE_HOME": str(tmp_path / "new")}, Path("/nonexistent"))
    first = secret_key(options)
    assert len(first) > 40
    assert secret_key(options) == first
    assert (tmp_path / "new" / "secret.key").stat().st_mode & 0o077 == 0


def test_processes_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    code = (
        "from socle.config.loading import load; from socle.config.keys import secret_key;"
        "print(secret_key(load()))"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "src"),
        "SOCLE_ENV_FILE": "",
        "SOCLE_HOME": str(tmp_path),
    }
    running = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    keys = {process.communicate()[0] for process in running}
    assert len(keys) == 1
    assert keys != {b""}


def test_a_wrong_setting_ends_a_command_with_code_2_and_no_traceback() -> None:
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "socle.config.cli", "migrate"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "src"),
            "SOCLE_ENV_FILE": "",
            "SOCLE_SERVER_PORT": "abc",
            "LANG": "fr_FR.UTF-8",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "SOCLE_SERVER_PORT" in ran.stderr
    assert "n'est pas un nombre" in ran.stderr
    assert "Traceback" not in ran.stderr
