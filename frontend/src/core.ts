/** Starts what every page needs and loads the rest when a page holds what needs it. */
import { all, csrfToken, storage } from "./lib/dom";
import { enhanceChrome, startChrome } from "./lib/chrome";
import { enhanceForms, startForms } from "./lib/forms";
import { startLeaving } from "./lib/leaving";
import { listenDismiss, notify, watchToasts } from "./lib/toasts";
import { say } from "./lib/words";

type Feature = { enhance(root: ParentNode): void };

/** What forms may hold: one module for all of it, loaded by the pages that need some. */
const FORM_PARTS = "[data-visible-when], [data-files], [data-address], form[data-autosave], [data-passkey]";

/** Screens that work without a network, each with what it needs of the outbox. */
const OFFLINE: [string, () => Promise<Feature>][] = [
  ["[data-offline-report]", () => import("./offline/offline-report")],
  ["[data-field-app]", () => import("./offline/field")],
  ["[data-push]", () => import("./offline/push")],
];

/** What waits to be sent, or what is being typed and must survive the network. */
function minded(): void {
  if (/^\/signaler\/[0-9a-f-]{36}\//.test(location.pathname)) import("./offline/rescue").then((module) => module.enhance(), () => undefined);
  if (storage.get("outbox") && !document.querySelector("[data-offline-report], [data-field-app]")) import("./offline/background").catch(() => undefined);
}

/** Loaded when they come into view: the map library weighs more than everything else together. */
const ON_SIGHT = "[data-map], [data-map-point], [data-point-map]";

const HTMX = "[hx-get], [hx-post], [hx-put], [hx-patch], [hx-delete], [hx-boost]";
let htmxAsked = false;

async function loadHtmx(): Promise<void> {
  if (htmxAsked) return;
  htmxAsked = true;
  await import("htmx.org");
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      const holder = entry.target as HTMLElement;
      import("./map").then(
        (module) => module.enhance(holder),
        () => {
          holder.classList.add("is-failed");
          notify(say.mapFailed, "danger");
        },
      );
    }
  },
  { rootMargin: "200px" },
);

/** Brings a page or a swapped fragment to life. Safe to call again on the same nodes. */
export function enhance(root: ParentNode): void {
  enhanceChrome(root);
  enhanceForms(root);
  watchToasts(root);
  if (all(root, FORM_PARTS).length) import("./form-parts").then((module: Feature) => module.enhance(root), () => notify(say.failed, "danger"));
  for (const holder of all(root, ON_SIGHT)) seen.observe(holder);
  for (const [selector, load] of OFFLINE) if (all(root, selector).length) load().then((module) => module.enhance(root), () => notify(say.failed, "danger"));
  if (all(root, HTMX).length) void loadHtmx();
}

function listenHtmx(): void {
  const on = (name: string, handle: (event: CustomEvent) => void): void =>
    document.addEventListener(name, (event) => handle(event as CustomEvent));
  on("htmx:config:request", (event) => {
    const request = event.detail.ctx?.request;
    if (request && request.method !== "GET" && !request.headers["X-CSRFToken"]) request.headers["X-CSRFToken"] = csrfToken();
  });
  on("htmx:after:swap", (event) => {
    const target = event.detail.ctx?.target;
    if (target instanceof Element) enhance(target.isConnected ? target.parentElement ?? target : document.body);
  });
  on("htmx:response:error", (event) => {
    if (event.detail.ctx?.response?.status >= 500) notify(say.sessionError, "danger");
  });
  on("htmx:error", (event) => {
    if (event.detail.ctx && !event.detail.ctx.response) notify(say.failed, "danger");
  });
}

document.documentElement.classList.add("js");
startChrome();
startForms();
listenDismiss();
listenHtmx();
startLeaving();
document.addEventListener("page:replaced", () => {
  enhance(document.body);
  minded();
});
enhance(document.body);
minded();
