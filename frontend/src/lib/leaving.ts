/** Signing out of a device that others may use: what was kept for this person goes first. */

const PATIENCE_MS = 1_500;
/** The service worker's copies of pages that belong to somebody. */
const PRIVATE_CACHE = "private-";

async function forgetCaches(): Promise<void> {
  if (!("caches" in window)) return;
  for (const name of await caches.keys()) if (name.startsWith(PRIVATE_CACHE)) await caches.delete(name);
}

async function forgetRest(): Promise<void> {
  if (!("indexedDB" in window)) return;
  const [db, push] = await Promise.all([import("../offline/db"), import("../offline/push")]);
  await Promise.all([db.empty("drafts"), db.empty("notes"), push.silence()]);
}

export function startLeaving(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches("[data-clear-drafts]") || form.dataset.left) return;
    event.preventDefault();
    form.dataset.left = "1";
    const cleaned = Promise.allSettled([forgetCaches(), forgetRest()]);
    void Promise.race([cleaned, new Promise((done) => setTimeout(done, PATIENCE_MS))]).then(() => form.submit());
  });
}
