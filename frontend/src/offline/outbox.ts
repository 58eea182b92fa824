/** What waits to be sent: kept through a browser that is killed, each with a key made here, once. */
import { storage } from "../lib/dom";
import * as db from "./db";

export type Upload = { field: string; name: string; type: string; data: ArrayBuffer };

/** `signin`: the session is over, it leaves once its author is back. `conflict`: somebody changed the case meanwhile. */
export type State = "waiting" | "sending" | "sent" | "refused" | "conflict" | "signin";

export type Entry = {
  /** The idempotency key: the server does once what carries it. */
  id: string;
  kind: "report" | "act";
  /** Who may send it: empty, or the agent's own number. */
  owner: string;
  url: string;
  fields: [string, string][];
  files: Upload[];
  title: string;
  detail: string;
  at: number;
  state: State;
  attempts: number;
  /** Not tried again before this instant. */
  next: number;
  reason: string;
  errors: { field: string; detail: string }[];
  answer: Record<string, unknown> | null;
  /** Acts on one case are sent in order, each upon the version the one before left. */
  subject: string;
  version: number | null;
};

export type New = Pick<Entry, "kind" | "url" | "fields" | "files" | "title"> & Partial<Pick<Entry, "id" | "owner" | "detail" | "subject" | "version">>;

const DAY_MS = 86_400_000;
const KEPT_MS = { report: 30 * DAY_MS, act: DAY_MS };
export const SYNC = "outbox";

const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("outbox") : null;
const listeners = new Set<() => void>();

/** Calls back when the outbox changes, here or in another tab. */
export function onChange(listener: () => void): void {
  listeners.add(listener);
}
channel?.addEventListener("message", () => listeners.forEach((listener) => listener()));

export function changed(): void {
  channel?.postMessage(1);
  listeners.forEach((listener) => listener());
}

export const newKey = (): string => {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};

/** The oldest first. */
export async function list(): Promise<Entry[]> {
  return (await db.all<Entry>("outbox")).sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
}

export const pending = (entry: Entry): boolean => entry.state !== "sent";

/** Keeps something to send. It is on the disk when this ends; the browser is asked to send it even when no page is open. */
export async function add(given: New): Promise<Entry> {
  const entry: Entry = {
    id: newKey(),
    owner: "",
    detail: "",
    subject: "",
    version: null,
    at: Date.now(),
    state: "waiting",
    attempts: 0,
    next: 0,
    reason: "",
    errors: [],
    answer: null,
    ...given,
  };
  await db.put("outbox", entry);
  storage.set("outbox", "1"); // every page looks after what waits
  changed();
  navigator.storage?.persist?.().catch(() => undefined);
  await askSync();
  return entry;
}

/** Background Sync, where there is one: the service worker is woken when the network is back. */
export async function askSync(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.getRegistration().catch(() => undefined);
  const sync = (registration as (ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } }) | undefined)?.sync;
  await sync?.register(SYNC).catch(() => undefined);
}

/** Throws an entry away; not while it is being sent. */
export async function drop(id: string): Promise<void> {
  const entry = await db.get<Entry>("outbox", id);
  if (!entry || entry.state === "sending") return;
  await db.remove("outbox", id);
  changed();
}

/** Tries again as soon as possible; `version`: upon what the case has become. */
export async function again(id: string, version?: number): Promise<void> {
  await db.update<Entry>("outbox", id, (entry) =>
    entry.state === "sending" || entry.state === "sent" ? null : { ...entry, state: "waiting", next: 0, reason: "", errors: [], version: version ?? entry.version },
  );
  changed();
}

/** Forgets what was sent long ago. */
export async function tidy(): Promise<void> {
  for (const entry of await list()) if (entry.state === "sent" && Date.now() - entry.at > KEPT_MS[entry.kind]) await db.remove("outbox", entry.id);
}
