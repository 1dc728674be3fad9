/** Sessions that need no memory of their own between two messages: what their sockets' attachments hold. */
import type { Grant } from "../grant.ts";
import { CommandStream } from "./command.ts";
import { commandProtocols } from "./frames.ts";
import type { LiveSession, SavedSession, Wire } from "./session.ts";

/** A session on its socket. */
export interface Open {
  session: LiveSession;
  grant: Grant;
  /** Wall ms of the last message either way, and of the client's last. */
  activeAtMs: number;
  saidAtMs: number;
  sentBytes: number;
  /** Its first word still waits. */
  early: boolean;
  /** `activeAtMs` as its attachment has it; undefined: it has none that is good. */
  savedAtMs?: number | undefined;
}

/** `saved` is absent while something of the session lies in memory alone. */
type Attachment = Pick<Open, "grant" | "activeAtMs" | "saidAtMs" | "sentBytes"> & {
  kind: "session";
  saved?: SavedSession | undefined;
};

export const isSession = (attachment: unknown): attachment is Attachment =>
  (attachment as Attachment | null)?.kind === "session";

/** Keeps what has changed. Returns whether the object's memory is needed still. */
export function save(socket: WebSocket, open: Open): boolean {
  const { grant, activeAtMs, saidAtMs, sentBytes } = open;
  const saved = open.early ? undefined : open.session.saved;
  const now = saved && activeAtMs;
  if (open.savedAtMs !== now || now === undefined) {
    const all = { kind: "session", grant, activeAtMs, saidAtMs, sentBytes, saved } as const;
    socket.serializeAttachment(all satisfies Attachment);
    open.savedAtMs = now;
  }
  return saved === undefined;
}

/** The session of a socket that has outlived the object's memory; undefined: it cannot go on. */
export function restored(attachment: Attachment, wire: Wire): Open | undefined {
  const { saved, grant, activeAtMs, saidAtMs, sentBytes } = attachment;
  const protocol = commandProtocols.find(({ name }) => name === saved?.protocol);
  if (!saved || !protocol) return undefined;
  const session = new CommandStream(saved.session, protocol, wire, saved.inputEnded);
  return {
    session,
    grant,
    activeAtMs,
    saidAtMs,
    sentBytes,
    early: false,
    savedAtMs: activeAtMs,
  };
}
