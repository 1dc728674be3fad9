/**
 * Terminals of a sandbox: shells that are kept by name, on the nodes and in containers (runtime/terminals.ts). Everything that
 * changes one belongs into `Engine.session(...)`; looking changes nothing.
 */
import { terminalInputBytesMax, terminalsMax } from "../core/limits.ts";
import { bytesOf } from "../runtime/bytes.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import * as kept from "../runtime/terminals.ts";
import type { TerminalState } from "../runtime/terminals.ts";
import * as sessions from "../runtime/sessions.ts";
import { execSession } from "../runtime/sessions.ts";
import { runningInstance } from "./containers.ts";
import { withKubeletWake } from "../network/kubelet-wake.ts";
import { machineSession } from "./node-command.ts";

export type { TerminalState };

/** Where a terminal's shell runs: a node, or a container of a Pod (`namespace/name`). */
export type TerminalPlace = { node: string } | { pod: string; container: string };

export interface NewTerminal {
  place: TerminalPlace;
  /** Absent: a login shell on a node; in a container bash, else sh. */
  command?: string[];
  cols: number;
  rows: number;
}

/** What a screen lacks: bytes from `position` on, and whether there were others before them that are gone. */
export interface TerminalNews {
  position: number;
  bytes: Uint8Array;
  lost: boolean;
}

export class Terminals {
  readonly #context: () => RuntimeContext;

  constructor(context: () => RuntimeContext) {
    this.#context = context;
  }

  list(): TerminalState[] {
    return kept.terminals(this.#context());
  }

  get(name: string): TerminalState | undefined {
    return kept.terminal(this.#context(), name);
  }

  /** The terminal of that name; one that is not there, or whose command has ended, begins. The reason why it cannot. */
  open(name: string, wanted: NewTerminal): TerminalState | { reason: string } {
    const context = this.#context();
    const known = kept.terminal(context, name);
    if (known && known.exitCode === undefined) return known;
    if (!known && !kept.isTerminalRoom(context))
      return { reason: `a sandbox has at most ${terminalsMax} terminals: close one` };
    const started = this.#start(context, name, wanted, known?.position ?? 0);
    if ("reason" in started) return started;
    if (known) sessions.sessionEnd(context, known.pod, known.session);
    kept.keepTerminal(context, name, started);
    return kept.terminal(context, name) as TerminalState;
  }

  #start(
    context: RuntimeContext,
    name: string,
    { place, command, cols, rows }: NewTerminal,
    position: number,
  ): { pod: string; container?: string; session: string } | { reason: string } {
    const request = { tty: true, stdin: true, cols, rows, kept: { terminal: name, position } };
    if ("node" in place) {
      const words = command ?? ["bash", "-l"];
      const begun = machineSession(context, place.node, { ...request, command: words });
      if ("reason" in begun) return begun;
      return { pod: begun.pod, session: begun.id as string };
    }
    const { pod, container } = place;
    const instance = runningInstance(context, pod, container);
    if (instance === undefined) return { reason: `container not found ("${container}")` };
    const shell = ["sh", "-c", "command -v bash >/dev/null && exec bash || exec sh"];
    const begun = withKubeletWake(context, pod, () =>
      execSession(context, pod, instance, { ...request, command: command ?? shell }),
    );
    return "error" in begun ? { reason: begun.error } : { pod, container, session: begun.session };
  }

  /** Bytes of keys it takes now; more would be held without bound. */
  inputCapacityBytes(name: string): number {
    const state = this.get(name);
    if (!state) return 0;
    return (
      terminalInputBytesMax - sessions.sessionBacklog(this.#context(), state.pod, state.session)
    );
  }

  /**
   * Keys typed. What is beyond its capacity is lost, as with a terminal's buffer, but for ^C and its like; how many bytes it took.
   */
  write(name: string, bytes: Uint8Array): number {
    const state = this.get(name);
    if (!state || state.exitCode !== undefined) return 0;
    const capacity = Math.max(0, this.inputCapacityBytes(name));
    const context = this.#context();
    const { pod, session } = state;
    const signals = sessions.signalKeysIn(context, pod, session, bytes.subarray(capacity));
    const held = bytes.subarray(0, capacity);
    const taken = new Uint8Array(held.length + signals.length);
    taken.set(held);
    taken.set(signals, held.length);
    withKubeletWake(context, pod, () => sessions.sessionInput(context, pod, session, taken));
    return taken.length;
  }

  resize(name: string, cols: number, rows: number): void {
    const state = this.get(name);
    if (!state) return;
    const context = this.#context();
    withKubeletWake(context, state.pod, () =>
      sessions.sessionResize(context, state.pod, state.session, cols, rows),
    );
  }

  /** What was printed from a position on, at most `most` bytes. */
  read(name: string, from: number, most: number): TerminalNews {
    const { position, bytes } = kept.terminalText(this.#context(), name, from, most);
    return { position, bytes: bytesOf(bytes), lost: position > from };
  }

  /** Hangs up: its processes get SIGHUP, its name is free. False: there was none. */
  close(name: string): boolean {
    const context = this.#context();
    const state = this.get(name);
    if (!state) return false;
    return withKubeletWake(context, state.pod, () => kept.removeTerminal(context, name));
  }
}
