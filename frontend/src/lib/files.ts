/** Files: previews, limits told before sending, photos made lighter, progress of the sending. */
import { all, element, icon, once, one } from "./dom";
import { notify } from "./toasts";
import { fileSize, say } from "./words";

const SHRINK_ABOVE = 2_500_000;
const SHRINK_SIDE = 2560;

/** A photo of more than 2.5 MB made to fit 2560 px: a minute saved on a poor connection. Itself when that fails. */
async function lighter(file: File): Promise<File> {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type) || file.size < SHRINK_ABOVE) return file;
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, SHRINK_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = element("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext("2d")!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.86));
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], file.name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg", lastModified: file.lastModified });
  } catch {
    return file;
  }
}

async function preview(file: File): Promise<HTMLElement> {
  const fallback = element("span", { class: "file-icon" }, icon(file.type.startsWith("image/") ? "image" : "file-text"));
  if (!file.type.startsWith("image/")) return fallback;
  try {
    const bitmap = await createImageBitmap(file);
    const side = Math.min(bitmap.width, bitmap.height);
    const canvas = element("canvas", { class: "file-preview", width: "96", height: "96", "aria-hidden": "true" });
    canvas.getContext("2d")!.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, 96, 96);
    bitmap.close();
    return canvas;
  } catch {
    return fallback;
  }
}

function wire(holder: HTMLElement): void {
  const input = one<HTMLInputElement>(holder, "input[type=file]")!;
  const field = holder.closest(".field") ?? holder.parentElement!;
  const list = one<HTMLUListElement>(field, "[data-files-list]")!;
  const status = one(field, "[data-files-status]")!;
  const maxSize = Number(holder.dataset.maxSize) || Infinity;
  const maxCount = Number(holder.dataset.maxCount) || (input.multiple ? Infinity : 1);
  let chosen: File[] = [];

  const put = (): void => {
    const transfer = new DataTransfer();
    for (const file of chosen) transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new CustomEvent("files:change", { bubbles: true }));
  };
  const draw = async (refused: File[]): Promise<void> => {
    const rows = await Promise.all(
      [...chosen, ...refused].map(async (file) => {
        const bad = refused.includes(file);
        const meta = element("span", { class: "file-meta" }, bad ? say.tooLarge(fileSize(maxSize)) : fileSize(file.size));
        const remove = element("button", { class: "icon-btn", type: "button", "aria-label": say.remove(file.name) }, icon("trash-2"));
        const row = element("li", { class: bad ? "file is-bad" : "file" }, await preview(file), element("span", { class: "file-name" }, file.name, meta), remove);
        remove.addEventListener("click", () => {
          chosen = chosen.filter((other) => other !== file);
          put();
          row.remove();
          list.hidden = !list.children.length;
          status.textContent = say.fileRemoved(file.name);
          input.focus();
        });
        return row;
      }),
    );
    list.replaceChildren(...rows);
    list.hidden = !rows.length;
  };

  input.addEventListener("change", async () => {
    const picked = await Promise.all([...(input.files ?? [])].map(lighter));
    const refused = picked.filter((file) => file.size > maxSize);
    const fresh = picked.filter((file) => file.size <= maxSize);
    const together = input.multiple ? [...chosen, ...fresh.filter((file) => !chosen.some((other) => other.name === file.name && other.size === file.size))] : fresh.length ? fresh : chosen;
    if (together.length > maxCount) notify(say.tooMany(maxCount));
    chosen = input.multiple ? together.slice(0, maxCount) : together.slice(-1);
    put();
    await draw(refused);
    status.textContent = refused.length ? say.tooLarge(fileSize(maxSize)) : fresh.map((file) => say.fileAdded(file.name)).join(", ");
  });
  for (const type of ["dragenter", "dragover"]) holder.addEventListener(type, () => holder.classList.add("is-over"));
  for (const type of ["dragleave", "drop"]) holder.addEventListener(type, () => holder.classList.remove("is-over"));
}

/** Sends a form that holds files, telling how far it is; the answer is shown as the browser would have. */
function sendWithProgress(form: HTMLFormElement, submitter: HTMLElement | null): void {
  const request = new XMLHttpRequest();
  const bar = element("progress", { max: "100", value: "0", "aria-label": say.sending });
  const words = element("span", {}, say.sending);
  const holder = element("div", { class: "progress", role: "status" }, element("div", { class: "progress-head" }, words), bar);
  const end = (): void => {
    holder.remove();
    delete form.dataset.sent;
    submitter?.classList.remove("is-busy");
    submitter?.removeAttribute("aria-disabled");
  };
  form.dataset.sent = "1";
  submitter?.classList.add("is-busy");
  submitter?.setAttribute("aria-disabled", "true");
  form.append(holder);
  holder.scrollIntoView({ block: "nearest" });
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    bar.value = (100 * event.loaded) / event.total;
    words.textContent = event.loaded === event.total ? say.sent : `${say.sending} : ${Math.round(bar.value)} %`;
  });
  request.addEventListener("load", () => {
    const moved = new URL(request.responseURL).href !== new URL(form.action).href;
    if (moved && request.status < 400) return location.assign(request.responseURL);
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const main = page.querySelector("main");
    const here = document.querySelector("main");
    if (!main || !here) {
      end();
      return notify(say.sessionError, "danger");
    }
    document.title = page.title;
    here.replaceWith(document.adoptNode(main));
    document.dispatchEvent(new CustomEvent("page:replaced"));
    scrollTo(0, 0);
  });
  request.addEventListener("error", () => {
    end();
    // Who keeps what was to be sent shows where it is.
    if (form.dispatchEvent(new CustomEvent("upload:failed", { cancelable: true }))) notify(say.failed, "danger");
  });
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "text/html");
  const data = new FormData(form);
  if (submitter instanceof HTMLButtonElement && submitter.name) data.append(submitter.name, submitter.value);
  request.send(data);
}

export function enhance(root: ParentNode): void {
  once(root, "[data-files]", wire);
  once<HTMLFormElement>(root, "form[data-upload]", (form) => {
    form.addEventListener("submit", (event) => {
      if (event.defaultPrevented || form.dataset.sent) return;
      const files = all<HTMLInputElement>(form, "input[type=file]").flatMap((input) => [...(input.files ?? [])]);
      if (!files.length) return;
      event.preventDefault();
      sendWithProgress(form, event.submitter);
    });
  });
}
