import { ask } from "./client.ts";
import type { Sandbox } from "./sandboxes.ts";
import { socketTo } from "./socket.ts";

/**
 * A screen of a terminal: bytes from and to the service over a WebSocket that may be lost at any time and goes on where it stood.
 * Text messages from there are JSON `{position, cols, rows, lost?, dropped?, exitCode?}`.
 */
export interface Shown {
  /** Bytes to show. */
  bytes(bytes: Uint8Array, done: () => void): void;
  /** What came before is not kept any more: the screen begins anew. */
  clear(): void;
  size(cols: number, rows: number): void;
  state(state: ScreenState): void;
}

/**
 * `dropped`: bytes that were typed and that nobody took. `refused`: characters that were pasted at once, of which nothing was
 * typed, as they are too many. `again`: it was open before. `full`: what is typed from here on is lost, until it is open.
 */
export type ScreenState =
  | { is: "open"; dropped?: number; refused?: number }
  | { is: "connecting"; again?: boolean; full?: boolean; refused?: number }
  | { is: "over"; why: string };

interface Head {
  position: number;
  cols: number;
  rows: number;
  lost?: boolean;
  dropped?: number;
  exitCode?: number;
}

const protocol = "terminal.podyard.dev";
const retryMsMin = 500;
const retryMsMax = 15_000;
/** A paste goes in pieces; the service takes no larger messages. */
const pieceBytes = 32 * 1024;
const typedCharsMax = 4_096;
/** As much as a terminal takes ahead of what reads it; half a paste is worse than none. */
export const pasteCharsMax = 64 * 1024;
/** After so many bytes the service is told that they were shown. */
const toldBytes = 32 * 1024;

/** Ends a terminal, and what runs in it. Throws ApiError. */
export const closeTerminal = ({ id, key }: Sandbox, name: string): Promise<unknown> =>
  ask(`/api/sandboxes/${id}/terminals/${name}`, { method: "DELETE", key });

export class TerminalScreen {
  readonly #sandbox: Sandbox;
  readonly #name: string;
  readonly #machine: string | undefined;
  readonly #shown: Shown;
  #socket: WebSocket | undefined;
  #position: number | undefined;
  #toldPosition = 0;
  #size: { cols: number; rows: number };
  #retryMs = retryMsMin;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #wasOpen = false;
  /** The service has said so. */
  #isOver = false;
  #dropped = 0;
  #refused = false;
  #full = false;
  #typed = "";
  readonly #encoder = new TextEncoder();

  /** `machine`: `node/NAME` or `pod/NAMESPACE/NAME/CONTAINER`; absent: the control plane. */
  constructor(
    sandbox: Sandbox,
    name: string,
    machine: string | undefined,
    size: { cols: number; rows: number },
    shown: Shown,
  ) {
    this.#sandbox = sandbox;
    this.#name = name;
    this.#machine = machine;
    this.#size = size;
    this.#shown = shown;
    addEventListener("online", this.#renew);
    addEventListener("offline", this.#drop);
    this.open();
  }

  readonly #renew = (): void => {
    if (this.#closed || this.#isOver || this.#socket) return;
    clearTimeout(this.#timer);
    this.open();
  };

  /** A socket whose way has gone may stay open for minutes, and what is typed into it is lost. */
  readonly #drop = (): void => {
    const socket = this.#socket;
    if (!socket) return;
    this.#lost(socket, 1006, "");
    socket.close();
  };

  /** Connects, also again after the terminal's command has ended: then it begins anew. */
  open(): void {
    const { id, key } = this.#sandbox;
    const { cols, rows } = this.#size;
    const query = new URLSearchParams({ cols: String(cols), rows: String(rows) });
    if (this.#machine !== undefined) query.set("machine", this.#machine);
    if (this.#position !== undefined) query.set("position", String(this.#position));
    this.#isOver = false;
    this.#shown.state({ is: "connecting", again: this.#wasOpen });
    const path = `/api/sandboxes/${id}/terminals/${this.#name}?${query}`;
    const socket = socketTo(path, protocol, key);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => {
      this.#retryMs = retryMsMin;
      this.#wasOpen = true;
      this.#dropped = 0;
      this.#full = false;
      this.#shown.state({ is: "open" });
      const typed = this.#typed;
      this.#typed = "";
      if (typed !== "") this.type(typed);
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => this.#hear(data);
    socket.onclose = ({ code, reason }) => this.#lost(socket, code, reason);
  }

  #hear(data: string | ArrayBuffer): void {
    if (typeof data === "string") {
      const { position, cols, rows, lost, dropped } = JSON.parse(data) as Head;
      if (lost && this.#position !== undefined) this.#shown.clear();
      this.#position = position;
      this.#shown.size(cols, rows);
      // Each message of a paste is answered.
      if (dropped !== undefined)
        this.#shown.state({ is: "open", dropped: (this.#dropped += dropped) });
      return;
    }
    const bytes = new Uint8Array(data);
    const position = (this.#position ?? 0) + bytes.length;
    this.#position = position;
    this.#shown.bytes(bytes, () => {
      if (position - this.#toldPosition < toldBytes) return;
      this.#toldPosition = position;
      this.#send(JSON.stringify({ shown: position }));
    });
  }

  #lost(socket: WebSocket, code: number, reason: string): void {
    if (this.#closed || socket !== this.#socket) return;
    this.#socket = undefined;
    // The service has said that it is over; anything else is the way there.
    if ((code === 1000 && reason !== "") || code === 1008 || code === 1001) {
      this.#isOver = true;
      this.#wasOpen = false;
      this.#shown.state({ is: "over", why: reason || "it was closed" });
      return;
    }
    this.#shown.state({ is: "connecting", again: this.#wasOpen });
    this.#timer = setTimeout(() => this.open(), this.#retryMs);
    this.#retryMs = Math.min(retryMsMax, this.#retryMs * 2);
  }

  /** Keys. What is typed while the way is lost goes out when it is there again. */
  type(text: string): void {
    const isOpen = this.#socket?.readyState === WebSocket.OPEN;
    const again = this.#wasOpen;
    if (text.length > pasteCharsMax) {
      const refused = text.length;
      this.#refused = true;
      return this.#shown.state(
        isOpen ? { is: "open", refused } : { is: "connecting", again, refused },
      );
    }
    if (!isOpen) {
      if (this.#isOver) return;
      // What does not fit ends it: later keys without it are another command.
      this.#full ||= this.#typed.length + text.length > typedCharsMax;
      const full = this.#full;
      if (!full) this.#typed += text;
      return this.#shown.state({ is: "connecting", again, full });
    }
    if (this.#refused || this.#dropped > 0) this.#shown.state({ is: "open" });
    this.#refused = false;
    this.#dropped = 0;
    const bytes = this.#encoder.encode(text);
    for (let at = 0; at < bytes.length; at += pieceBytes)
      this.#send(bytes.subarray(at, at + pieceBytes));
  }

  resize(cols: number, rows: number): void {
    if (cols === this.#size.cols && rows === this.#size.rows) return;
    this.#size = { cols, rows };
    this.#send(JSON.stringify({ resize: this.#size }));
  }

  #send(message: string | Uint8Array<ArrayBuffer>): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  close(): void {
    this.#closed = true;
    removeEventListener("online", this.#renew);
    removeEventListener("offline", this.#drop);
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }
}
