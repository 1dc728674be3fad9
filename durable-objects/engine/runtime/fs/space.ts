/** How much a tree may still hold: itself, and the sandbox with all its trees. */
import type { Records } from "../../ports/controller.ts";
import { fileBytesPerSandboxMax, fileBytesStep, treeBytesMax } from "../../core/limits.ts";
import { Errno } from "../errno.ts";
import type { TreeRecord } from "./inode.ts";

export class Space {
  /** What the kubelet writes is bounded by the objects it comes from. */
  unlimited = false;
  /** Of a file system in memory: what its files may add up to. */
  heldBytesMax: number | undefined;
  readonly #records: Records;
  readonly #key: string;
  /** Bytes of all other trees, once asked for. */
  #others: number | undefined;

  constructor(records: Records, key: string) {
    this.#records = records;
    this.#key = key;
  }

  /** A tree grows. ENOSPC. The others are counted once in a while only: each may be a step beyond. */
  claim(before: number, after: number): void {
    if (after <= before) return;
    if (after > treeBytesMax) throw new Errno("ENOSPC");
    const step = (bytes: number): number => Math.floor(bytes / fileBytesStep);
    if (this.unlimited || step(after) === step(before)) return;
    this.#others ??= this.#count();
    if (this.#others + after > fileBytesPerSandboxMax) throw new Errno("ENOSPC");
  }

  /** What a file system in memory would hold, zeros too. ENOSPC. */
  hold(bytes: number): void {
    if (this.heldBytesMax !== undefined && bytes > this.heldBytesMax) throw new Errno("ENOSPC");
  }

  #count(): number {
    let sum = 0;
    for (const key of this.#records.keys("trees", true))
      if (key !== this.#key) sum += this.#records.get<TreeRecord>("trees", key)?.bytes ?? 0;
    return sum;
  }
}
