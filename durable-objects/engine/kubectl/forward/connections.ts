/** Connections that port-forward carries: bytes both ways between a socket of the machine and one of the Pod. */
import { forwardBytesHeldMax } from "../../core/limits.ts";
import { Errno } from "../../runtime/errno.ts";
import type { Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { shutdown } from "../../runtime/net/socket.ts";

export interface Connection {
  /** Descriptors of both ends. */
  local: number;
  remote: number;
  /** Bytes read from one end that the other has not taken. */
  up: string;
  down: string;
  /** The machine's side sends no more. */
  upEnded?: true;
}

type Passed = "ended" | "broken" | { readable?: number; writable?: number };

/** Writes without the signal that a closed pipe sends; Go's sockets have none. */
export function writeSocket(sys: Sys, fd: number, data: string): number | "broken" {
  try {
    return sys.kernel.files.write(sys.process, fd, data);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return "broken";
  }
}

/** Carries what there is from one descriptor to another; `held`: what was read and not written. */
function pass(
  sys: Sys,
  [from, to]: readonly [number, number],
  held: { text: string },
  most: number,
): Passed {
  for (;;) {
    if (held.text === "") {
      const data = sys.read(from, most);
      if (data === undefined) return { readable: from };
      if (data === "") return "ended";
      held.text = data;
    }
    const written = writeSocket(sys, to, held.text);
    if (written === "broken") return "broken";
    held.text = held.text.slice(written);
    if (held.text !== "") return { writable: to };
    sys.kernel.touch();
  }
}

/** Carries one connection as far as it goes; true: it is over, and both ends are closed. */
export function carry(
  sys: Sys,
  one: Connection,
  open: number,
  wait: Required<Pick<Wait, "readable" | "writable">>,
): boolean {
  const most = Math.max(1024, Math.floor(forwardBytesHeldMax / open));
  const note = (passed: Passed): void => {
    if (typeof passed === "string") return;
    if (passed.readable !== undefined) wait.readable.push(passed.readable);
    if (passed.writable !== undefined) wait.writable.push(passed.writable);
  };
  if (!one.upEnded) {
    const held = { text: one.up };
    const passed = pass(sys, [one.local, one.remote], held, most);
    one.up = held.text;
    if (passed === "broken") return close(sys, one);
    if (passed === "ended") {
      one.upEnded = true;
      shutdown(sys, one.remote);
    }
    note(passed);
  }
  const held = { text: one.down };
  const passed = pass(sys, [one.remote, one.local], held, most);
  one.down = held.text;
  // The connection ends with what the Pod has to say.
  if (passed === "ended" || passed === "broken") return close(sys, one);
  note(passed);
  return false;
}

export function close(sys: Sys, { local, remote }: Pick<Connection, "local" | "remote">): true {
  for (const fd of [local, remote]) if (sys.isOpen(fd)) sys.close(fd);
  return true;
}
