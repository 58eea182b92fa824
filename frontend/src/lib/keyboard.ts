/** The desk by keyboard: rows, selection, actions of one key. Can be turned off (WCAG 2.2, 2.1.4). */
import { all, delegate, element, one, storage } from "./dom";
import { openDialog } from "./chrome";
import { say } from "./words";

const OFF = "shortcuts-off";
const rows = (): HTMLElement[] => all(document, "[data-rows] [data-row]").filter((row) => row.offsetParent !== null);
const cursor = (): HTMLElement | null => one(document, "[data-row].is-cursor");
const box = (row: ParentNode): HTMLInputElement | null => one<HTMLInputElement>(row, "input[name=selected]");

function moveTo(row: HTMLElement | undefined): void {
  if (!row) return;
  cursor()?.classList.remove("is-cursor");
  row.classList.add("is-cursor");
  row.scrollIntoView({ block: "nearest" });
  one(row, ".cell-main a, a, input")?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("feature:focus", { detail: { id: row.dataset.feature } }));
}

function step(by: number): void {
  const list = rows();
  const at = list.findIndex((row) => row.classList.contains("is-cursor"));
  moveTo(list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.max(0, Math.min(list.length - 1, at + by))]);
}

function selected(): HTMLInputElement[] {
  return all<HTMLInputElement>(document, "input[name=selected]:checked");
}

/** Shows the bar of actions for the checked rows, and says how many there are. */
function refreshBulk(): void {
  const count = selected().length;
  for (const bar of all(document, "[data-bulk]")) {
    bar.classList.toggle("is-active", count > 0);
    const words = one(bar, "[data-bulk-count]");
    if (words && count) words.textContent = count === 1 ? words.dataset.one! : words.dataset.many!.replace("{n}", String(count));
  }
  for (const row of rows()) {
    const mark = box(row);
    if (mark) row.setAttribute("aria-selected", String(mark.checked));
  }
  for (const master of all<HTMLInputElement>(document, "[data-select-all]")) {
    const total = all(document, "input[name=selected]").length;
    master.checked = count > 0 && count === total;
    master.indeterminate = count > 0 && count < total;
  }
}

let lastTicked: HTMLElement | null = null;

function listenSelection(): void {
  delegate("change", "input[name=selected]", refreshBulk);
  delegate("change", "[data-select-all]", (master) => {
    const table = master.closest("table") ?? document;
    for (const mark of all<HTMLInputElement>(table, "input[name=selected]")) mark.checked = (master as HTMLInputElement).checked;
    refreshBulk();
  });
  // Shift-click ticks everything between two boxes.
  delegate("click", "input[name=selected]", (mark, event) => {
    const row = mark.closest<HTMLElement>("[data-row]");
    if (event.shiftKey && lastTicked && row) {
      const list = rows();
      const [from, to] = [list.indexOf(lastTicked), list.indexOf(row)].sort((a, b) => a - b);
      for (const between of list.slice(Math.max(0, from!), to! + 1)) {
        const other = box(between);
        if (other) other.checked = (mark as HTMLInputElement).checked;
      }
      refreshBulk();
    }
    lastTicked = row;
  });
  delegate("click", "[data-bulk-clear]", clear);
  document.addEventListener("htmx:after:swap", refreshBulk);
  refreshBulk();
}

function clear(): void {
  for (const mark of selected()) mark.checked = false;
  refreshBulk();
}

function act(key: string): boolean {
  const target = all(document, `[data-key="${CSS.escape(key)}"]`).find((candidate) => candidate.offsetParent !== null || candidate.closest("[data-bulk]"));
  if (!target) return false;
  if (target.closest("[data-bulk]") && !selected().length) {
    const mark = cursor() && box(cursor()!);
    if (!mark) return false;
    mark.checked = true;
    refreshBulk();
    target.focus();
    return true; // first press selects and points at the action, so that nothing happens by accident
  }
  // What cannot be taken back is only pointed at: Enter confirms.
  if (target.matches("input, textarea, select, [data-key-focus]")) {
    target.scrollIntoView({ block: "center" });
    target.focus();
  } else target.click();
  return true;
}

const RESUME = "desk-cursor";

/** After an act on the list, the cursor comes back where it was: the next line to treat. */
function keepPlace(): void {
  const list = rows();
  const at = Number(sessionStorage.getItem(RESUME) ?? "-1");
  sessionStorage.removeItem(RESUME);
  if (at >= 0 && list.length) moveTo(list[Math.min(at, list.length - 1)]);
  delegate("submit", "[data-bulk]", () => {
    const here = rows().findIndex((row) => row.classList.contains("is-cursor"));
    if (here >= 0) sessionStorage.setItem(RESUME, String(here));
  });
}

/** A ready-made text goes where the agent writes, after what is there already. */
function listenReplies(): void {
  delegate("click", "[data-insert]", (button) => {
    const into = button.dataset.into ?? "";
    const field = document.getElementById(into) ?? button.closest("form")?.elements.namedItem(into);
    if (!(field instanceof HTMLTextAreaElement)) return;
    field.value = [field.value.trimEnd(), button.dataset.insert ?? ""].filter(Boolean).join("\n\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])"));

function listenKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    if (one(document, "dialog[open]")) return;
    if (event.key === "Escape") {
      cursor()?.classList.remove("is-cursor");
      return clear();
    }
    if (storage.get(OFF)) return;
    const handled = press(event.key);
    if (handled) event.preventDefault();
  });
}

function press(key: string): boolean {
  switch (key) {
    case "j":
      step(1);
      return true;
    case "k":
      step(-1);
      return true;
    case "x": {
      const mark = cursor() && box(cursor()!);
      if (!mark) return false;
      mark.checked = !mark.checked;
      refreshBulk();
      return true;
    }
    case "Enter": {
      const row = cursor();
      const focused = document.activeElement;
      if (!row?.dataset.href || (focused && focused !== document.body && !row.contains(focused)) || focused instanceof HTMLAnchorElement) return false;
      location.assign(row.dataset.href);
      return true;
    }
    case "/":
      one(document, "[data-search-box]")?.focus();
      return true;
    case "?":
      openDialog("raccourcis");
      return true;
    default:
      return /^[a-z]$/.test(key) && act(key);
  }
}

function addSwitch(): void {
  const body = one(document, "#raccourcis .dialog-body");
  if (!body) return;
  const toggle = element("input", { type: "checkbox" });
  toggle.checked = !storage.get(OFF);
  toggle.addEventListener("change", () => (toggle.checked ? storage.remove(OFF) : storage.set(OFF, "1")));
  body.append(element("p", {}, element("label", { class: "keys-switch" }, toggle, say.shortcuts)));
}

export function startDesk(): void {
  listenSelection();
  listenKeys();
  listenReplies();
  keepPlace();
  addSwitch();
  delegate("focusin", "[data-rows] [data-row]", (row) => {
    cursor()?.classList.remove("is-cursor");
    row.classList.add("is-cursor");
  });
}
