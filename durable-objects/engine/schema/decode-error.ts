/** How many items a body may bring, and how it is refused. */
import { StatusError } from "../machinery/status.ts";
import { decodeItemsMax, listItemsMax } from "../core/limits.ts";

/** A body that can not be read (400); the message is Go's, to which `api` may add its prefix. */
export class DecodeError extends StatusError {
  constructor(message: string) {
    super(400, "BadRequest", message);
  }
}

/**
 * Counts the items of a list or map. What is validated compares items with each other and tells of each: a body may not
 * ask for more than a moment of that.
 */
export function countItems(seen: { items: number }, count: number): void {
  seen.items += count;
  if (count > listItemsMax) throw new DecodeError(`more than ${listItemsMax} items in one list`);
  if (seen.items > decodeItemsMax) throw new DecodeError(`more than ${decodeItemsMax} list items`);
}
