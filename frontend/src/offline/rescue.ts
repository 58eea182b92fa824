/**
 * The report with a network, kept on the device as it is typed: when the network goes, the offline screen has it all.
 * The server keeps its own copy; this one goes as soon as the report is sent.
 */
import { all, one } from "../lib/dom";
import * as db from "./db";
import type { Draft } from "./drafts";
import { kept } from "./photos";

const OFFLINE = "/signaler/hors-ligne";
const STEP = /^\/signaler\/([0-9a-f-]{36})\/([a-z]+)$/;
/** Names of the usual form → of the offline one. */
const NAMES: Record<string, string> = { place_text: "place" };
const KEPT = ["description", "category", "place_text", "place_lon", "place_lat", "email", "phone", "name"];

async function keep(id: string, form: HTMLFormElement): Promise<void> {
  const data = new FormData(form);
  const values: Record<string, string> = {};
  for (const name of KEPT) {
    const value = data.get(name);
    if (typeof value === "string" && value.trim()) values[NAMES[name] ?? name] = value.trim();
  }
  const chosen = all<HTMLInputElement>(form, "input[type=file]").flatMap((input) => [...(input.files ?? [])]);
  const files = await kept("photos", chosen);
  const key = `online:${id}`;
  const before = await db.get<Draft>("drafts", key);
  await db.put<Draft>("drafts", {
    id: key,
    at: Date.now(),
    online: id,
    values: { ...before?.values, ...values },
    files: files.length ? files : before?.files ?? [],
  });
}

export function enhance(): void {
  const [, id, step] = STEP.exec(location.pathname) ?? [];
  if (!id || !step) return;
  if (step === "confirmation") {
    void db.remove("drafts", `online:${id}`).catch(() => undefined);
    return;
  }
  const form = one<HTMLFormElement>(document, "main form[method=post]");
  if (!form || form.dataset.rescued) return;
  form.dataset.rescued = "";
  let timer = 0;
  const touch = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void keep(id, form).catch(() => undefined), 400);
  };
  for (const type of ["input", "change", "files:change"]) form.addEventListener(type, touch);
  // Before any other listener, when there is no network: sending would only lose the page.
  form.addEventListener(
    "submit",
    (event) => {
      clearTimeout(timer);
      const saved = keep(id, form).catch(() => undefined);
      if (navigator.onLine) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      void saved.then(() => location.assign(OFFLINE));
    },
    { capture: true },
  );
  // The sending of photos was cut.
  form.addEventListener("upload:failed", (event) => {
    event.preventDefault();
    void keep(id, form)
      .catch(() => undefined)
      .then(() => location.assign(OFFLINE));
  });
  void keep(id, form).catch(() => undefined);
}
