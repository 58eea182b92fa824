/** Photos as they are kept and sent: 2560 pixels at most, whatever the camera made. */
import { element } from "../lib/dom";
import type { Upload } from "./outbox";

const SIDE = 2560;

/** Never fails for a picture it cannot read: the server says what is wrong with that. */
export async function lighter(file: File): Promise<File> {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type)) return file;
  try {
    const bitmap = await createImageBitmap(file);
    const scale = SIDE / Math.max(bitmap.width, bitmap.height);
    if (scale >= 1) {
      bitmap.close();
      return file;
    }
    const canvas = element("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext("2d")!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.86));
    return blob ? new File([blob], file.name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg" }) : file;
  } catch {
    return file;
  }
}

/** Bytes, not blobs: browsers lose blobs of their database more easily. */
export async function kept(field: string, files: Iterable<File>): Promise<Upload[]> {
  const uploads: Upload[] = [];
  for (const file of files) {
    const light = await lighter(file);
    uploads.push({ field, name: light.name, type: light.type, data: await light.arrayBuffer() });
  }
  return uploads;
}

/** Puts kept photos back in a file picker. */
export function restore(input: HTMLInputElement, uploads: Upload[]): void {
  const transfer = new DataTransfer();
  for (const each of uploads) transfer.items.add(new File([each.data], each.name, { type: each.type }));
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
