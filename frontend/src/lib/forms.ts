/** Forms: one sending per press, errors that take the focus, choices that exclude each other, counters. */
import { all, delegate, one, once, storage } from "./dom";
import { language, say } from "./words";

export const DRAFT = "draft:";

function release(form: HTMLFormElement): void {
  delete form.dataset.sent;
  for (const button of all(form, ".is-busy")) {
    button.classList.remove("is-busy");
    button.removeAttribute("aria-disabled");
  }
}

function listenGuard(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (form.matches("[data-clear-drafts]")) storage.keys(DRAFT).forEach(storage.remove);
    if (!form.matches("[data-guard]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.defaultPrevented) return; // sent by htmx or by the upload module, which report their own end
    form.dataset.sent = "1";
    const button = event.submitter;
    // Not `disabled`: the pressed button's name and value must be sent.
    button?.classList.add("is-busy");
    button?.setAttribute("aria-disabled", "true");
  });
  // Back to a page kept in memory: its forms may be sent again.
  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of all<HTMLFormElement>(document, "form[data-sent]")) release(form);
  });
}

/** Follows a link of the error summary to its control, label in view. */
function listenSummary(): void {
  delegate("click", "[data-error-summary] a", (link, event) => {
    const target = document.getElementById(link.getAttribute("href")?.slice(1) ?? "");
    if (!target) return;
    event.preventDefault();
    const control = target.matches("input, select, textarea") ? target : one(target, "input:not([type=hidden]), select, textarea");
    (target.closest(".field") ?? target).scrollIntoView({ block: "start" });
    control?.focus({ preventScroll: true });
  });
}

function listenExclusive(): void {
  delegate("change", "input[type=checkbox]", (box) => {
    const input = box as HTMLInputElement;
    const group = input.closest(".options");
    if (!group || !input.checked) return;
    const others = all<HTMLInputElement>(group, "input[type=checkbox]").filter((other) => other !== input);
    const alone = input.hasAttribute("data-exclusive");
    for (const other of others)
      if (other.checked && (alone || other.hasAttribute("data-exclusive"))) {
        other.checked = false;
        other.dispatchEvent(new Event("input", { bubbles: true }));
      }
  });
}

function listenReveal(): void {
  delegate("click", "[data-reveal] .affix-btn", (button) => {
    const input = one<HTMLInputElement>(button.parentElement!, "input");
    if (!input) return;
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    button.setAttribute("aria-label", shown ? say.showPassword : say.hidePassword);
  });
}

/** Text typed with a comma reaches the server as typed; only the counter and the summary need a script. */
export function enhanceForms(root: ParentNode): void {
  // The style page shows summaries that nobody has to mend: `data-sample` keeps the focus where it is.
  const summary = one(root, "[data-error-summary], [data-focus]");
  if (summary && !summary.closest("[data-sample]")) summary.focus();
  once<HTMLTextAreaElement>(root, "textarea[data-count]", (area) => {
    const limit = Number(area.dataset.count);
    const counter = one(area.parentElement!, "[data-counter]");
    if (!counter) return;
    const live = document.createElement("span");
    live.className = "sr-only";
    live.setAttribute("role", "status");
    counter.after(live);
    let timer = 0;
    area.addEventListener("input", () => {
      const left = limit - area.value.length;
      const near = left <= limit * 0.1;
      counter.textContent = say.left(left).replace(/\d+/, (digits) => Number(digits).toLocaleString(language));
      counter.classList.toggle("is-near", near);
      clearTimeout(timer);
      if (near) timer = window.setTimeout(() => (live.textContent = counter.textContent), 900);
    });
  });
  // One form may span several pages, each with a draft of its own: the name given is their beginning.
  for (const holder of all(root, "[data-clear-draft]")) storage.keys(DRAFT + holder.dataset.clearDraft).forEach(storage.remove);
}

export function startForms(): void {
  listenGuard();
  listenSummary();
  listenExclusive();
  listenReveal();
}
