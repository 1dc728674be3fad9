/**
 * What the terminals that are kept have printed: bytes by position since the terminal's birth, in chunks (table
 * "terminal-output", key `NAME n`: positions from n times the chunk's size on). Printing waits for nobody: whoever looks reads
 * from a position, and what is older than the bound is gone.
 */
import {
  terminalBytesPerMs,
  terminalBurstBytes,
  terminalChunkBytes,
  terminalKeptBytesMax,
} from "../../core/limits.ts";
import type { Records } from "../../ports/controller.ts";
import type { KeptOutput, Process, Session } from "./state.ts";
import { terminalOutput } from "./terminal.ts";
import type { Kernel } from "./types.ts";

export const terminalOutputTable = "terminal-output";

const chunkKey = (terminal: string, chunk: number): string => `${terminal} ${chunk}`;
const chunkOf = (position: number): number => Math.floor(position / terminalChunkBytes);
const chunksKept = terminalKeptBytesMax / terminalChunkBytes;

/** First position that is still kept. */
export const firstKept = (position: number): number =>
  Math.max(0, chunkOf(position) - chunksKept + 1) * terminalChunkBytes;

export class TerminalOutput {
  readonly #records: Records;
  readonly #chunks = new Map<string, string>();

  constructor(records: Records) {
    this.#records = records;
  }

  append(kept: KeptOutput, data: string): void {
    for (let at = 0; at < data.length;) {
      const chunk = chunkOf(kept.position);
      const key = chunkKey(kept.terminal, chunk);
      const had =
        this.#chunks.get(key) ?? this.#records.get<string>(terminalOutputTable, key) ?? "";
      if (had === "") this.#drop(chunkKey(kept.terminal, chunk - chunksKept));
      const part = data.slice(at, at + terminalChunkBytes - had.length);
      this.#chunks.set(key, had + part);
      at += part.length;
      kept.position += part.length;
    }
  }

  #drop(key: string): void {
    this.#chunks.delete(key);
    if (this.#records.get(terminalOutputTable, key) !== undefined)
      this.#records.delete(terminalOutputTable, key);
  }

  save(): void {
    for (const [key, text] of this.#chunks) this.#records.put(terminalOutputTable, key, text);
    this.#chunks.clear();
  }
}

/** A program prints on a terminal that is kept; all of it is taken, but a flood takes its time. */
export function print(kernel: Kernel, process: Process, kept: KeptOutput, data: string): number {
  const said = terminalOutput(data);
  kernel.printed.append(kept, said);
  kernel.charge(process, printingCost(kept, kernel.now, said.length));
  return data.length;
}

/** Microseconds of CPU that printing costs: nearly nothing, until more comes than a terminal takes. */
function printingCost(kept: KeptOutput, nowMs: number, bytes: number): number {
  const passed = Math.max(0, nowMs - (kept.aheadAtMs ?? nowMs));
  const ahead = Math.max(0, (kept.ahead ?? 0) - passed * terminalBytesPerMs) + bytes;
  kept.ahead = Math.round(ahead);
  kept.aheadAtMs = Math.round(nowMs);
  return ahead > terminalBurstBytes ? (bytes * 1000) / terminalBytesPerMs : bytes / 20;
}

/** Bytes from a position on, at most `most`; where those are gone, from the first that is kept. */
export function readOutput(
  records: Records,
  { kept }: Session,
  from: number,
  most: number,
): { position: number; bytes: string } {
  if (!kept) return { position: from, bytes: "" };
  let position = Math.max(from > kept.position ? kept.position : from, firstKept(kept.position));
  const begin = position;
  let bytes = "";
  while (position < kept.position && bytes.length < most) {
    const key = chunkKey(kept.terminal, chunkOf(position));
    const text = records.get<string>(terminalOutputTable, key) ?? "";
    const part = text.slice(position % terminalChunkBytes).slice(0, most - bytes.length);
    if (part === "") break;
    bytes += part;
    position += part.length;
  }
  return { position: begin, bytes };
}

/** Forgets what a terminal printed. */
export function removeOutput(records: Records, terminal: string): void {
  for (const key of [...records.keys(terminalOutputTable)])
    if (key.startsWith(`${terminal} `)) records.delete(terminalOutputTable, key);
}
