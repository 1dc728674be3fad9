/** What runs in a Pod lies in one row: when it would grow too large for that, the container that holds most is killed. */
import { packedRecordCharactersMin, podRecordCharactersMax } from "../../core/limits.ts";
import type { Kernel } from "./types.ts";
import { packed } from "./stored-record.ts";
import type { PodRecord } from "./state.ts";

const sizeOf = (value: unknown): number => JSON.stringify(value)?.length ?? 0;

/** No less than what `sizeOf` counts, without making the text: every character may need an escape of six. */
function mostOf(value: unknown): number {
  if (typeof value === "string") return value.length * 6 + 3;
  if (typeof value !== "object" || value === null) return 26;
  let sum = 3;
  if (Array.isArray(value)) for (const inner of value) sum += mostOf(inner);
  else {
    const table = value as Record<string, unknown>;
    for (const key in table) sum += key.length * 6 + 3 + mostOf(table[key]);
  }
  return sum;
}

const specSizes = new WeakMap<object, number>();

/** What a container was started with stays as it is, and is most of a record. */
function mostOfRecord(pod: PodRecord): number {
  let sum = 3;
  for (const name in pod) if (name !== "cs") sum += mostOf(pod[name as keyof PodRecord]) + 20;
  for (const key in pod.cs) {
    const { spec, ...rest } = pod.cs[key] as PodRecord["cs"][string];
    let size = specSizes.get(spec);
    if (size === undefined) specSizes.set(spec, (size = mostOf(spec)));
    sum += size + mostOf(rest) + 20;
  }
  return sum;
}

/** Characters of the record that come of each container's processes, pipes, and sessions. */
function shares(pod: PodRecord): Map<string, number> {
  const found = new Map<string, number>();
  const add = (container: string, size: number): void => {
    if (pod.cs[container]) found.set(container, (found.get(container) ?? 0) + size);
  };
  for (const key in pod.cs) add(key, 0);
  for (const key in pod.ps) {
    const process = pod.ps[key];
    if (!process) continue;
    add(process.c, sizeOf(process));
    for (const id of Object.values(process.fd ?? {})) {
      const file = pod.of[id];
      if (file?.k === "w") add(process.c, sizeOf(pod.pi[file.p]));
      if (file?.k === "c") add(process.c, sizeOf(pod.co[file.c]));
    }
  }
  for (const id in pod.se) add(pod.se[id]?.c ?? "", sizeOf(pod.se[id]));
  return found;
}

/**
 * Kills by memory until the record fits when it is packed; whether it must be. Sessions keep their end and lose what nobody
 * has read.
 */
export function keepSmall(kernel: Kernel): boolean {
  const { pod } = kernel;
  const most = mostOfRecord(pod);
  if (most <= podRecordCharactersMax) return most > packedRecordCharactersMin;
  for (let rounds = Object.keys(pod.cs).length; rounds > 0; rounds--) {
    const stored = packed(pod);
    if (sizeOf(stored) <= podRecordCharactersMax) break;
    const [largest] = [...shares(stored)].sort((a, b) => b[1] - a[1])[0] ?? [];
    const container = pod.cs[largest ?? ""];
    if (largest === undefined || !container) break;
    if (!container.x) kernel.oomKill(container.root);
    for (const id in pod.se) {
      const session = pod.se[id];
      if (session?.c === largest) Object.assign(session, { i: "", o: "", e: "" });
    }
  }
  return true;
}
