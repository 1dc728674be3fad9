/**
 * Output that was not taken yet. A little is kept with the process; what is more goes into a file that has no name any more, as
 * mkstemp and unlink leave one, so that a slow reader of a long list costs no memory. The file goes with its descriptors.
 */
import { kubectlOutputHeldCharactersMax, pipeBytesMax } from "../core/limits.ts";
import { Errno } from "../runtime/errno.ts";
import { drain } from "../runtime/tools/tool.ts";
import type { Step } from "../runtime/kernel/calls.ts";
import type { Sys } from "../runtime/kernel/types.ts";

export interface Output {
  /** Pieces by descriptor, in order. */
  output?: [number, string][];
  /** What follows them: descriptors of the file, and how much of it is whose. */
  spool?: { read: number; write: number; pieces: [number, number][] };
}

/** Adds a piece behind what is there. */
export function add(sys: Sys, output: Output, fd: number, bytes: string): void {
  if (output.spool) return append(sys, output.spool, fd, bytes);
  const last = output.output?.at(-1);
  if (last && last[0] === fd) last[1] += bytes;
  else (output.output ??= []).push([fd, bytes]);
}

function append(sys: Sys, spool: NonNullable<Output["spool"]>, fd: number, bytes: string): void {
  sys.write(spool.write, bytes);
  const last = spool.pieces.at(-1);
  if (last && last[0] === fd) last[1] += bytes.length;
  else spool.pieces.push([fd, bytes.length]);
}

/** Moves what is too much to be kept into a file; where there is no room for one it stays. */
function spill(sys: Sys, output: Output): void {
  const held = (output.output ?? []).reduce((sum, [, bytes]) => sum + bytes.length, 0);
  if (output.spool || held <= kubectlOutputHeldCharactersMax) return;
  const path = `/tmp/.kubectl-${sys.pid}`;
  try {
    const write = sys.open(path, { write: true, create: true, exclusive: true }, 0o600);
    const read = sys.open(path, { read: true });
    sys.unlink(path);
    const spool: NonNullable<Output["spool"]> = { read, write, pieces: [] };
    for (const [fd, bytes] of output.output ?? []) append(sys, spool, fd, bytes);
    output.spool = spool;
    delete output.output;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
}

/** Hands on what it can; what to wait for while that is not all. */
export function handOn(sys: Sys, output: Output): Step {
  for (;;) {
    if (output.output) {
      // Its exit code waits until all is out.
      const some: Output = { output: output.output };
      const stuck = drain(sys, some);
      if (some.output) output.output = some.output;
      else delete output.output;
      if (stuck) {
        spill(sys, output);
        return stuck;
      }
    }
    const { spool } = output;
    if (!spool) return undefined;
    const [piece] = spool.pieces;
    if (!piece) {
      sys.close(spool.read);
      sys.close(spool.write);
      delete output.spool;
      return undefined;
    }
    const bytes = sys.read(spool.read, Math.min(piece[1], pipeBytesMax)) ?? "";
    piece[1] -= bytes.length;
    if (piece[1] <= 0 || bytes === "") spool.pieces.shift();
    output.output = [[piece[0], bytes]];
  }
}
