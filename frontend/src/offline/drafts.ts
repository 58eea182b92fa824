/** A report being typed: kept as it goes, with its photos, and found again after the browser was closed. */
import * as db from "./db";
import type { Upload } from "./outbox";

export const HERE = "report";
const WEEK_MS = 7 * 86_400_000;

export type Draft = {
  id: string;
  at: number;
  values: Record<string, string>;
  files: Upload[];
  /** The form begun with a network that it continues: its number on the server. */
  online: string;
};

export const save = (draft: Omit<Draft, "at">): Promise<void> => db.put<Draft>("drafts", { ...draft, at: Date.now() });
export const forget = (id: string): Promise<void> => db.remove("drafts", id);

export async function load(id: string): Promise<Draft | null> {
  const draft = await db.get<Draft>("drafts", id);
  if (!draft) return null;
  if (Date.now() - draft.at < WEEK_MS) return draft;
  await forget(id);
  return null;
}

/** The form with a network that was touched last, if any. */
export async function latestOnline(): Promise<Draft | null> {
  const drafts = (await db.all<Draft>("drafts")).filter((draft) => draft.online && draft.id !== HERE && Date.now() - draft.at < WEEK_MS);
  return drafts.sort((one, other) => other.at - one.at)[0] ?? null;
}
