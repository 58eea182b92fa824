/**
 * Questions that depend on other answers, shown and hidden as one types. The server decides again on reception.
 *
 * `data-visible-when` is the condition's tree, `data-known` the answers of other pages that it reads. A place
 * answers `name.label` and `name.citycode`, files `name.count`.
 */
import { all, one } from "./dom";
import { holds, type Tree } from "./expressions";

const NUMBERS = new Set(["integer", "number", "decimal"]);

/** Only the server knows, as the commune of an address typed without choosing a suggestion. */
const UNKNOWN = Symbol("unknown");

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
    const chosen = all<HTMLInputElement>(field, "input[type=file]").reduce((sum, input) => sum + (input.files?.length ?? 0), 0);
    const kept = all(field, ".files:not([data-files-list]) > .file").length - all(field, 'input[name$="_remove"]:checked').length;
    return { count: chosen + kept };
  }
  if (kind === "address" || kind === "map_point") {
    const label = one<HTMLInputElement>(field, "input[type=text], input:not([type])")?.value.trim() ?? "";
    const [lon, citycode] = ["lon", "citycode"].map((part) => one<HTMLInputElement>(field, `[data-part=${part}]`)?.value ?? "");
    if (!label && !lon) return null;
    return { label: label || null, citycode: citycode || UNKNOWN };
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

/** Whether a tree reads something that only the server knows. */
function isUnsure(tree: readonly unknown[], values: Record<string, unknown>): boolean {
  if (tree[0] === "name") {
    const [name, part] = (tree[1] as string).split(".");
    return part !== undefined && (values[name!] as Record<string, unknown> | null | undefined)?.[part] === UNKNOWN;
  }
  return tree.some((each) => Array.isArray(each) && isUnsure(each, values));
}

function wire(form: HTMLElement): void {
  if ("conditions" in form.dataset) return;
  form.dataset.conditions = "";
  const today = new Date().toLocaleDateString("sv-SE", { timeZone: "Europe/Paris" });
  const update = (): void => {
    // A field hidden by one condition has no answer for the next: a few rounds settle chains; packs forbid circles.
    for (let round = 0; round < 8; round += 1) {
      const values: Record<string, unknown> = {};
      for (const field of all(form, "[data-field]")) values[field.dataset.field!] = field.closest("[hidden]") ? null : answer(field);
      let changed = false;
      for (const field of all(form, "[data-visible-when]")) {
        const before = field.hidden;
        try {
          const tree = JSON.parse(field.dataset.visibleWhen!) as Tree;
          const known = JSON.parse(field.dataset.known ?? "{}") as Record<string, unknown>;
          // Rather one question too many than one that cannot be reached.
          show(field, isUnsure(tree, values) || holds(tree, { ...values, ...known }, today));
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
