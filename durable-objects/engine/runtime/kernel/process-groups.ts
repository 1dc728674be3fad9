/**
 * Process groups of a terminal: which of them it hears keys for, and processes that stop and go on.
 * POSIX: General Terminal Interface (11.1), sigaction
 */
import { Errno } from "../errno.ts";
import { processKey } from "./process-key.ts";
import type { Kernel } from "./types.ts";
import type { Process, Session } from "./state.ts";

const sigcont = 18;
const sigstop = 19;
const sigttin = 21;

/** Signals that stop a process: STOP, TSTP, TTIN, TTOU. */
export const stops = (signal: number): boolean => signal >= sigstop && signal <= 22;

export const groupOf = (process: Process): number => process.processGroup ?? process.pid;

/** The group that gets a terminal's signals and may read from it; until a shell has said so, that of its first command. */
export function foregroundGroup(kernel: Kernel, session: Session): number | undefined {
  const first =
    session.kind === "own" ? kernel.pod.containers[session.container]?.root : session.process;
  return session.foregroundGroup ?? kernel.pod.processes[first ?? 0]?.pid;
}

/** The terminal that a process belongs to. */
export function controllingTerminal(kernel: Kernel, process: Process): Session | undefined {
  const session = process.session === undefined ? undefined : kernel.pod.sessions[process.session];
  return session?.tty ? session : undefined;
}

/**
 * Whether nobody could send a group on who is of its session: no parent of a member is of another group there. Keys and
 * reading in the background do not stop it.
 */
function isOrphaned(kernel: Kernel, { pidNamespace, session, ...process }: Process): boolean {
  const group = groupOf(process as Process);
  return !Object.values(kernel.pod.processes).some((one) => {
    if (one.pidNamespace !== pidNamespace || groupOf(one) !== group) return false;
    const parent = kernel.pod.processes[one.parent];
    return (
      parent !== undefined &&
      parent.exitStatus === undefined &&
      parent.session === session &&
      groupOf(parent) !== group
    );
  });
}

/** Stops a process, as a signal without a handler does. */
export function stop(kernel: Kernel, process: Process, signal: number): void {
  if (process.stopped || (signal !== sigstop && isOrphaned(kernel, process))) return;
  kernel.touch();
  process.stopped = true;
  process.stopSignal = signal;
  process.stateChanged = true;
}

/** A stopped process goes on. Whoever waits for keys asks for them again: it may be in the background by now. */
export function goOn(kernel: Kernel, process: Process): void {
  delete process.stopped;
  delete process.stopSignal;
  process.stateChanged = true;
  if (process.wait?.readable?.some((fd) => kernel.files.terminal(process, fd) !== undefined))
    delete process.wait;
}

/** A signal that stops and the one that goes on take each other away while they wait. */
export function withoutOpposite(
  pending: readonly number[] | undefined,
  signal: number,
): number[] | undefined {
  const left = pending?.filter((one) =>
    signal === sigcont ? !stops(one) : !stops(signal) || one !== sigcont,
  );
  return left?.length ? left : undefined;
}

/** A read from the terminal in the background stops the reader's group: true; EIO where it cannot be stopped. */
export function isBackgroundRead(kernel: Kernel, process: Process, id: string): boolean {
  const session = kernel.pod.sessions[id];
  if (process.session !== id || !session?.tty) return false;
  const group = groupOf(process);
  if (group === foregroundGroup(kernel, session)) return false;
  if (process.ignoredSignals?.includes(sigttin) || isOrphaned(kernel, process))
    throw new Errno("EIO");
  for (const name in kernel.pod.processes) {
    const other = kernel.pod.processes[name];
    if (other?.session === id && groupOf(other) === group) kernel.kill(Number(name), sigttin);
  }
  return true;
}

/** A child that has stopped or gone on since its parent asked last. */
export function changedChild(kernel: Kernel, process: Process): Process | undefined {
  const key = processKey(process.pidNamespace, process.pid);
  for (const name in kernel.pod.processes) {
    const child = kernel.pod.processes[name];
    if (child?.parent === key && child.stateChanged && child.exitStatus === undefined) return child;
  }
  return undefined;
}
