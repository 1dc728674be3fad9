import type { Engine } from "../engine/index.ts";
import type { CommandSession } from "../engine/ports/request.ts";

/**
 * One exec, attach, port-forward or log over a WebSocket of its own. What the client says is kept until `pump`, the
 * only place that touches the engine: it is called after every turn, and so output appears when virtual time passes.
 */
export interface LiveSession {
  readonly kind: string;
  /** The first words to the client, if there are any. */
  greet?(): void;
  /** From the client. Throws when the client breaks the protocol. */
  message(data: ArrayBuffer | string): void;
  /** Bytes from the client that still wait for the cluster to take them. */
  readonly heldBytes?: number;
  /** What it needs to go on in another memory; undefined: something lies in this one alone. */
  readonly saved?: SavedSession | undefined;
  /**
   * Moves bytes both ways until there is nothing to move, or `engine.sessionWork` has reached `workEnd`. "more": it would go
   * on, but others should get their turn.
   */
  pump(engine: Engine, nowMs: number, workEnd?: number): "waiting" | "more" | "over";
  /** Tells the client that the session is ended for a reason that is not its own. */
  abort(reason: string): void;
  /**
   * Its client has gone: the cluster takes what was said before that, as far as it takes it at once. Returns whether there is
   * more to take, once `engine.sessionWork` has reached `workEnd`.
   */
  drain?(engine: Engine, nowMs: number, workEnd: number): boolean;
  /** Lets go of what it holds in the cluster. */
  release(engine: Engine, nowMs: number): void;
}

/** An exec or attach between two messages: all else of it is in the cluster. Plain data. */
export interface SavedSession {
  session: CommandSession;
  /** Name of its subprotocol. */
  protocol: string;
  inputEnded: boolean;
}

/** Where a session's messages go; counts what went out. */
export interface Wire {
  send(message: ArrayBuffer | string): void;
}

/** The client has done nothing wrong, but more of it cannot be kept. */
export class InputLimitError extends Error {
  override name = "HeldTooMuch";
  constructor() {
    super("input comes faster than it is read");
  }
}
