/** Messages at the bottom of the page: they wait long enough to be read, and longer when they can be undone. */
import { all, delegate, element, icon, one, once } from "./dom";

const READ_MS = 9_000;
const UNDO_MS = 25_000;

function leave(toast: HTMLElement): void {
  toast.classList.add("is-leaving");
  setTimeout(() => toast.remove(), 220);
}

export function watchToasts(root: ParentNode): void {
  once(root, "[data-toast]", (toast) => {
    if (toast.closest("[data-sample]")) return;
    const wait = one(toast, "[data-undo]") ? UNDO_MS : READ_MS;
    let timer = setTimeout(() => leave(toast), wait);
    const hold = (): void => clearTimeout(timer);
    const release = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => leave(toast), wait);
    };
    toast.addEventListener("pointerenter", hold);
    toast.addEventListener("pointerleave", release);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("focusout", release);
  });
}

/** Shows a sentence; screen readers hear it through the container's live region. */
export function notify(text: string, tone: "success" | "danger" | "info" = "info"): void {
  const holder = one(document, "[data-toasts]");
  if (!holder) return;
  const names = { success: "circle-check", danger: "circle-alert", info: "info" };
  const toast = element("div", { class: `toast tone-${tone}`, "data-toast": true }, icon(names[tone]), element("span", { class: "toast-text" }, text));
  holder.append(toast);
  watchToasts(holder);
  const extra = all(holder, "[data-toast]").slice(0, -3);
  extra.forEach((old) => old.remove());
}

export function listenDismiss(): void {
  delegate("click", "[data-dismiss]", (button) => {
    const message = button.closest<HTMLElement>("[data-toast], [data-dismissible]");
    if (message) leave(message);
  });
}
