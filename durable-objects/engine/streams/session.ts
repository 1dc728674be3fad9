/** What names a session between the engine and the adapter. */
import type { Status } from "../machinery/status.ts";

/** A command's, or a container's own, streams. Plain JSON. */
export interface CommandSession {
  kind: "exec" | "attach";
  /** `namespace/name` */
  pod: string;
  /** Absent: it could not be started, `failed` says why. */
  id?: string;
  failed?: Status;
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** A Pod to whose ports connections may be opened. Plain JSON. */
export interface ForwardSession {
  kind: "portforward";
  pod: string;
  podUid: string;
  /** Named in the request; the older protocol opens them at once. */
  ports: number[];
}

/** Key: `podKey sessionId`, or ` streamId`. */
export const sessionTable = "sessions";
