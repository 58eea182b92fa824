/**
 * Sending what waits: by one tab (or the service worker) at a time, in order, again until the server has answered.
 * An answer that was lost costs nothing: the key makes the server give it once more.
 */
import * as db from "./db";
import { changed, list, type Entry, type State } from "./outbox";

const LOCK = "outbox";
const PATIENCE_MS = 120_000;
const FIRST_WAIT_MS = 4_000;
const LONGEST_WAIT_MS = 10 * 60_000;
/** Worth trying again as it is: the network, a server that is busy or restarts. */
const PASSING = new Set([0, 408, 425, 429, 500, 502, 503, 504]);

/** Where acts of agents ask whether their author is signed in, and get the token against forgery. */
export const TOKEN_URL = "/agents/terrain/jeton";
type Pass = { csrf: string; owner: string };

let queued: Promise<void> | null = null;

/** Sends everything that is due. `force`: also what was to wait. Never two at a time, whatever the number of tabs. */
export function flush(force = false): Promise<void> {
  // One that has not begun will see what was added meanwhile.
  if (queued && !force) return queued;
  const run = async (): Promise<void> => {
    queued = null;
    await sendAll(force);
  };
  const mine = navigator.locks ? navigator.locks.request(LOCK, run) : Promise.resolve().then(run);
  queued = mine.then(
    () => undefined,
    () => undefined,
  );
  return queued;
}

async function sendAll(force: boolean): Promise<void> {
  // The lock is ours: what is marked "sending" was cut short by a browser that was closed.
  await db.amend<Entry>("outbox", (entry) => (entry.state === "sending" ? { ...entry, state: "waiting" } : null));
  const tried = new Set<string>();
  let pass: Pass | null | undefined;
  for (;;) {
    const entries = await list();
    const next = entries.find((entry) => !tried.has(entry.id) && due(entry, entries, force));
    if (!next) break;
    tried.add(next.id);
    if (next.kind === "act") {
      pass ??= await askPass();
      if (!pass) {
        // No network: nothing else will go through either.
        if (pass === undefined) break;
        await settle(next.id, { state: "signin" });
        continue;
      }
      // Somebody else's: it waits for them.
      if (pass.owner !== next.owner) {
        await settle(next.id, { next: Date.now() + LONGEST_WAIT_MS });
        continue;
      }
    }
    if (!(await send(next, pass ?? null))) break;
  }
  changed();
}

/** Whether an entry may leave now: acts on one case keep their order. */
function due(entry: Entry, entries: Entry[], force: boolean): boolean {
  if (entry.state !== "waiting" && entry.state !== "signin") return false;
  return (force || entry.next <= Date.now()) && !held(entry, entries);
}

/** Whether an earlier act on the same case has not gone through yet. */
export function held(entry: Entry, entries: Entry[]): boolean {
  return entry.subject !== "" && entries.some((other) => other.subject === entry.subject && other.state !== "sent" && other.at < entry.at);
}

/** Undefined without a network, null without a session. */
async function askPass(): Promise<Pass | null | undefined> {
  try {
    const response = await fetch(TOKEN_URL, { credentials: "same-origin", redirect: "manual", cache: "no-store", headers: { Accept: "application/json" } });
    if (PASSING.has(response.status) && response.type !== "opaqueredirect") return undefined;
    return response.ok ? ((await response.json()) as Pass) : null;
  } catch {
    return undefined;
  }
}

async function settle(id: string, change: Partial<Entry>): Promise<void> {
  await db.update<Entry>("outbox", id, (entry) => ({ ...entry, ...change }));
  changed();
}

/** Sends one entry. False when the network is away: the others need not be tried. */
async function send(entry: Entry, pass: Pass | null): Promise<boolean> {
  const claimed = await db.update<Entry>("outbox", entry.id, (row) => ({ ...row, state: "sending", attempts: row.attempts + 1, reason: "", errors: [] }));
  if (!claimed) return true; // thrown away meanwhile
  changed();
  const body = new FormData();
  body.append("cle", claimed.id);
  if (claimed.version !== null) body.append("version", String(claimed.version));
  for (const [name, value] of claimed.fields) body.append(name, value);
  for (const file of claimed.files) body.append(file.field, new Blob([file.data], { type: file.type }), file.name);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  let status = 0;
  let answer: Record<string, unknown> = {};
  let retryAfter = 0;
  try {
    const response = await fetch(claimed.url, {
      method: "POST",
      body,
      credentials: "same-origin",
      redirect: "manual",
      signal: patience.signal,
      headers: { Accept: "application/json", ...(pass ? { "X-CSRFToken": pass.csrf } : {}) },
    });
    retryAfter = Number(response.headers.get("Retry-After")) * 1000 || 0;
    const type = response.headers.get("Content-Type") ?? "";
    // A gate of somebody else's network answers with pages: only our own words count.
    if (response.type === "opaqueredirect") status = pass ? 401 : 0;
    else if (/json/.test(type)) {
      answer = (await response.json()) as Record<string, unknown>;
      status = response.status;
    } else status = response.status >= 400 && response.status < 500 && response.status !== 404 ? response.status : 0;
  } catch {
    status = 0;
  } finally {
    clearTimeout(timer);
  }
  await conclude(claimed, status, answer, retryAfter);
  return status !== 0;
}

async function conclude(entry: Entry, status: number, answer: Record<string, unknown>, retryAfter: number): Promise<void> {
  if (status >= 200 && status < 300 && answer.reference) {
    await settle(entry.id, { state: "sent", answer, files: [], reason: "" });
    // What its author did next was done upon it.
    if (entry.subject && typeof answer.version === "number")
      await db.amend<Entry>("outbox", (row) =>
        row.subject === entry.subject && row.state !== "sent" && row.state !== "conflict" && row.at >= entry.at ? { ...row, version: answer.version as number } : null,
      );
    changed();
    return;
  }
  if (PASSING.has(status) || (status >= 200 && status < 400)) {
    const wait = Math.max(retryAfter, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(entry.attempts - 1, 12)));
    const told = status === 429 || status === 503 ? String(answer.detail ?? "") : "";
    await settle(entry.id, { state: "waiting", next: Date.now() + wait, reason: told });
    return;
  }
  const state: State = status === 401 ? "signin" : status === 409 ? "conflict" : "refused";
  await settle(entry.id, {
    state,
    answer,
    reason: String(answer.detail ?? answer.title ?? ""),
    errors: Array.isArray(answer.errors) ? (answer.errors as Entry["errors"]) : [],
  });
}

/** The earliest instant at which something is to be tried again; null when nothing is. */
export async function nextTry(): Promise<number | null> {
  const entries = await list();
  const times = entries.filter((entry) => entry.state === "waiting" && !held(entry, entries)).map((entry) => entry.next);
  return times.length ? Math.min(...times) : null;
}

/** Keeps a page sending: at once, when the network or the page comes back, and when it is time to try again. */
export function keepSending(): void {
  let timer = 0;
  const plan = async (): Promise<void> => {
    clearTimeout(timer);
    const at = await nextTry().catch(() => null);
    if (at !== null) timer = window.setTimeout(() => void go(), Math.min(Math.max(at - Date.now(), 1_000), LONGEST_WAIT_MS));
  };
  const go = async (force = false): Promise<void> => {
    if (navigator.onLine) await flush(force);
    await plan();
  };
  addEventListener("online", () => void go(true));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void go();
  });
  void go(true);
}
