/** Reporting without a network: one screen, a draft that survives, an outbox that empties itself. */
import { all, element, icon, once, one } from "../lib/dom";
import { notify } from "../lib/toasts";
import { language, say } from "../lib/words";
import { HERE, forget, latestOnline, load, save } from "./drafts";
import { add, drop, tidy, type Entry, type Upload } from "./outbox";
import { kept, restore } from "./photos";
import { flush, keepSending } from "./sending";
import { show } from "./view";
import { told } from "./words";

type Category = { id: string; label: string; description: string; keywords: string[]; urgent: string };
type Fault = { field: string; detail: string };
const NAMES = ["description", "category", "place", "place_lon", "place_lat", "email", "phone", "name"];

const fold = (text: string): string =>
  text
    .toLowerCase()
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/œ/g, "oe");

class Screen {
  private readonly form: HTMLFormElement;
  private readonly photos: HTMLInputElement;
  private online = "";
  private person = "";
  private uploads: Upload[] = [];
  private reading: Promise<void> = Promise.resolve();
  private timer = 0;
  private tree: Category[] = [];
  /** The entry that is being corrected: it keeps its key. */
  private correcting: Entry | null = null;

  constructor(private readonly holder: HTMLElement) {
    this.form = one<HTMLFormElement>(holder, "[data-offline-form]")!;
    this.photos = one<HTMLInputElement>(this.form, "input[type=file]")!;
    const outbox = one(holder, "[data-outbox]")!;
    show({ holder: outbox, rows: one(outbox, "[data-outbox-list]")!, shows: (entry) => entry.kind === "report", correct: (entry) => void this.correct(entry) });
    this.tellNetwork();
    for (const type of ["online", "offline"]) addEventListener(type, () => this.tellNetwork());
    this.form.addEventListener("input", () => this.touch());
    this.form.addEventListener("change", () => this.touch());
    this.photos.addEventListener("files:change", () => this.readPhotos());
    one(this.form, "textarea")!.addEventListener("input", () => this.suggest());
    one(this.form, "select")!.addEventListener("change", () => this.tellUrgent());
    one(this.form, "[data-locate-me]")!.addEventListener("click", () => this.locate());
    one(this.form, "[data-offline-clear]")!.addEventListener("click", () => void this.clear());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    void this.start();
  }

  private async start(): Promise<void> {
    // The file picker must be listening before photos are put back in it.
    await import("../form-parts").then((parts) => parts.enhance(this.holder));
    await tidy().catch(() => undefined);
    const [here, online] = await Promise.all([load(HERE), latestOnline()]).catch(() => [null, null]);
    const draft = here && online ? (here.at > online.at ? here : online) : here ?? online;
    if (draft) {
      this.fill(draft.values, draft.files);
      this.online = draft.online;
      notify(told.restored, "info");
    }
    keepSending();
    void this.loadTree();
    void this.loadMe();
    this.holder.dataset.ready = "";
  }

  private tellNetwork(): void {
    one(this.holder, "[data-network]")!.replaceChildren(icon(navigator.onLine ? "wifi" : "wifi-off", "small"), ` ${navigator.onLine ? told.online : told.offline}`);
  }

  private async loadTree(): Promise<void> {
    try {
      const { groups } = (await (await fetch(this.holder.dataset.tree!)).json()) as { groups: { categories: Category[] }[] };
      this.tree = groups.flatMap((group) => group.categories);
      this.suggest();
      this.tellUrgent();
    } catch {
      /* the list of the page is enough */
    }
  }

  /** Whose it is, when somebody is signed in: it goes to their own requests. */
  private async loadMe(): Promise<void> {
    try {
      const { person, contact } = (await (await fetch(this.holder.dataset.me!, { headers: { Accept: "application/json" } })).json()) as { person: string; contact: Record<string, string> };
      this.person = person;
      for (const [name, value] of Object.entries(contact)) {
        const control = this.control(name);
        if (control && !control.value) control.value = value;
      }
    } catch {
      /* nobody, then: the private link is enough */
    }
  }

  private control(name: string): HTMLInputElement | null {
    return this.form.elements.namedItem(name) as HTMLInputElement | null;
  }

  private values(): Record<string, string> {
    return Object.fromEntries(NAMES.map((name) => [name, this.control(name)?.value.trim() ?? ""]));
  }

  private fill(values: Record<string, string>, files: Upload[]): void {
    for (const name of NAMES) {
      const control = this.control(name);
      if (control) control.value = values[name] ?? "";
    }
    if (values.email || values.phone || values.name) one<HTMLDetailsElement>(this.form, "details:has([name=email])")?.setAttribute("open", "");
    this.uploads = files;
    if (files.length || this.photos.files?.length) restore(this.photos, files);
    this.tellUrgent();
  }

  private readPhotos(): void {
    const files = [...(this.photos.files ?? [])];
    this.reading = kept("photos", files).then((uploads) => {
      this.uploads = uploads;
    });
    this.touch();
  }

  private touch(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.keep(), 300);
  }

  private async keep(): Promise<void> {
    clearTimeout(this.timer);
    await this.reading;
    if (this.correcting) return; // kept in the outbox already
    const values = this.values();
    if (!values.description && !values.place && !values.place_lon && !values.category && !this.uploads.length) return;
    await save({ id: HERE, values, files: this.uploads, online: this.online }).catch(() => notify(told.keepFailed, "danger"));
  }

  private suggest(): void {
    const box = one(this.form, "[data-suggested]")!;
    const words = new Set(fold(this.control("description")!.value).split(/[^a-z0-9]+/).filter((word) => word.length > 3).map((word) => word.replace(/[sx]$/, "")));
    const ranked = this.tree
      .map((category) => {
        const known = fold([category.label, category.label, ...category.keywords, category.description].join(" ")).split(/[^a-z0-9]+/);
        return { category, score: known.filter((word) => words.has(word.replace(/[sx]$/, ""))).length };
      })
      .filter(({ score }) => score > 0)
      .sort((first, second) => second.score - first.score)
      .slice(0, 3);
    box.hidden = !ranked.length;
    box.replaceChildren(
      ...(ranked.length ? [element("span", { class: "muted" }, told.suggested)] : []),
      ...ranked.map(({ category }) => {
        const choice = element("button", { type: "button", class: "btn btn-secondary btn-small" }, category.label);
        choice.addEventListener("click", () => {
          this.control("category")!.value = category.id;
          this.tellUrgent();
          this.touch();
        });
        return choice;
      }),
    );
  }

  private tellUrgent(): void {
    const urgent = this.tree.find((category) => category.id === this.control("category")?.value)?.urgent ?? "";
    const line = one(this.form, "[data-urgent]")!;
    line.hidden = !urgent;
    line.textContent = urgent;
  }

  private locate(): void {
    const status = one(this.form, "[data-located]")!;
    status.textContent = say.locating;
    if (!navigator.geolocation) return void (status.textContent = say.locateDenied);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        this.control("place_lon")!.value = coords.longitude.toFixed(6);
        this.control("place_lat")!.value = coords.latitude.toFixed(6);
        status.textContent = told.located(Math.round(coords.accuracy).toLocaleString(language));
        this.touch();
      },
      () => (status.textContent = say.locateDenied),
      { enableHighAccuracy: true, timeout: 20_000, maximumAge: 60_000 },
    );
  }

  private faults(values: Record<string, string>): Fault[] {
    const found: Fault[] = [];
    if (!values.description && !this.uploads.length) found.push({ field: "description", detail: told.needWords });
    if (!values.category) found.push({ field: "category", detail: told.needCategory });
    // A photo may hold its own position: the server reads it.
    if (!values.place && !values.place_lon && !this.uploads.length) found.push({ field: "place", detail: told.needPlace });
    return found;
  }

  private tellFaults(faults: Fault[]): void {
    for (const old of all(this.form, ".error[data-offline-error]")) old.remove();
    for (const field of all(this.form, ".has-error")) field.classList.remove("has-error");
    const holder = one(this.form, "[data-offline-errors]")!;
    if (!faults.length) return holder.replaceChildren();
    const lines = faults.map(({ field, detail }) => {
      const control = this.control(field) ?? (field === "photos" ? this.photos : null);
      const box = control?.closest<HTMLElement>(".field");
      if (control && box) {
        const error = element("div", { class: "error", id: `${field}-fault`, "data-offline-error": true }, element("p", {}, icon("circle-alert", "small"), element("span", {}, detail)));
        box.classList.add("has-error");
        (one(box, ".label") ?? box.firstElementChild!).after(error);
        control.setAttribute("aria-describedby", error.id);
      }
      return element("li", {}, control?.id ? element("a", { href: `#${control.id}` }, detail) : detail);
    });
    const summary = element(
      "div",
      { class: "error-summary", role: "alert", tabindex: "-1", "aria-labelledby": "faults-title", "data-error-summary": true },
      element("h3", { id: "faults-title" }, icon("circle-alert"), told.errorTitle(faults.length)),
      element("ul", {}, ...lines),
    );
    holder.replaceChildren(summary);
    summary.focus();
  }

  private async submit(): Promise<void> {
    await this.reading;
    const values = this.values();
    const faults = this.faults(values);
    this.tellFaults(faults);
    if (faults.length) return;
    const select = this.control("category") as unknown as HTMLSelectElement;
    const fields = Object.entries(values).filter(([, value]) => value) as [string, string][];
    if (this.person) fields.push(["personne", this.person]);
    if (this.online) fields.push(["brouillon", this.online]);
    try {
      // Refused before, it opened nothing: the same key says so, and the former entry is replaced.
      await add({
        ...(this.correcting ? { id: this.correcting.id } : {}),
        kind: "report",
        url: this.holder.dataset.send!,
        fields,
        files: this.uploads,
        title: select.selectedOptions[0]?.textContent ?? told.report,
        detail: [values.place, this.uploads.length ? told.photos(this.uploads.length) : ""].filter(Boolean).join(" · "),
      });
    } catch {
      return notify(told.keepFailed, "danger");
    }
    this.correcting = null;
    await this.empty();
    notify(told.kept, "success");
    one(this.holder, "#envois-titre")?.focus();
    if (navigator.onLine) void flush(true);
  }

  private async correct(entry: Entry): Promise<void> {
    await this.empty();
    this.correcting = entry;
    const values = Object.fromEntries(entry.fields);
    this.online = values.brouillon ?? "";
    this.uploads = entry.files;
    this.fill(values, entry.files);
    this.tellFaults(entry.errors.length ? entry.errors : [{ field: "", detail: entry.reason }]);
  }

  private async empty(): Promise<void> {
    clearTimeout(this.timer);
    await this.reading;
    const online = this.online;
    this.online = "";
    this.form.reset();
    for (const name of NAMES) this.control(name)!.value = "";
    this.uploads = [];
    if (this.photos.files?.length) restore(this.photos, []);
    await this.reading;
    clearTimeout(this.timer);
    this.tellFaults([]);
    one(this.form, "[data-located]")!.textContent = "";
    one(this.form, "[data-suggested]")!.hidden = true;
    this.tellUrgent();
    await Promise.all([forget(HERE), online ? forget(`online:${online}`) : null]).catch(() => undefined);
  }

  private async clear(): Promise<void> {
    if (this.correcting) await drop(this.correcting.id);
    this.correcting = null;
    await this.empty();
    one(this.form, "textarea")!.focus();
  }
}

export function enhance(root: ParentNode): void {
  once(root, "[data-offline-report]", (holder) => void new Screen(holder));
}
