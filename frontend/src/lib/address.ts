/** Address suggestions: a combobox of the ARIA 1.2 pattern over a plain text field. */
import { all, element, icon, once, one } from "./dom";
import { say } from "./words";

type Suggestion = { label: string; lon: number; lat: number; citycode?: string; score?: number };
const WAIT_MS = 200;
const LEAST = 3;

/** The label with the typed words in bold. */
function marked(label: string, typed: string): (Node | string)[] {
  const words = typed.trim().split(/\s+/).filter((word) => word.length > 1).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!words.length) return [label];
  return label.split(new RegExp(`(${words.join("|")})`, "gi")).map((part, index) => (index % 2 ? element("mark", {}, part) : part));
}

function wire(holder: HTMLElement): void {
  const input = one<HTMLInputElement>(holder, "input[type=text]")!;
  const list = one<HTMLUListElement>(holder, "[role=listbox]")!;
  const status = one(holder, "[data-status]")!;
  const parts = all<HTMLInputElement>(holder, "[data-part]");
  let found: Suggestion[] = [];
  let at = -1;
  let timer = 0;
  let asking: AbortController | null = null;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  input.autocomplete = "off";

  const close = (): void => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const fill = (suggestion: Suggestion | null): void => {
    for (const part of parts) {
      const value = suggestion?.[part.dataset.part as keyof Suggestion];
      part.value = value === undefined || value === null ? "" : String(value);
    }
  };
  const choose = (suggestion: Suggestion): void => {
    input.value = suggestion.label;
    fill(suggestion);
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
    document.dispatchEvent(new CustomEvent("address:chosen", { detail: { ...suggestion, name: input.name } }));
  };
  const point = (index: number): void => {
    at = index;
    [...list.children].forEach((row, position) => row.setAttribute("aria-selected", String(position === index)));
    const row = list.children[index];
    if (row) {
      input.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const show = (): void => {
    list.replaceChildren(
      ...found.map((suggestion, index) => {
        const row = element("li", { role: "option", id: `${list.id}-${index}`, "aria-selected": "false" }, icon("map-pin", "small"), element("span", {}, ...marked(suggestion.label, input.value)));
        row.addEventListener("pointerdown", (event) => event.preventDefault());
        row.addEventListener("click", () => choose(suggestion));
        return row;
      }),
    );
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    at = -1;
    status.textContent = say.addresses(found.length);
  };
  const ask = async (): Promise<void> => {
    asking?.abort();
    asking = new AbortController();
    const url = new URL(holder.dataset.url!, location.href);
    url.searchParams.set("q", input.value.trim());
    try {
      const response = await fetch(url, { signal: asking.signal, headers: { Accept: "application/json" } });
      if (!response.ok) return;
      found = ((await response.json()) as Suggestion[]).slice(0, 8);
      if (document.activeElement === input) show();
    } catch {
      /* aborted, or no network: the text itself is enough */
    }
  };

  input.addEventListener("input", (event) => {
    if (!event.isTrusted) return;
    fill(null);
    clearTimeout(timer);
    if (input.value.trim().length < LEAST) close();
    else timer = window.setTimeout(() => void ask(), WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) {
      if (event.key === "ArrowDown" && input.value.trim().length >= LEAST) void ask();
      return;
    }
    const last = found.length - 1;
    if (event.key === "ArrowDown") point(at >= last ? 0 : at + 1);
    else if (event.key === "ArrowUp") point(at <= 0 ? last : at - 1);
    else if (event.key === "Enter" && at >= 0) choose(found[at]!);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", () => setTimeout(close, 120));
}

export function enhance(root: ParentNode): void {
  once(root, "[data-address]", wire);
}
