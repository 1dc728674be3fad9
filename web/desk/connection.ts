import type { Signal } from "@preact/signals";
import { ApiError } from "../api/client.ts";
import type { Changes } from "../api/changes.ts";
import { readSandbox, type Sandbox } from "../api/sandboxes.ts";

/** Whether the page still hears from its sandbox. */
export type Connection =
  | { is: "open" }
  /** It is tried again. */
  | { is: "lost" }
  /** After that, for a moment. */
  | { is: "back" }
  /** It opens no more. */
  | { is: "over"; why: string };

/** Undefined: the service says nothing of whether it opens. */
export function whyClosed(error: unknown, hasKey: boolean): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  if (error.status === 410) return "That sandbox has expired or was deleted.";
  if (error.status === 404)
    return "There is no such sandbox for you: nobody has let you in, or not any more.";
  if (error.status !== 401) return undefined;
  return hasKey
    ? "The key of this link does not open the sandbox: it was revoked or has expired. Ask whoever gave it to you for another."
    : "Sign in as somebody who belongs to this sandbox, or open it by a link with its key.";
}

const backMs = 5_000;

/** Follows the page's one socket. Returns what ends that. */
export function followConnection(
  sandbox: Sandbox,
  changes: Changes,
  connection: Signal<Connection>,
): () => void {
  const { id, key } = sandbox;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lost = (): void => {
    clearTimeout(timer);
    connection.value = { is: "lost" };
    readSandbox(id, key).catch((error: unknown) => {
      const why = whyClosed(error, key !== undefined);
      if (why === undefined) return;
      connection.value = { is: "over", why };
      changes.giveUp();
    });
  };
  const opened = (): void => {
    if (connection.peek().is !== "lost") return;
    connection.value = { is: "back" };
    timer = setTimeout(() => (connection.value = { is: "open" }), backMs);
  };
  const leave = changes.listen({ opened, changed: () => undefined, lost });
  return () => {
    clearTimeout(timer);
    leave();
  };
}
