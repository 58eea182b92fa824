/** The agent's round on a phone: kept on the device, with acts that wait in the outbox for the network. */
import { all, element, icon, once, one } from "../lib/dom";
import { openDialog } from "../lib/chrome";
import { notify } from "../lib/toasts";
import { language, say } from "../lib/words";
import { add, list, pending, tidy, type Entry } from "./outbox";
import { kept, restore } from "./photos";
import { flush, keepSending } from "./sending";
import { show } from "./view";
import { told } from "./words";

type Stop = {
  reference: string;
  version: number;
  definition: string;
  state: string;
  state_label: string;
  title: string;
  category: string;
  icon: string;
  description: string;
  address: string;
  lon: number | null;
  lat: number | null;
  mine: boolean;
  due: string | null;
  href: string;
  photos: string[];
  interventions: { id: number; reference: string; title: string; instructions: string; planned_for: string | null }[];
};
type Transition = { id: string; label: string; from: string[]; to: string; needs: string[] };
type Workflow = { states: Record<string, { label: string; open: boolean }>; transitions: Transition[] };
type Round = { at: string; stops: Stop[]; workflows: Record<string, Workflow> };

const fieldOf = (entry: Entry, name: string): string => entry.fields.find(([key]) => key === name)?.[1] ?? "";

class Field {
  private round: Round = { at: "", stops: [], workflows: {} };
  private entries: Entry[] = [];
  private readonly owner: string;
  private readonly report: HTMLFormElement;
  private current: Stop | null = null;
  private arrived = 0;

  constructor(private readonly holder: HTMLElement) {
    this.owner = holder.dataset.owner!;
    this.report = one<HTMLFormElement>(holder, "[data-report-form]")!;
    this.registerWorker();
    const outbox = one(holder, "[data-outbox]")!;
    show({
      holder: outbox,
      rows: one(outbox, "[data-outbox-list]")!,
      shows: (entry) => entry.kind === "act" && entry.owner === this.owner,
      changed: (entries) => {
        this.entries = entries;
        this.draw();
        const done = entries.filter((entry) => !pending(entry)).length;
        if (done > this.arrived && navigator.onLine) void this.load();
        this.arrived = done;
      },
    });
    for (const type of ["online", "offline"])
      addEventListener(type, () => {
        this.tellNetwork();
        if (type === "online") void this.load();
      });
    this.report.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.sendReport();
    });
    one(this.report, "[name=suite]")!.addEventListener("change", () => this.needs());
    this.wireNew();
    void this.start();
  }

  private async start(): Promise<void> {
    await import("../form-parts").then((parts) => parts.enhance(this.holder));
    await tidy().catch(() => undefined);
    this.tellNetwork();
    await this.load();
    keepSending();
    this.holder.dataset.ready = "";
    if (navigator.onLine) void this.takeAlong();
  }

  private registerWorker(): void {
    const { sw, static: base } = this.holder.dataset;
    if (!sw || !("serviceWorker" in navigator) || !isSecureContext) return;
    navigator.serviceWorker.register(`${sw}?static=${encodeURIComponent(base ?? "")}`, { scope: "/" }).catch(() => undefined);
  }

  /** What the round needs later: this page, its files, the map, small photos. */
  private async takeAlong(): Promise<void> {
    if (!("serviceWorker" in navigator) || !("caches" in window)) return;
    await navigator.serviceWorker.ready;
    const cache = await caches.open("private-field");
    const files = performance
      .getEntriesByType("resource")
      .map(({ name }) => name)
      .filter((name) => name.startsWith(new URL(this.holder.dataset.static!, location.href).href));
    const map = [MAP_CSS, MAP_WORKER].map((name) => new URL(name, import.meta.url).href);
    await import("../map").catch(() => undefined);
    const pages = [location.pathname, this.holder.dataset.round!, this.holder.dataset.round!.replace(/json$/, "geojson")];
    await Promise.allSettled([...new Set([...files, ...map, ...pages])].map((url) => cache.add(url)));
    await Promise.allSettled(this.round.stops.flatMap((stop) => stop.photos).map(async (url) => {
      const answer = await fetch(url);
      if (answer.ok) await cache.put(new URL(url, location.href).pathname, answer);
    }));
    this.holder.dataset.kept = "";
  }

  private tellNetwork(): void {
    const at = this.round.at ? ` · ${new Date(this.round.at).toLocaleTimeString(language, { timeStyle: "short" })}` : "";
    one(this.holder, "[data-network]")!.replaceChildren(icon(navigator.onLine ? "wifi" : "wifi-off", "small"), ` ${navigator.onLine ? told.online : told.offline}${at}`);
  }

  private async load(): Promise<void> {
    try {
      const answer = await fetch(this.holder.dataset.round!, { headers: { Accept: "application/json" }, redirect: "manual" });
      if (!answer.ok) return;
      this.round = (await answer.json()) as Round;
    } catch {
      return; // what the page shows is what is known
    }
    this.entries = (await list()).filter((entry) => entry.kind === "act" && entry.owner === this.owner);
    this.tellNetwork();
    this.draw();
  }

  /** The case as it will be once what waits has been sent. */
  private expected(stop: Stop): { state: string; mine: boolean; busy: boolean } {
    let { state, mine } = stop;
    let busy = false;
    for (const entry of this.entries) {
      if (entry.subject !== stop.reference || entry.state === "refused" || entry.state === "conflict") continue;
      if (entry.state === "sent" && (entry.answer?.version as number) <= stop.version) continue;
      busy ||= pending(entry);
      if (fieldOf(entry, "genre") === "prise") mine = true;
      const next = this.workflow(stop)?.transitions.find((each) => each.id === fieldOf(entry, "suite"));
      if (next?.from.includes(state)) state = next.to;
    }
    return { state, mine, busy };
  }

  private workflow(stop: Stop): Workflow | undefined {
    return this.round.workflows[stop.definition];
  }

  private draw(): void {
    if (!this.round.at) return;
    const rows = one(this.holder, "[data-stops]")!;
    const opened = new Set(all<HTMLDetailsElement>(rows, "details[open]").map((details) => details.dataset.stop));
    const focused = document.activeElement?.closest<HTMLElement>("[data-stop]")?.dataset.stop;
    const shown = this.round.stops.filter((stop) => this.workflow(stop)?.states[this.expected(stop).state]?.open !== false);
    rows.replaceChildren(...shown.map((stop) => this.row(stop, opened.has(stop.reference))));
    one(this.holder, "[data-empty]")!.hidden = shown.length > 0;
    if (focused) (rows.querySelector<HTMLElement>(`[data-stop="${focused}"] summary`) ?? one(this.holder, "#tournee-titre"))?.focus();
  }

  private row(stop: Stop, open: boolean): HTMLElement {
    const { state, mine, busy } = this.expected(stop);
    const label = this.workflow(stop)?.states[state]?.label ?? stop.state_label;
    const due = stop.due ? new Date(stop.due) : null;
    const lines: (Node | string)[] = [];
    if (stop.description) lines.push(element("p", {}, stop.description));
    for (const each of stop.interventions) lines.push(element("p", {}, element("strong", {}, `${each.reference} · ${each.title}`), each.instructions ? ` – ${each.instructions}` : ""));
    if (stop.photos.length) lines.push(element("div", { class: "stop-photos" }, ...stop.photos.map((src) => element("img", { src, alt: "", loading: "lazy", width: "96", height: "96" }))));
    const actions = element("div", { class: "btns stop-actions" });
    const button = (text: string, name: string, kind: string, act: () => void): void => {
      const node = element("button", { type: "button", class: `btn btn-${kind}` }, icon(name), element("span", {}, text));
      node.addEventListener("click", act);
      actions.append(node);
    };
    if (!mine) button(told.take, "hand-helping", "secondary", () => void this.take(stop));
    button(told.write, "clipboard-check", "primary", () => this.open(stop));
    if (stop.lon !== null) actions.append(element("a", { class: "btn btn-quiet", href: `geo:${stop.lat},${stop.lon}?q=${stop.lat},${stop.lon}` }, icon("navigation"), element("span", {}, told.route)));
    actions.append(element("a", { class: "btn btn-quiet", href: stop.href }, icon("external-link"), element("span", {}, told.whole)));
    const summary = element(
      "summary",
      {},
      element("span", { class: "stop-title" }, stop.title),
      element("span", { class: "muted" }, [stop.reference, label, mine ? told.mine : "", due ? told.due(due.toLocaleDateString(language)) : "", busy ? told.states.waiting : ""].filter(Boolean).join(" · ")),
    );
    const details = element("details", { class: "stop", "data-stop": stop.reference, open }, summary, element("div", { class: "stack" }, ...lines, actions));
    return element("li", { class: "item", "data-feature": stop.reference }, details);
  }

  private async queue(stop: Stop, fields: [string, string][], files: Awaited<ReturnType<typeof kept>>, title: string): Promise<boolean> {
    // Upon what its own acts will make of it: the answer of each gives the next its version.
    const version = Math.max(stop.version, ...this.entries.filter((entry) => entry.subject === stop.reference && entry.state === "sent").map((entry) => Number(entry.answer?.version ?? 0)));
    try {
      await add({ kind: "act", owner: this.owner, url: this.holder.dataset.act!, fields: [["reference", stop.reference], ...fields], files, title, detail: `${stop.reference} · ${stop.title}`, subject: stop.reference, version });
    } catch {
      notify(told.keepFailed, "danger");
      return false;
    }
    notify(told.kept, "success");
    if (navigator.onLine) void flush(true);
    return true;
  }

  private async take(stop: Stop): Promise<void> {
    await this.queue(stop, [["genre", "prise"]], [], told.take);
  }

  private open(stop: Stop): void {
    this.current = stop;
    this.report.reset();
    for (const input of all<HTMLInputElement>(this.report, "input[type=file]")) restore(input, []);
    one(this.report, "[data-form-errors]")!.replaceChildren();
    one(this.holder, "[data-report-of]")!.textContent = `${stop.reference} · ${stop.title}`;
    const orders = one<HTMLSelectElement>(this.report, "[name=ordre]")!;
    orders.replaceChildren(orders.options[0]!, ...stop.interventions.map((each) => new Option(`${each.reference} · ${each.title}`, String(each.id))));
    orders.selectedIndex = stop.interventions.length ? 1 : 0;
    one(this.report, "[data-order]")!.hidden = !stop.interventions.length;
    const select = one<HTMLSelectElement>(this.report, "[name=suite]")!;
    const { state } = this.expected(stop);
    const next = this.workflow(stop)?.transitions.filter((each) => each.from.includes(state) && !each.needs.includes("reason")) ?? [];
    select.replaceChildren(select.options[0]!, ...next.map((each) => new Option(each.label, each.id)));
    this.needs();
    openDialog("rapport");
  }

  private chosen(): Transition | undefined {
    const id = one<HTMLSelectElement>(this.report, "[name=suite]")!.value;
    return this.current ? this.workflow(this.current)?.transitions.find((each) => each.id === id) : undefined;
  }

  private needs(): void {
    one(this.report, "[name=message]")!.closest<HTMLElement>(".field")!.hidden = !this.chosen();
  }

  private async sendReport(): Promise<void> {
    const stop = this.current;
    if (!stop) return;
    const data = new FormData(this.report);
    const fields: [string, string][] = [["genre", "rapport"]];
    for (const name of ["rapport", "minutes", "pieces", "ordre", "suite", "message"]) {
      const value = String(data.get(name) ?? "").trim();
      if (value && (name !== "message" || this.chosen())) fields.push([name, value]);
    }
    const files = (await Promise.all(["avant", "apres"].map((name) => kept(name, one<HTMLInputElement>(this.report, `input[name=${name}]`)!.files ?? [])))).flat();
    if (fields.length === 1 && !files.length) return this.fault(this.report, told.needReport);
    if (this.chosen()?.needs.includes("message") && !fields.some(([name]) => name === "message")) return this.fault(this.report, told.needMessage);
    if (await this.queue(stop, fields, files, this.chosen()?.label ?? told.write)) one<HTMLDialogElement>(document, "dialog#rapport")!.close();
  }

  private fault(form: HTMLFormElement, text: string): void {
    const summary = element("div", { class: "error-summary", role: "alert", tabindex: "-1" }, element("p", {}, icon("circle-alert"), " ", text));
    one(form, "[data-form-errors]")!.replaceChildren(summary);
    summary.focus();
  }

  private wireNew(): void {
    const form = one<HTMLFormElement>(this.holder, "[data-new-form]");
    if (!form) return;
    const part = (name: string): HTMLInputElement => form.elements.namedItem(name) as HTMLInputElement;
    const status = one(form, "[data-located]")!;
    one(this.holder, "[data-new]")!.addEventListener("click", () => openDialog("nouveau"));
    one(form, "[data-locate-me]")!.addEventListener("click", () => {
      status.textContent = say.locating;
      navigator.geolocation?.getCurrentPosition(
        ({ coords }) => {
          part("place_lon").value = coords.longitude.toFixed(6);
          part("place_lat").value = coords.latitude.toFixed(6);
          status.textContent = told.located(Math.round(coords.accuracy).toLocaleString(language));
        },
        () => (status.textContent = say.locateDenied),
        { enableHighAccuracy: true, timeout: 20_000 },
      );
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void (async () => {
        const data = new FormData(form);
        const fields = [...data.entries()].filter((pair): pair is [string, string] => typeof pair[1] === "string" && pair[1].trim() !== "" && !/csrf/.test(pair[0]));
        const files = await kept("photos", one<HTMLInputElement>(form, "input[type=file]")!.files ?? []);
        const has = (name: string): boolean => fields.some(([key]) => key === name);
        if (!has("category")) return this.fault(form, told.needCategory);
        if (!has("description") && !files.length) return this.fault(form, told.needWords);
        if (!has("place") && !has("place_lon") && !files.length) return this.fault(form, told.needPlace);
        const select = one<HTMLSelectElement>(form, "select")!;
        try {
          await add({ kind: "act", owner: this.owner, url: this.holder.dataset.create!, fields, files, title: `${told.created} : ${select.selectedOptions[0]?.textContent ?? ""}` });
        } catch {
          return notify(told.keepFailed, "danger");
        }
        form.reset();
        for (const name of ["place_lon", "place_lat"]) part(name).value = "";
        restore(one<HTMLInputElement>(form, "input[type=file]")!, []);
        status.textContent = "";
        one<HTMLDialogElement>(document, "dialog#nouveau")!.close();
        notify(told.kept, "success");
        if (navigator.onLine) void flush(true);
      })();
    });
  }
}

export function enhance(root: ParentNode): void {
  once(root, "[data-field-app]", (holder) => void new Field(holder));
}
