import { socketTo } from "./socket.ts";

/** What changes in a sandbox, by one socket for all panels of a page; between two messages the sandbox behind it sleeps. */

interface ChangesMessage {
  revision: number;
  /** Virtual time, and how fast it passes: at first, and where that has changed. */
  time?: { now: string; speed: number };
  changes?: { resource: string; namespace?: string; name?: string }[];
  /** Instead of them. */
  everything?: true;
}

export interface Listener {
  /** It tells from here on: whatever came before is to be read anew. */
  opened(): void;
  /** Something of a resource (`pods`, `deployments.apps`) has changed, or, without one, anything may have. */
  changed(resource?: string): void;
  /** The way is lost; it is tried again. */
  lost(): void;
}

const protocol = "changes.podyard.dev";
const retryMsMin = 500;
const retryMsMax = 15_000;
/** For so long an open socket keeps the cluster's time running; whoever is there then says so by another. */
const renewedAfterMs = 20 * 60_000;

/** Virtual time, as far as it was told: a page's own ages follow it, and ask for nothing. */
export class Time {
  #told: { nowMs: number; speed: number; atMs: number } | undefined;

  hear({ now, speed }: { now: string; speed: number }): void {
    this.#told = { nowMs: Date.parse(now), speed, atMs: performance.now() };
  }

  /** Undefined: not told yet. */
  get nowMs(): number | undefined {
    if (!this.#told) return undefined;
    const { nowMs, speed, atMs } = this.#told;
    return nowMs + speed * (performance.now() - atMs);
  }

  /** Virtual seconds of a real one; 0: it stands. */
  get speed(): number {
    return this.#told?.speed ?? 0;
  }
}

export class Changes {
  readonly time = new Time();
  readonly #path: string;
  readonly #key: string | undefined;
  readonly #listeners = new Set<Listener>();
  #socket: WebSocket | undefined;
  #openedAtMs = 0;
  #isOpen = false;
  #retryMs = retryMsMin;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor({ id, key }: { id: string; key?: string }) {
    this.#path = `/api/sandboxes/${id}/changes`;
    this.#key = key;
  }

  /** Connected as long as somebody listens. Returns what ends that. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#begin();
    else if (this.#isOpen) listener.opened();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#end();
    };
  }

  /** It opens to nobody any more: it is not tried again. */
  giveUp(): void {
    this.#isOver = true;
    this.#end();
  }

  #begin(): void {
    if (this.#isOver) return;
    addEventListener("online", this.#renew);
    addEventListener("offline", this.#drop);
    addEventListener("pointerdown", this.#renewOld);
    addEventListener("keydown", this.#renewOld);
    this.#connect();
  }

  #end(): void {
    removeEventListener("online", this.#renew);
    removeEventListener("offline", this.#drop);
    removeEventListener("pointerdown", this.#renewOld);
    removeEventListener("keydown", this.#renewOld);
    this.#leave();
  }

  #leave(): void {
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isOpen = false;
    socket?.close(1000);
  }

  readonly #renew = (): void => {
    this.#leave();
    this.#connect();
  };

  /** A socket whose way has gone may stay open for minutes. */
  readonly #drop = (): void => {
    if (this.#socket) this.#lost(this.#socket);
  };

  readonly #renewOld = (): void => {
    if (this.#isOpen && performance.now() - this.#openedAtMs > renewedAfterMs) this.#renew();
  };

  #connect(): void {
    const socket = socketTo(this.#path, protocol, this.#key);
    this.#socket = socket;
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      if (socket === this.#socket) this.#hear(JSON.parse(data) as ChangesMessage);
    };
    socket.onclose = () => this.#lost(socket);
  }

  #hear({ time, changes, everything }: ChangesMessage): void {
    if (time) this.time.hear(time);
    const told = [...this.#listeners];
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#openedAtMs = performance.now();
      this.#retryMs = retryMsMin;
      for (const listener of told) listener.opened();
      return;
    }
    const resources = new Set(changes?.map(({ resource }) => resource));
    for (const listener of told) {
      if (everything) listener.changed();
      for (const resource of resources) listener.changed(resource);
    }
  }

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#leave();
    for (const listener of [...this.#listeners]) listener.lost();
    if (this.#listeners.size === 0 || this.#isOver) return;
    this.#retry = setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(retryMsMax, 2 * this.#retryMs);
  }
}
