/** Lists as kubectl has them that reads them into its Go types: kinds of items are not told by the server's list. */
import type { ListObject } from "../objects.ts";

/** A list with its kind, its items without theirs. */
export const goTyped = (list: ListObject, apiVersion: string, kind: string): ListObject => ({
  ...list,
  kind,
  apiVersion,
  items: list.items.map(({ kind: _kind, apiVersion: _version, ...item }) => item),
});
