/**
 * What the adapter does to open sessions: bytes in, bytes out. Every call but `hasNews` and `inputCapacityBytes` belongs into
 * `Engine.session(...)`, which commits and lets the cluster act on it. Sessions are records, so that those whose socket
 * was lost with the object's memory can be ended when it wakes.
 */
import { cpuUsPerTlsHandshake, sessionInputBytesMax } from "../core/limits.ts";
import * as tcp from "../network/tcp.ts";
import { networkTable, type Stream } from "../runtime/net/stream.ts";
import type { CommandSession, ForwardSession, SessionStatus } from "../ports/request.ts";
import { binaryOf, bytesOf } from "../runtime/bytes.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import type { PodRecord } from "../runtime/kernel/state.ts";
import * as runtime from "../runtime/sessions.ts";
import { sessionTable } from "../runtime/sessions.ts";
import { exitStatus } from "./exit-status.ts";
import { forwardTo, type Forwarded } from "../network/forward.ts";
import { withKubeletWake } from "../network/kubelet-wake.ts";

export interface SessionNews {
  stdout: Uint8Array;
  stderr: Uint8Array;
  /** The end: the Status for the session's error channel. */
  status?: SessionStatus;
}

const nothing = new Uint8Array();

export class Sessions {
  readonly #context: () => RuntimeContext;

  constructor(context: () => RuntimeContext) {
    this.#context = context;
  }

  hasNews({ pod, id }: CommandSession): boolean {
    if (id === undefined) return true;
    const session = this.#context().records.get<Partial<PodRecord>>("runtime", pod)?.sessions?.[id];
    return (
      !session || session.stdout !== "" || session.stderr !== "" || session.exitCode !== undefined
    );
  }

  /** Takes the output there is. With a status the session is over. */
  read(session: CommandSession): SessionNews {
    const { pod, id, kind, failed } = session;
    if (id === undefined) return { stdout: nothing, stderr: nothing, status: failed };
    const context = this.#context();
    const output = withKubeletWake(context, pod, () => runtime.sessionOutput(context, pod, id));
    // Its Pod has gone: whatever ran was killed.
    const exit = output ? output.exit : 137;
    const { stdout, stderr } = output ?? { stdout: nothing, stderr: nothing };
    if (exit === undefined) return { stdout, stderr };
    context.records.delete(sessionTable, `${pod} ${id}`);
    // An attach ends well however its container ended: clients read the exit code from the Pod.
    return { stdout, stderr, status: exitStatus(kind === "attach" ? 0 : exit) };
  }

  /** How many bytes it takes now. */
  inputCapacityBytes({ pod, id }: CommandSession): number {
    if (id === undefined) return Number.MAX_SAFE_INTEGER;
    return sessionInputBytesMax - runtime.sessionBacklog(this.#context(), pod, id);
  }

  write({ pod, id }: CommandSession, bytes: Uint8Array): void {
    if (id === undefined) return;
    const context = this.#context();
    withKubeletWake(context, pod, () => runtime.sessionInput(context, pod, id, bytes));
  }

  /** Its command reads on at once, whatever CPU its container may use. */
  drainInput({ pod, id }: CommandSession): void {
    if (id === undefined) return;
    const context = this.#context();
    withKubeletWake(context, pod, () => runtime.sessionDrainInput(context, pod, id));
  }

  closeInput({ pod, id }: CommandSession): void {
    if (id === undefined) return;
    const context = this.#context();
    withKubeletWake(context, pod, () => runtime.sessionCloseInput(context, pod, id));
  }

  resize({ pod, id }: CommandSession, cols: number, rows: number): void {
    if (id !== undefined) runtime.sessionResize(this.#context(), pod, id, cols, rows);
  }

  /** The user's side has gone. */
  end({ pod, id }: CommandSession): void {
    if (id === undefined) return;
    const context = this.#context();
    withKubeletWake(context, pod, () => runtime.sessionEnd(context, pod, id));
    context.records.delete(sessionTable, `${pod} ${id}`);
  }

  // Forwarded connections

  /** Opens a connection to a port of the Pod, as from inside it. The error is the kubelet's text. */
  connect(session: ForwardSession, port: number): Forwarded | { error: string } {
    const context = this.#context();
    const opened = forwardTo(context, { ip: "127.0.0.1" }, session, port);
    if ("stream" in opened) context.records.put(sessionTable, ` ${opened.stream}`, {});
    return opened;
  }

  /** The client speaks TLS: what is sent is what it said in it. */
  secure(stream: string): void {
    const context = this.#context();
    context.spend?.(cpuUsPerTlsHandshake);
    tcp.secure(context, stream);
  }

  streamHasNews(stream: string): boolean {
    const record = this.#context().records.get<Stream>(networkTable, stream);
    return !record || tcp.hasNews(record);
  }

  streamCapacityBytes(stream: string): number {
    return tcp.sendCapacityBytes(this.#context(), stream);
  }

  send(stream: string, bytes: Uint8Array, end: boolean): void {
    tcp.send(this.#context(), stream, binaryOf(bytes), end);
  }

  /** Bytes that came; undefined: none now; "end": the server has closed. */
  receive(stream: string): Uint8Array | undefined | "end" {
    const bytes = tcp.receive(this.#context(), stream);
    return bytes === undefined ? undefined : bytes === "" ? "end" : bytesOf(bytes);
  }

  disconnect(stream: string): void {
    const context = this.#context();
    tcp.close(context, stream);
    context.records.delete(sessionTable, ` ${stream}`);
  }

  // After the object lost its memory

  /** Sessions and forwarded connections that nobody holds any more. */
  orphans(held: readonly CommandSession[] = []): string[] {
    const names = new Set(held.map(({ pod, id }) => `${pod} ${id}`));
    return [...this.#context().records.keys(sessionTable)].filter((key) => !names.has(key));
  }

  /** The same without a step of any process: what hangs up dies of a segmentation fault. */
  dropAll(): void {
    const context = this.#context();
    for (const key of [...context.records.keys(sessionTable)]) {
      const space = key.indexOf(" ");
      if (space > 0) runtime.sessionKill(context, key.slice(0, space), key.slice(space + 1));
      context.records.delete(sessionTable, key);
    }
  }

  /** As if their users' sides had gone. */
  endOrphans(orphans: readonly string[]): void {
    const context = this.#context();
    for (const key of orphans) {
      const space = key.indexOf(" ");
      const [pod, id] = [key.slice(0, space), key.slice(space + 1)];
      if (space === 0) tcp.close(context, id);
      else withKubeletWake(context, pod, () => runtime.sessionEnd(context, pod, id));
      context.records.delete(sessionTable, key);
    }
  }
}
