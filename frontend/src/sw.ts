/**
 * Service worker: keeps the shell (styles, scripts, font, icons) and one page to show without network.
 * Pages always come from the network and are never kept: they may belong to somebody.
 */
/// <reference lib="webworker" />
declare const SHELL: string[];
declare const VERSION: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const base = new URL(worker.location.href).searchParams.get("static") || "/static/dist/";
const offline = "/hors-ligne";
const CACHE = `shell-${VERSION}`;

worker.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then(async (cache) => {
        await cache.addAll(SHELL.map((name) => base + name));
        // Without cookies: the page kept must be nobody's.
        const page = await fetch(new Request(offline, { credentials: "omit" }));
        if (page.ok) await cache.put(offline, page);
      })
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

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const url = new URL(request.url);
  if (request.mode === "navigate") {
    event.respondWith(
      fetch(request).catch(async () => (await caches.match(offline)) ?? new Response("Hors connexion", { status: 503, headers: { "Content-Type": "text/plain; charset=utf-8" } })),
    );
  } else if (url.href.startsWith(new URL(base, worker.location.href).href)) {
    // Hashed names never change content: the kept copy is the right one.
    event.respondWith(
      caches.match(request).then(
        (kept) =>
          kept ??
          fetch(request).then((response) => {
            if (response.ok && response.type === "basic") {
              const copy = response.clone();
              event.waitUntil(caches.open(CACHE).then((cache) => cache.put(request, copy)));
            }
            return response;
          }),
      ),
    );
  }
});

worker.addEventListener("push", (event) => {
  const message = (event.data?.json() ?? {}) as { title?: string; body?: string; url?: string };
  event.waitUntil(worker.registration.showNotification(message.title ?? "", { body: message.body ?? "", data: { url: message.url ?? "/" }, lang: "fr" }));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL((event.notification.data as { url: string }).url, worker.location.origin);
  if (url.origin === worker.location.origin) event.waitUntil(worker.clients.openWindow(url.href));
});
