/** The visible outbox: what waits, what was sent, what was refused and how to mend it. */
import { element, icon } from "../lib/dom";
import { language } from "../lib/words";
import { again, drop, list, onChange, type Entry } from "./outbox";
import { flush, held } from "./sending";
import { told } from "./words";

const TONES = { waiting: "warning", sending: "progress", sent: "success", refused: "danger", conflict: "danger", signin: "warning" } as const;
const ICONS = { waiting: "clock", sending: "upload", sent: "circle-check", refused: "circle-alert", conflict: "circle-alert", signin: "lock" } as const;

export type Options = {
  holder: HTMLElement;
  rows: HTMLElement;
  shows(entry: Entry): boolean;
  /** Opens a refused entry for correction; without it there is only deleting. */
  correct?(entry: Entry): void;
  /** Called each time the list has changed. */
  changed?(entries: Entry[]): void;
};

function button(text: string, name: string, kind: string, act: () => void): HTMLElement {
  const node = element("button", { type: "button", class: `btn btn-${kind} btn-small` }, icon(name), element("span", {}, text));
  node.addEventListener("click", act);
  return node;
}

function label(entry: Entry, entries: Entry[]): string {
  if (entry.state !== "waiting") return told.states[entry.state];
  if (held(entry, entries)) return told.states.after;
  return navigator.onLine && entry.attempts ? told.states.later : told.states.waiting;
}

function actions(entry: Entry, options: Options): HTMLElement[] {
  const nodes: HTMLElement[] = [];
  const now = (version?: number): void => void again(entry.id, version).then(() => flush(true));
  const link = typeof entry.answer?.link === "string" && entry.answer.link.startsWith("/") ? entry.answer.link : "";
  if (entry.state === "sent" && link) nodes.push(element("a", { class: "btn btn-secondary btn-small", href: link }, icon("arrow-right"), element("span", {}, told.follow)));
  if (entry.state === "waiting") nodes.push(button(told.retry, "send", "secondary", () => now()));
  if (entry.state === "signin") nodes.push(element("a", { class: "btn btn-secondary btn-small", href: `/compte/connexion?next=${encodeURIComponent(location.pathname)}` }, icon("log-in"), element("span", {}, told.signIn)));
  if (entry.state === "refused" && options.correct) nodes.push(button(told.correct, "pencil", "secondary", () => options.correct!(entry)));
  if (entry.state === "conflict") nodes.push(button(told.redo, "rotate-ccw", "secondary", () => now(typeof entry.answer?.version === "number" ? entry.answer.version : undefined)));
  if (entry.state === "sent") nodes.push(button(told.forget, "x", "quiet", () => void drop(entry.id)));
  else if (entry.state !== "sending")
    nodes.push(
      button(entry.state === "conflict" ? told.abandon : told.remove, "trash-2", "quiet", () => {
        if (entry.state === "conflict" || confirm(told.removeSure)) void drop(entry.id);
      }),
    );
  return nodes;
}

function row(entry: Entry, entries: Entry[], options: Options): HTMLElement {
  const when = new Date(entry.at).toLocaleString(language, { dateStyle: "short", timeStyle: "short" });
  const body = element("div", { class: "item-body" }, element("p", { class: "item-title" }, entry.title), element("p", { class: "muted" }, [when, entry.detail].filter(Boolean).join(" · ")));
  const reference = entry.kind === "report" && typeof entry.answer?.reference === "string" ? entry.answer.reference : "";
  if (reference) body.append(element("p", {}, told.reference(reference)));
  if (entry.reason) body.append(element("p", { class: "outbox-reason" }, entry.reason));
  for (const fault of entry.errors) if (fault.detail !== entry.reason) body.append(element("p", { class: "outbox-reason" }, fault.detail));
  const state = element("span", { class: `status tone-${TONES[entry.state]}` }, icon(ICONS[entry.state]), element("span", {}, label(entry, entries)));
  return element("li", { class: "item", "data-entry": entry.id, "data-state": entry.state }, body, state, element("div", { class: "item-actions" }, ...actions(entry, options)));
}

/** Draws the outbox and keeps it true. */
export function show(options: Options): () => Promise<void> {
  let said = "";
  const status = element("p", { class: "sr-only", role: "status" });
  options.holder.append(status);
  const draw = async (): Promise<void> => {
    const entries = (await list()).filter(options.shows);
    const focused = document.activeElement?.closest<HTMLElement>("[data-entry]")?.dataset.entry;
    options.rows.replaceChildren(...entries.map((entry) => row(entry, entries, options)).reverse());
    options.holder.hidden = !entries.length;
    if (focused) (options.rows.querySelector<HTMLElement>(`[data-entry="${focused}"] :is(a, button)`) ?? options.holder.querySelector<HTMLElement>("h2"))?.focus();
    const words = entries.filter((entry) => entry.state !== "sending").map((entry) => `${entry.title} : ${label(entry, entries)}`).join(". ");
    if (words !== said) status.textContent = said = words;
    options.changed?.(entries);
  };
  onChange(() => void draw());
  addEventListener("online", () => void draw());
  addEventListener("offline", () => void draw());
  void draw();
  return draw;
}
