import { ApiError, ask } from "./client.ts";
import { linesOf, pause } from "./lines.ts";
import type { Role, Sandbox } from "./sandboxes.ts";

/** Who else is in a sandbox. */

export interface Present {
  name: string;
  role: Role;
  /** `page`, `kubectl`, ... */
  clients: string[];
  since: string;
  open: boolean;
  pages: number;
  /** Of who has nothing open: their last request. */
  seenAt?: string;
  you: boolean;
}

const retryMs = 5_000;

/** `show` gets the whole list at first and after each change, until `stop` aborts or the sandbox does not open any more. */
export async function followPresence(
  { id, key }: Sandbox,
  show: (present: Present[]) => void,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    try {
      const path = `/api/sandboxes/${id}/presence?follow=true`;
      const response = await ask(path, { key, signal: stop });
      for await (const line of linesOf(response.body!)) {
        show((JSON.parse(line) as { present: Present[] }).present);
      }
    } catch (error) {
      if (error instanceof ApiError && [401, 403, 404, 410].includes(error.status)) return;
    }
    await pause(retryMs, stop);
  }
}
