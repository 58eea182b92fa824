/** Answers kept on the device while a long form is being filled, for a week at most. */
import { all, element, once, storage } from "./dom";
import { DRAFT } from "./forms";
import { say } from "./words";

const WEEK_MS = 7 * 86_400_000;
const LAST = "last-draft";
type Draft = { at: number; values: [string, string][] };
type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const keeps = (control: Control): boolean =>
  !!control.name &&
  !["password", "file", "submit", "button"].includes(control.type) &&
  (control.type !== "hidden" || "part" in control.dataset) &&
  !/csrf|card|iban|password|credential/i.test(control.name) &&
  control.autocomplete !== "one-time-code";

const controls = (form: HTMLFormElement): Control[] => ([...form.elements] as Control[]).filter(keeps);

const checkable = (control: Control): control is HTMLInputElement => control.type === "checkbox" || control.type === "radio";

function read(form: HTMLFormElement): [string, string][] {
  return controls(form)
    .filter((control) => (checkable(control) ? control.checked : control.value !== ""))
    .map((control) => [control.name, control.value]);
}

function write(form: HTMLFormElement, values: [string, string][]): void {
  for (const control of controls(form)) {
    const given = values.filter(([name]) => name === control.name).map(([, value]) => value);
    if (checkable(control)) control.checked = given.includes(control.value);
    else if (given[0] !== undefined) control.value = given[0];
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function wire(form: HTMLFormElement): void {
  const key = DRAFT + form.dataset.autosave;
  const stored = storage.get(key);
  const draft = stored ? (JSON.parse(stored) as Draft) : null;
  const answered = read(form).length > 0 || form.querySelector("[data-error-summary], .has-error") !== null;
  if (draft && Date.now() - draft.at > WEEK_MS) storage.remove(key);
  else if (draft && draft.values.length && !answered) {
    write(form, draft.values);
    const forget = element("button", { type: "button", class: "btn btn-link" }, say.draftForget);
    const note = element("p", { "data-autosave-note": true, role: "status" }, say.draftFound, forget);
    forget.addEventListener("click", () => {
      storage.remove(key);
      form.reset();
      form.dispatchEvent(new Event("change", { bubbles: true }));
      note.remove();
      form.querySelector<HTMLElement>(".input, .option-input")?.focus();
    });
    form.prepend(note);
  }
  let timer = 0;
  const save = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => storage.set(key, JSON.stringify({ at: Date.now(), values: read(form) } satisfies Draft)), 400);
  };
  form.addEventListener("input", save);
  form.addEventListener("change", save);
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    storage.set(key, JSON.stringify({ at: Date.now(), values: read(form) } satisfies Draft));
    sessionStorage.setItem(LAST, form.dataset.autosave!);
  });
}

export function enhance(root: ParentNode): void {
  const forms = all<HTMLFormElement>(root, "form[data-autosave]");
  // The next question has arrived: the former one was accepted by the server, which keeps it from now on.
  const last = sessionStorage.getItem(LAST);
  if (last && forms.length && !forms.some((form) => form.dataset.autosave === last)) {
    storage.remove(DRAFT + last);
    sessionStorage.removeItem(LAST);
  }
  once<HTMLFormElement>(root, "form[data-autosave]", wire);
}
