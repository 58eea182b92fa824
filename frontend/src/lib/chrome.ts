/** What surrounds pages: menus, dialogs, the desk's side panel, theme, sharing, printing. */
import { all, csrfToken, delegate, one, reducedMotion } from "./dom";
import { notify } from "./toasts";
import { say } from "./words";

const openMenus = (): HTMLDetailsElement[] => all<HTMLDetailsElement>(document, "details[data-menu][open]");

function listenMenus(): void {
  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target as Node)) menu.open = false;
    for (const panel of all(document, "[data-suggest-panel]"))
      if (!panel.parentElement?.contains(event.target as Node)) panel.replaceChildren();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      one(menu, "summary")?.focus();
    }
    for (const panel of all(document, "[data-suggest-panel]")) panel.replaceChildren();
    one(document, "[data-side].is-open") && closeSide();
  });
  delegate("keydown", ".search", (form, event) => {
    const links = all(form, ".search-suggest a");
    if (!links.length || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    const at = links.indexOf(document.activeElement as HTMLElement) + (event.key === "ArrowDown" ? 1 : -1);
    (at < 0 ? one(form, "input[type=search]") : links[Math.min(at, links.length - 1)])?.focus();
  });
}

/** Opens a dialog by id and gives the focus back to its opener when it closes. */
export function openDialog(id: string): void {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

function listenDialogs(): void {
  delegate("click", "a[data-dialog]", (link, event) => {
    event.preventDefault();
    openDialog(link.getAttribute("href")?.slice(1) ?? "");
  });
  delegate("keydown", "a[role=button]", (link, event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    link.click();
  });
  delegate("click", "[data-dialog-close]", (link, event) => {
    const dialog = link.closest("dialog");
    if (!dialog?.open) return;
    event.preventDefault();
    dialog.close();
  });
  document.addEventListener("click", (event) => {
    // A click on the dialog itself, and not on what it holds, is a click on its backdrop.
    if (event.target instanceof HTMLDialogElement) {
      const box = event.target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside) event.target.close();
    }
  });
}

let sideOpener: HTMLElement | null = null;

function closeSide(): void {
  one(document, "[data-side]")?.classList.remove("is-open");
  sideOpener?.focus();
}

function listenSide(): void {
  delegate("click", "[data-side-open]", (button, event) => {
    event.preventDefault();
    sideOpener = button;
    const side = one(document, "[data-side]");
    side?.classList.add("is-open");
    if (side) one(side, "a")?.focus();
  });
  delegate("click", "[data-side-close]", (_, event) => {
    event.preventDefault();
    closeSide();
  });
  document.addEventListener("click", (event) => {
    const side = one(document, "[data-side].is-open");
    const target = event.target as Element;
    if (side && !side.contains(target) && !target.closest("[data-side-open]")) closeSide();
  });
}

function listenTheme(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches("[data-theme-switch]")) return;
    const button = event.submitter as HTMLButtonElement | null;
    if (!button) return;
    event.preventDefault();
    document.documentElement.dataset.theme = button.value;
    for (const other of all<HTMLButtonElement>(document, "[data-theme-switch] button[name=theme]"))
      other.setAttribute("aria-pressed", String(other.value === button.value));
    document.dispatchEvent(new CustomEvent("themechange"));
    const data = new FormData(form);
    data.set("theme", button.value);
    fetch(form.action, { method: "POST", body: data, headers: { "X-CSRFToken": csrfToken() }, redirect: "manual" }).catch(() => notify(say.failed, "danger"));
  });
}

function listenShare(root: ParentNode): void {
  const shareable = typeof navigator.share === "function";
  for (const button of all<HTMLButtonElement>(root, "[data-share-native]")) button.hidden = !shareable;
}

function listenClicks(): void {
  delegate("click", "[data-share-native]", (button) => {
    const holder = button.closest<HTMLElement>("[data-share]");
    if (!holder) return;
    const url = new URL(holder.dataset.url ?? location.href, location.href).href;
    navigator.share({ url, title: holder.dataset.title ?? document.title }).catch(() => undefined);
  });
  delegate("click", "[data-share-copy]", (button) => {
    const holder = button.closest<HTMLElement>("[data-share]");
    const url = new URL(holder?.dataset.url ?? location.href, location.href).href;
    navigator.clipboard.writeText(url).then(
      () => notify(button.dataset.done ?? say.copied, "success"),
      () => notify(url, "info"),
    );
  });
  delegate("click", "[data-print]", () => print());
  delegate("click", "[data-reload]", (_, event) => {
    event.preventDefault();
    location.reload();
  });
  delegate("click", ".map-skip", (link, event) => {
    const list = document.getElementById(link.getAttribute("href")?.slice(1) ?? "");
    if (!list) return;
    event.preventDefault();
    list.scrollIntoView({ behavior: reducedMotion() ? "auto" : "smooth" });
    list.focus({ preventScroll: true });
  });
}

function registerWorker(): void {
  const { sw, static: base } = document.documentElement.dataset;
  if (!sw || !("serviceWorker" in navigator) || !window.isSecureContext) return;
  addEventListener("load", () => {
    navigator.serviceWorker.register(`${sw}?static=${encodeURIComponent(base ?? "")}`, { scope: "/" }).catch(() => undefined);
  });
}

export function startChrome(): void {
  listenMenus();
  listenDialogs();
  listenSide();
  listenTheme();
  listenClicks();
  registerWorker();
}

export { listenShare as enhanceChrome };
