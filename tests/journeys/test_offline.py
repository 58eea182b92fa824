"""No network: what is typed is kept through a browser that is killed, and leaves exactly once."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import override_settings
from tests.cast import INSIDE, Cast, photo
from tests.conftest import CHROMIUM
from tests.journeys.conftest import PHONE, NewTab, Tab

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case, Message
from socle.domains.reports import actions as reports
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.accounts.models import User

SCREEN, FIELD = "/signaler/hors-ligne", "/agents/terrain/"
WAIT_MS = 60_000
SEND = "**/signaler/envoi-differe"
# Quiet: it must not look for its maker's hosts on a closed network.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-sync", "--disable-background-networking",
    "--disable-component-update", "--no-first-run",
]  # fmt: skip


DRAFT_IS_WHOLE = """new Promise((done) => {
  const asked = indexedDB.open("socle");
  asked.onsuccess = () => {
    const read = asked.result.transaction("drafts").objectStore("drafts").get("report");
    read.onsuccess = () => {
      asked.result.close();
      done(!!read.result && read.result.values.place_lon !== "" && read.result.files.length === 1);
    };
  };
})"""


class Phone:
    """A phone with a memory of its own, that one can kill and start again."""

    def __init__(self, chromium: Any, base: str, memory: Path) -> None:
        self.kind, self.base, self.memory = chromium.browser_type, base, memory
        self.context: Any = None
        self.start()

    def start(self) -> Any:
        self.context = self.kind.launch_persistent_context(
            str(self.memory), executable_path=CHROMIUM, args=QUIET, base_url=self.base,
            locale="fr-FR", viewport=PHONE, reduced_motion="reduce",
            geolocation={"longitude": INSIDE[0], "latitude": INSIDE[1]},
            permissions=["geolocation"],
        )  # fmt: skip
        self.context.set_default_timeout(WAIT_MS)
        return self.page

    @property
    def page(self) -> Any:
        return self.context.pages[0] if self.context.pages else self.context.new_page()

    def go(self, path: str = SCREEN) -> Any:
        self.page.goto(path)
        self.page.wait_for_selector("[data-ready]")
        return self.page

    def install(self) -> None:
        """One visit with a network: the service worker keeps the screen."""
        self.page.goto("/")
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        until(self.page, "navigator.serviceWorker.controller !== null")

    def airplane(self, on: bool = True) -> None:
        self.context.set_offline(on)

    def kill(self) -> None:
        """As the system does when memory is short: no farewell."""
        for pid in _processes(self.memory):
            os.kill(pid, signal.SIGKILL)
        try:
            self.context.close()
        except Exception as error:  # the driver finds nobody there
            assert "closed" in str(error).lower() or "crash" in str(error).lower()
        (self.memory / "SingletonLock").unlink(missing_ok=True)


def _processes(memory: Path) -> list[int]:
    """The browser started on this memory: the one process that is nobody's child in it."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            line = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        mine = f"--user-data-dir={memory}".encode() in line
        if mine and not any(each.startswith(b"--type=") for each in line):
            found.append(int(folder.name))
    return found


@pytest.fixture
def phone(chromium: Any, live_server: Any, cast: Cast, tmp_path: Path) -> Iterator[Phone]:
    options = settings.SOCLE.model_copy(update={"demo": True})
    with override_settings(SOCLE=options):
        opened = Phone(chromium, live_server.url, tmp_path / "memory")
        yield opened
        opened.context.close()


def until(page: Any, expression: str) -> None:
    """Wait until a page says so. Not `wait_for_function`: the page's policy forbids its eval."""
    for _round in range(WAIT_MS // 50):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


def fill(page: Any, words: str = "Un matelas sur le trottoir", file: Path | None = None) -> None:
    page.get_by_label("Que se passe-t-il").fill(words)
    if file is not None:
        page.locator("input[type=file]").set_input_files(str(file))
        page.wait_for_selector("[data-files-list] li")
    page.get_by_label("De quoi s’agit-il").select_option("depot-sauvage")
    page.get_by_role("button", name="Utiliser ma position").click()
    until(page, "document.querySelector('[name=place_lon]').value !== ''")


def keep(page: Any) -> None:
    page.get_by_role("button", name="Garder et envoyer").click()
    page.wait_for_selector("[data-entry]")


def large_photo(folder: Path) -> Path:
    file = folder / "grand.jpg"
    file.write_bytes(photo(size=(4000, 3000)).getvalue())
    return file


def test_a_report_in_airplane_mode_survives_a_kill_and_leaves_once(
    phone: Phone, tmp_path: Path
) -> None:
    phone.install()
    phone.airplane()
    page = phone.go()
    assert "Pas de réseau" in page.locator("[data-network]").inner_text()
    fill(page, file=large_photo(tmp_path))
    keep(page)
    assert "En attente de réseau" in page.locator("[data-entry]").inner_text()
    assert Case.objects.count() == 0
    phone.kill()
    phone.start()
    phone.airplane()
    page = phone.go()
    assert page.locator("[data-entry]").count() == 1
    assert Case.objects.count() == 0
    phone.airplane(False)
    page.wait_for_selector("[data-entry][data-state=sent]")
    case = Case.objects.get()
    assert case.reference in page.locator("[data-entry]").inner_text()
    document = case.documents.select_related("file").get()
    assert max(document.file.width, document.file.height) <= 2560
    page.get_by_role("link", name="Suivre", exact=True).click()
    page.wait_for_url("**/suivi/**")
    page = phone.go()
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_load_state("networkidle")
    assert Case.objects.count() == 1


def test_words_not_sent_yet_survive_a_kill(phone: Phone, tmp_path: Path) -> None:
    phone.install()
    phone.airplane()
    page = phone.go()
    fill(page, "Un lampadaire éteint", file=large_photo(tmp_path))
    until(page, DRAFT_IS_WHOLE)
    phone.kill()
    phone.start()
    phone.airplane()
    page = phone.go()
    page.wait_for_selector("[data-files-list] li")
    assert page.get_by_label("Que se passe-t-il").input_value() == "Un lampadaire éteint"
    assert page.get_by_label("De quoi s’agit-il").input_value() == "depot-sauvage"


def test_two_tabs_send_one_report(phone: Phone) -> None:
    phone.install()
    phone.airplane()
    page = phone.go()
    other = phone.context.new_page()
    other.goto(SCREEN)
    other.wait_for_selector("[data-ready]")
    sent: list[str] = []
    phone.context.on(
        "request",
        lambda request: sent.append(request.method) if "envoi-differe" in request.url else None,
    )
    fill(page)
    keep(page)
    other.wait_for_selector("[data-entry]")
    sent.clear()
    phone.airplane(False)
    for tab in (page, other):
        tab.evaluate("dispatchEvent(new Event('online'))")
    for tab in (page, other):
        tab.wait_for_selector("[data-entry][data-state=sent]")
    assert Case.objects.count() == 1
    assert sent == ["POST"], "one flight, whatever the number of tabs"


def test_an_answer_lost_after_the_commit_makes_no_second_report(phone: Phone) -> None:
    phone.install()
    page = phone.go()
    lost: list[int] = []

    def lose(route: Any) -> None:
        if not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    phone.context.route(SEND, lose)
    fill(page)
    # An entry waits before it leaves, too: the loss itself is waited for.
    with phone.context.expect_event("requestfailed", lambda each: "envoi-differe" in each.url):
        keep(page)
    page.wait_for_selector("[data-entry][data-state=waiting]")
    assert lost == [201]
    assert Case.objects.count() == 1
    page.get_by_role("button", name="Envoyer maintenant").click()
    page.wait_for_selector("[data-entry][data-state=sent]")
    assert Case.objects.get().reference in page.locator("[data-entry]").inner_text()


def test_what_the_server_refuses_is_told_and_corrected(phone: Phone) -> None:
    phone.install()
    page = phone.go()
    page.get_by_label("Que se passe-t-il").fill("Un trou")
    page.get_by_label("De quoi s’agit-il").select_option("nid-de-poule")
    page.get_by_label("Où est-ce").fill("Nulle part qui existe")
    keep(page)
    page.wait_for_selector("[data-entry][data-state=refused]")
    assert "adresse n’a pas été trouvée" in page.locator("[data-entry]").inner_text()
    page.get_by_role("button", name="Corriger").click()
    until(page, "document.querySelector('textarea').value === 'Un trou'")
    page.get_by_label("Où est-ce").fill("12 rue des Lilas, 99100 Villeneuve-du-Lac")
    page.get_by_role("button", name="Garder et envoyer").click()
    page.wait_for_selector("[data-entry][data-state=sent]")
    assert page.locator("[data-entry]").count() == 1
    assert Case.objects.get().category == "nid-de-poule"


def test_the_usual_form_goes_on_without_a_network(phone: Phone) -> None:
    phone.install()
    page = phone.page
    page.goto("/signaler")
    page.get_by_role("button", name="Commencer").click()
    page.get_by_label("Que se passe-t-il").fill("Un banc cassé")
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url("**/lieu")
    until(page, "document.querySelector('main form').dataset.rescued !== undefined")
    phone.airplane()
    page.locator("[name=place_text]").fill("12 rue des Lilas, 99100 Villeneuve-du-Lac")
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url(f"**{SCREEN}")
    page.wait_for_selector("[data-ready]")
    assert page.get_by_label("Que se passe-t-il").input_value() == "Un banc cassé"
    assert "Lilas" in page.get_by_label("Où est-ce").input_value()
    page.get_by_label("De quoi s’agit-il").select_option("tag")
    keep(page)
    phone.airplane(False)
    page.wait_for_selector("[data-entry][data-state=sent]")
    assert Case.objects.get().description == "Un banc cassé"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_screen_can_be_used_by_everybody(new_tab: NewTab, cast: Cast, scheme: str) -> None:
    tab: Tab = new_tab(viewport=PHONE, color_scheme=scheme)
    tab.go(SCREEN)
    tab.press("Garder et envoyer", stay=True)
    assert re.search(r"\d points à corriger", tab.text)
    tab.fill("Que se passe-t-il", "Un matelas")
    tab.page.get_by_label("De quoi s’agit-il").select_option("depot-sauvage")
    tab.fill("Où est-ce", "Nulle part qui existe")
    tab.press("Garder et envoyer", stay=True)
    tab.page.wait_for_selector("[data-entry][data-state=refused]")
    tab.look()


# --- The agent's round ---
def enter(phone: Phone, email: str) -> None:
    """Signed in as if by the door."""
    user = User.objects.get(email=email)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key}
    # Kept by the browser, as after a real sign-in.
    later = {"expires": 4_000_000_000}
    phone.context.add_cookies([cookie | later | {"url": phone.base}])


def reported(words: str) -> Case:
    return reports.submit_report(
        actor=ANONYMOUS, category_id="nid-de-poule", lon=INSIDE[0], lat=INSIDE[1],
        description=words, address="1 rue du Port",
    ).case  # fmt: skip


def take_along(phone: Phone) -> Any:
    page = phone.go(FIELD)
    until(page, "navigator.serviceWorker.controller !== null")
    page = phone.go(FIELD)
    page.wait_for_selector("[data-kept]")
    return page


def report_on(page: Any, case: Case, words: str, then: str = "") -> None:
    page.locator(f"[data-stop='{case.reference}'] summary").click()
    page.locator(f"[data-stop='{case.reference}']").get_by_role("button", name="Rapport").click()
    page.get_by_label("Ce qui a été fait").fill(words)
    page.get_by_label("Temps passé").fill("20")
    if then:
        page.get_by_label("Et ensuite").select_option(then)
    page.locator("dialog[open]").get_by_role("button", name="Garder et envoyer").click()
    # Closed once it is on the disk.
    until(page, "!document.querySelector('dialog[open]')")


def test_a_round_without_a_network_survives_a_kill_and_tells_conflicts(
    phone: Phone, cast: Cast
) -> None:
    mine, contested = reported("Premier trou"), reported("Second trou")
    enter(phone, cast.agent.email)
    page = take_along(phone)
    assert page.locator("[data-stop]").count() == 2
    phone.airplane()
    page = phone.go(FIELD)
    page.locator(f"[data-stop='{mine.reference}'] summary").click()
    page.get_by_role("button", name="Je m’en occupe").first.click()
    page.wait_for_selector("[data-entry]")
    page.locator(f"[data-stop='{mine.reference}'] summary").click()
    report_on(page, mine, "Rebouché", then="resolve")
    report_on(page, contested, "Rebouché aussi", then="resolve")
    phone.kill()
    # Meanwhile, at the office.
    casework.perform(
        actor=cast.actor(cast.colleague), case_id=contested.pk, transition_id="plan", version=1
    )
    phone.start()
    phone.airplane()
    page = phone.go(FIELD)
    assert page.locator("[data-entry]").count() == 3
    # A browser that is killed may forget its latest cookies.
    enter(phone, cast.agent.email)
    assert page.locator(f"[data-stop='{mine.reference}']").count() == 0, "resolved, for its author"
    phone.airplane(False)
    page.wait_for_selector("[data-entry][data-state=conflict]")
    page.wait_for_selector("[data-entry][data-state=sent] >> nth=1")
    done = Case.objects.get(pk=mine.pk)
    assert (done.state, done.assignee) == ("resolved", cast.agent)
    assert Case.objects.get(pk=contested.pk).state == "planned"
    conflict = page.locator("[data-entry][data-state=conflict]")
    assert "Denis" in conflict.inner_text()
    conflict.get_by_role("button", name="Refaire quand même").click()
    page.wait_for_selector("[data-entry][data-state=sent] >> nth=2")
    assert Case.objects.get(pk=contested.pk).state == "resolved"
    assert Message.objects.filter(case=contested).count() == 1
    assert Message.objects.filter(case=mine).count() == 1


def test_signing_out_leaves_nothing_of_the_round_on_the_device(phone: Phone, cast: Cast) -> None:
    reported("Un trou")
    enter(phone, cast.agent.email)
    page = take_along(phone)
    assert page.evaluate("caches.has('private-field')")
    page.locator("summary.account").click()
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url(lambda url: "terrain" not in url)
    page.wait_for_load_state()
    assert not page.evaluate("caches.has('private-field')")
    phone.airplane()
    page.goto(FIELD)
    assert "Un trou" not in page.locator("body").inner_text()
    assert "hors connexion" in page.locator("body").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_round_can_be_used_by_everybody(new_tab: NewTab, cast: Cast, scheme: str) -> None:
    case = reported("Un trou")
    tab: Tab = new_tab(viewport=PHONE, color_scheme=scheme)
    tab.sign_in(cast.colleague.email)
    casework.assign(
        actor=cast.actor(cast.agent), case_id=case.pk, version=1, assignee_id=cast.colleague.pk
    )
    tab.go(FIELD)
    tab.page.wait_for_selector("[data-ready]")
    tab.page.locator("[data-stop] summary").click()
    tab.look()
    for button in tab.page.locator("[data-stop] .btn").all():
        assert button.bounding_box()["height"] >= 44
    tab.page.locator("[data-stop]").get_by_role("button", name="Rapport").click()
    tab.look()
    tab.page.locator("dialog[open] [data-dialog-close]").first.click()
    tab.page.get_by_role("button", name="Nouveau signalement").click()
    tab.look()
