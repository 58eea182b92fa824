/** Questions that depend on other answers, shown and hidden as one types. The server decides again on reception. */
import { all, one } from "./dom";
import { holds, type Tree } from "./expressions";

const NUMBERS = new Set(["integer", "number", "decimal"]);

/** The answer of one field, typed as the server types it; null when there is none. */
function answer(field: HTMLElement): unknown {
  const kind = [...field.classList].find((name) => name.startsWith("field-"))?.slice(6) ?? "text";
  if (kind === "checkbox") return one<HTMLInputElement>(field, "input[type=checkbox]")?.checked ?? false;
  if (kind === "checkboxes") return all<HTMLInputElement>(field, "input:checked").map((box) => box.value);
  if (kind === "radios" || kind === "choice_cards") {
    const value = one<HTMLInputElement>(field, "input:checked")?.value;
    return value === undefined ? null : value === "true" ? true : value === "false" ? false : value;
  }
  if (kind === "date_parts") {
    const [day, month, year] = ["day", "month", "year"].map((part) => one<HTMLInputElement>(field, `input[name$="_${part}"]`)?.value.trim() ?? "");
    return day && month && year ? `${year!.padStart(4, "0")}-${month.padStart(2, "0")}-${day.padStart(2, "0")}` : null;
  }
  if (kind === "file" || kind === "files") {
    const names = all<HTMLInputElement>(field, "input[type=file]").flatMap((input) => [...(input.files ?? [])].map((file) => file.name));
    return names.length ? names : null;
  }
  const text = one<HTMLInputElement>(field, "input:not([type=hidden]), select, textarea")?.value.trim() ?? "";
  if (!text) return null;
  if (NUMBERS.has(kind)) {
    const number = Number(text.replace(/[\s\u00a0\u202f]/g, "").replace(",", "."));
    return Number.isFinite(number) ? number : null;
  }
  return text;
}

function show(field: HTMLElement, visible: boolean): void {
  if (field.hidden === !visible) return;
  field.hidden = !visible;
  // A hidden question is not answered: its controls must not be sent.
  for (const control of all<HTMLInputElement>(field, "input, select, textarea"))
    if (!visible) {
      if (!control.disabled) control.dataset.wasOn = "";
      control.disabled = true;
    } else if ("wasOn" in control.dataset) {
      delete control.dataset.wasOn;
      control.disabled = false;
    }
}

function wire(form: HTMLElement): void {
  if ("conditions" in form.dataset) return;
  form.dataset.conditions = "";
  // Answers given on earlier pages of the same form.
  const earlier = JSON.parse(form.dataset.values ?? "{}") as Record<string, unknown>;
  const today = new Date().toLocaleDateString("sv-SE", { timeZone: "Europe/Paris" });
  const update = (): void => {
    // A field hidden by one condition has no answer for the next: a few rounds settle chains; packs forbid circles.
    for (let round = 0; round < 8; round += 1) {
      const values: Record<string, unknown> = { ...earlier };
      for (const field of all(form, "[data-field]")) values[field.dataset.field!] = field.closest("[hidden]") ? null : answer(field);
      let changed = false;
      for (const field of all(form, "[data-visible-when]")) {
        const before = field.hidden;
        try {
          show(field, holds(JSON.parse(field.dataset.visibleWhen!) as Tree, values, today));
        } catch {
          show(field, true); // a condition the browser cannot read never hides a question
        }
        changed ||= field.hidden !== before;
      }
      if (!changed) break;
    }
  };
  form.addEventListener("input", update);
  form.addEventListener("change", update);
  update();
}

export function enhance(root: ParentNode): void {
  for (const field of all(root, "[data-visible-when]")) wire(field.closest("form") ?? document.body);
}
