/** The richer parts of forms, together in one file: a page that needs one often needs two. */
import * as address from "./lib/address";
import * as conditions from "./lib/conditions";
import * as drafts from "./lib/drafts";
import * as files from "./lib/files";
import * as passkeys from "./lib/passkeys";

export function enhance(root: ParentNode): void {
  for (const part of [address, conditions, drafts, files, passkeys]) part.enhance(root);
}
