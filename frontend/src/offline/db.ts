/** What a device keeps: one IndexedDB database, shared by pages and by the service worker. */

const NAME = "socle";
const VERSION = 1;
/** `drafts`: what is being typed. `outbox`: what is to be sent, or was. `notes`: small values by name. */
export type Store = "drafts" | "outbox" | "notes";

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((done, failed) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const store of ["drafts", "outbox", "notes"]) if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store, { keyPath: "id" });
    };
    request.onsuccess = () => {
      // Another tab brings a newer version: let it.
      request.result.onversionchange = () => {
        request.result.close();
        opened = null;
      };
      done(request.result);
    };
    request.onerror = () => failed(request.error);
  });
  opened.catch(() => (opened = null));
  return opened;
}

const answer = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

/** Runs `act` in one transaction and waits until it is on the disk, not only in memory. */
async function within<T>(store: Store, mode: IDBTransactionMode, act: (rows: IDBObjectStore) => Promise<T>): Promise<T> {
  const transaction = (await database()).transaction(store, mode, { durability: "strict" });
  const end = new Promise<void>((done, failed) => {
    transaction.oncomplete = () => done();
    transaction.onabort = transaction.onerror = () => failed(transaction.error);
  });
  const result = await act(transaction.objectStore(store)).catch((error: unknown) => {
    end.catch(() => undefined);
    throw error;
  });
  await end;
  return result;
}

type Row = { id: string };

export const get = <T extends Row>(store: Store, id: string): Promise<T | undefined> => within(store, "readonly", (rows) => answer<T | undefined>(rows.get(id)));
export const all = <T extends Row>(store: Store): Promise<T[]> => within(store, "readonly", (rows) => answer<T[]>(rows.getAll()));
export const put = <T extends Row>(store: Store, row: T): Promise<void> => within(store, "readwrite", async (rows) => void (await answer(rows.put(row))));
export const remove = (store: Store, id: string): Promise<void> => within(store, "readwrite", async (rows) => void (await answer(rows.delete(id))));

/** Changes every row that `change` gives back, in one transaction; gives how many. */
export const amend = <T extends Row>(store: Store, change: (row: T) => T | null | undefined): Promise<number> =>
  within(store, "readwrite", async (rows) => {
    let count = 0;
    for (const row of await answer<T[]>(rows.getAll())) {
      const changed = change(row);
      if (!changed) continue;
      await answer(rows.put(changed));
      count += 1;
    }
    return count;
  });

/** Changes one row, if it is still there and `change` does not refuse; gives it as it is then. */
export const update = <T extends Row>(store: Store, id: string, change: (row: T) => T | null): Promise<T | null> =>
  within(store, "readwrite", async (rows) => {
    const row = await answer<T | undefined>(rows.get(id));
    const changed = row ? change(row) : null;
    if (changed) await answer(rows.put(changed));
    return changed;
  });

/** Empties a store. */
export const empty = (store: Store): Promise<void> => within(store, "readwrite", async (rows) => void (await answer(rows.clear())));
