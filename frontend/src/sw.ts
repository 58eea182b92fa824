/**
 * Service worker. It keeps the shell (styles, scripts, font, icons), the screen for reporting without a network with
 * its categories, and the page shown when there is nothing else. It sends what waits in the outbox, and shows pushes.
 *
 * Pages are never kept, with one exception: an agent's round, in a cache of its own that signing out empties.
 */
/// <reference lib="webworker" />
import { flush } from "./offline/sending";
import { list, SYNC } from "./offline/outbox";

declare const SHELL: string[];
declare const VERSION: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const base = new URL(worker.location.href).searchParams.get("static") || "/static/dist/";
const OFFLINE = "/hors-ligne";
const REPORT = "/signaler/hors-ligne";
/** Kept without cookies: what is kept must be nobody's. */
const PUBLIC = [OFFLINE, REPORT, "/signaler/hors-ligne/categories.json", "/brand.css"];
const ALSO = ["/carte/communes.geojson"];
const FIELD = "/agents/terrain/";
const FIELD_TOKEN = "/agents/terrain/jeton";
const CACHE = `shell-${VERSION}`;
const PRIVATE = "private-field";
const PATIENCE_MS = 4_000;
/** Whatever the headers of who asks now: there is one copy of each. */
const KEPT = { ignoreVary: true };
const REFRESH_MS = 3_600_000;
let refreshed = 0;

async function keepPublic(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(
    PUBLIC.map(async (path) => {
      const answer = await fetch(new Request(path, { credentials: "omit", cache: "no-cache" }));
      if (answer.ok && !answer.redirected) await cache.put(path, answer);
    }),
  );
  refreshed = Date.now();
}

worker.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(SHELL.map((name) => base + name)))
      .then(keepPublic)
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("shell-") && name !== CACHE).map((name) => caches.delete(name))))
      .then(() => worker.clients.claim()),
  );
});

/** The network, unless it takes so long that what is kept is better. */
async function prompt(request: Request, kept: boolean): Promise<Response> {
  if (!kept) return fetch(request);
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error("slow")), PATIENCE_MS);
    fetch(request).then(done, failed).finally(() => clearTimeout(timer));
  });
}

const last = (): Response => new Response("Hors connexion", { status: 503, headers: { "Content-Type": "text/plain; charset=utf-8" } });

async function page(event: FetchEvent, url: URL): Promise<Response> {
  if (url.pathname === FIELD) return mine(event.request);
  const kept = url.pathname === REPORT ? await caches.match(REPORT, KEPT) : undefined;
  if (url.pathname.startsWith("/signaler") && Date.now() - refreshed > REFRESH_MS) event.waitUntil(keepPublic().catch(() => undefined));
  try {
    return await prompt(event.request, kept !== undefined);
  } catch {
    if (kept) return kept;
    // Whoever was reporting goes on without a network.
    if (url.pathname.startsWith("/signaler")) return Response.redirect(REPORT, 303);
    return (await caches.match(OFFLINE, KEPT)) ?? last();
  }
}

/** What belongs to the agent signed in: the network first, kept for later; forgotten as soon as the server says no. */
async function mine(request: Request, whole = true): Promise<Response> {
  const cache = await caches.open(PRIVATE);
  const path = new URL(request.url).pathname;
  const kept = await cache.match(path, KEPT);
  try {
    const answer = await prompt(request, kept !== undefined);
    if (answer.ok && answer.type === "basic" && !answer.redirected) await cache.put(path, answer.clone());
    else if (whole && (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status))) await caches.delete(PRIVATE);
    return answer;
  } catch {
    return kept ?? (await caches.match(OFFLINE, KEPT)) ?? last();
  }
}

async function fresh(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  const kept = await caches.match(path, KEPT);
  try {
    const answer = await prompt(request, kept !== undefined);
    if (answer.ok && ALSO.includes(path)) await (await caches.open(CACHE)).put(path, answer.clone());
    return answer;
  } catch {
    return kept ?? Response.error();
  }
}

/** A file whose name changes with its content: the kept copy is the right one. */
async function asset(event: FetchEvent): Promise<Response> {
  const kept = await caches.match(event.request, KEPT);
  if (kept) return kept;
  const answer = await fetch(event.request);
  if (answer.ok && answer.type === "basic") {
    const copy = answer.clone();
    event.waitUntil(caches.open(CACHE).then((cache) => cache.put(event.request, copy)));
  }
  return answer;
}

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== worker.location.origin) return;
  if (request.method === "POST" && request.mode === "navigate" && /^\/signaler(\/|$)/.test(url.pathname)) {
    // A step of the usual form that cannot be sent: what was typed is on the device.
    event.respondWith(fetch(request).catch(() => Response.redirect(REPORT, 303)));
    return;
  }
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(event, url));
  else if (url.href.startsWith(new URL(base, worker.location.href).href)) event.respondWith(asset(event));
  else if (PUBLIC.includes(url.pathname) || ALSO.includes(url.pathname)) event.respondWith(fresh(request));
  else if (url.pathname.startsWith(FIELD) && url.pathname !== FIELD_TOKEN) event.respondWith(mine(request));
  // Small pictures of the round's cases.
  else if (url.pathname.startsWith("/agents/dossiers/") && url.search === "?apercu=1") event.respondWith(mine(request, false));
});

worker.addEventListener("sync", (event) => {
  const sync = event as ExtendableEvent & { tag: string };
  if (sync.tag !== SYNC) return;
  sync.waitUntil(
    flush(true).then(async () => {
      // Refusing the event makes the browser wake us again.
      if ((await list()).some((entry) => entry.state === "waiting" && entry.attempts > 0)) throw new Error("not all sent");
    }),
  );
});

type Push = { title?: string; body?: string; url?: string; tag?: string; lang?: string };

worker.addEventListener("push", (event) => {
  let message: Push = {};
  try {
    message = (event.data?.json() ?? {}) as Push;
  } catch {
    /* not ours: shown as it is, the browser demands something */
  }
  const options: NotificationOptions & { renotify?: boolean } = { body: message.body ?? "", data: { url: message.url ?? "/" }, lang: message.lang ?? "fr" };
  if (message.tag) Object.assign(options, { tag: message.tag, renotify: true });
  event.waitUntil(worker.registration.showNotification(message.title ?? worker.location.hostname, options));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL((event.notification.data as { url?: string } | null)?.url ?? "/", worker.location.origin);
  if (url.origin !== worker.location.origin) return;
  event.waitUntil(
    worker.clients.matchAll({ type: "window", includeUncontrolled: true }).then(async (open) => {
      const there = open.find((client) => client.url === url.href);
      if (there) await there.focus();
      else await worker.clients.openWindow(url.href);
    }),
  );
});
