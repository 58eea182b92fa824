/** Any page empties the outbox while it is open; once it is empty, pages no longer look. */
import { storage } from "../lib/dom";
import { list, onChange, pending } from "./outbox";
import { keepSending } from "./sending";

onChange(() => {
  void list().then((entries) => {
    if (!entries.some(pending)) storage.remove("outbox");
  });
});
keepSending();
