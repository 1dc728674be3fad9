/** What runs in a Pod lies in one row: when it would grow too large for that, the container that holds most is killed. */
import { packedRecordCharactersMin, podRecordCharactersMax } from "../../core/limits.ts";
import type { Kernel } from "./types.ts";
import type { Level, RecordCodec } from "../../core/record-codec.ts";
import { podRecordCodec } from "./record-codec.ts";
import { packed } from "./stored-record.ts";
import type { PodRecord } from "./state.ts";

const sizeOf = (value: unknown): number => JSON.stringify(value)?.length ?? 0;

/**
 * No less than what `sizeOf` counts of the form on disk, without making it or its text: every character may need an escape
 * of six.
 */
function mostOf(value: unknown, names?: Level): number {
  if (typeof value === "string") return value.length * 6 + 3;
  if (typeof value !== "object" || value === null) return 26;
  if (!Array.isArray(value)) return mostOfTable(value as Record<string, unknown>, names);
  let sum = 3;
  for (const inner of value) sum += mostOf(inner, names?.each);
  return sum;
}

/** The same of a table, without one of its fields. */
function mostOfTable(
  table: Readonly<Record<string, unknown>>,
  names: Level | undefined,
  without?: string,
): number {
  let sum = 3;
  const level = names?.of?.(table) ?? names;
  for (const key in table) {
    if (key === without) continue;
    const name = level?.to.get(key) ?? key;
    sum += name.length * 6 + 3 + mostOf(table[key], level?.each ?? level?.inside.get(key));
  }
  return sum;
}

const specSizes = new WeakMap<object, number>();

/**
 * What a container was started with stays as it is, and is most of a record. Without a codec names count in full, which is
 * more and soon found.
 */
function mostOfRecord(pod: PodRecord, codec?: RecordCodec): number {
  const inside = codec?.names.inside;
  let sum = 3;
  for (const name in pod)
    if (name !== "containers") sum += mostOf(pod[name as keyof PodRecord], inside?.get(name)) + 20;
  const names = inside?.get("containers")?.each;
  for (const key in pod.containers) {
    const container = pod.containers[key]!;
    const { spec } = container;
    let size = specSizes.get(spec);
    if (size === undefined) specSizes.set(spec, (size = mostOf(spec)));
    sum += size + mostOfTable(container as unknown as Record<string, unknown>, names, "spec") + 20;
  }
  return sum;
}

type Sized = Record<"processes" | "pipes" | "connections" | "sessions", Record<string, unknown>>;

/** The tables of a record with what lies in them as it is on disk. */
function sizedTables(pod: PodRecord, codec: RecordCodec): Sized {
  const stored = codec.save(pod) as Record<"ps" | "pi" | "co" | "se", Sized["pipes"]>;
  const { ps: processes, pi: pipes, co: connections, se: sessions } = stored;
  return { processes, pipes, connections, sessions };
}

/** Characters of the record that come of each container's processes, pipes, and sessions. */
function shares(pod: PodRecord, codec: RecordCodec): Map<string, number> {
  const sized = sizedTables(pod, codec);
  const found = new Map<string, number>();
  const add = (container: string, size: number): void => {
    if (pod.containers[container]) found.set(container, (found.get(container) ?? 0) + size);
  };
  for (const key in pod.containers) add(key, 0);
  for (const key in pod.processes) {
    const process = pod.processes[key];
    if (!process) continue;
    add(process.container, sizeOf(sized.processes[key]));
    for (const id of Object.values(process.fds ?? {})) {
      const file = pod.openFiles[id];
      if (file?.kind === "w") add(process.container, sizeOf(sized.pipes[file.pipe]));
      if (file?.kind === "c") add(process.container, sizeOf(sized.connections[file.connection]));
    }
  }
  for (const id in pod.sessions) add(pod.sessions[id]?.container ?? "", sizeOf(sized.sessions[id]));
  return found;
}

/** Key of the process with the most state of its own. */
function largestProcess(stored: PodRecord, codec: RecordCodec): number {
  const sized = codec.save(stored) as { ps: Record<string, unknown> };
  const size = (key: string): number => sizeOf(sized.ps[key]);
  return Number(Object.keys(stored.processes).sort((a, b) => size(b) - size(a))[0]);
}

/** Drops what the fullest session holds unread, where that is more than any process has; whether it did. */
function forgetsInput(stored: PodRecord, pod: PodRecord, codec: RecordCodec): boolean {
  const size = (id: string): number => {
    const { input = "", editedLine = "", stdout = "", stderr = "" } = pod.sessions[id] ?? {};
    return sizeOf([input, editedLine, stdout, stderr]);
  };
  const [fullest] = Object.keys(pod.sessions).sort((a, b) => size(b) - size(a));
  const session = pod.sessions[fullest ?? ""];
  if (fullest === undefined || !session) return false;
  const process = codec.save(stored) as { ps: Record<string, unknown> };
  if (size(fullest) <= sizeOf(process.ps[largestProcess(stored, codec)])) return false;
  Object.assign(session, { input: "", editedLine: "", stdout: "", stderr: "" });
  return true;
}

/**
 * Kills by memory until the record fits when it is packed; whether it must be. Sessions keep their end and lose what nobody
 * has read.
 */
export function keepSmall(kernel: Kernel): boolean {
  const { pod } = kernel;
  if (mostOfRecord(pod) <= packedRecordCharactersMin) return false;
  const codec = podRecordCodec(kernel.context.images);
  const most = mostOfRecord(pod, codec);
  if (most <= podRecordCharactersMax) return most > packedRecordCharactersMin;
  const machine = Object.values(pod.containers).some(({ spec }) => spec.machine);
  const victims = machine ? pod.processes : pod.containers;
  const sessions = machine ? Object.keys(pod.sessions).length : 0;
  for (let rounds = Object.keys(victims).length + sessions; rounds > 0; rounds--) {
    const stored = packed(pod);
    if (sizeOf(codec.save(stored)) <= podRecordCharactersMax) break;
    // Who works on a node is not to blame for what others type there.
    if (machine && forgetsInput(stored, pod, codec)) continue;
    const [largest] = [...shares(stored, codec)].sort((a, b) => b[1] - a[1])[0] ?? [];
    const container = pod.containers[largest ?? ""];
    if (largest === undefined || !container) break;
    if (!container.exit) kernel.oomKill(machine ? largestProcess(stored, codec) : container.root);
    for (const id in pod.sessions) {
      const session = pod.sessions[id];
      if (!machine && session?.container === largest)
        Object.assign(session, { input: "", stdout: "", stderr: "" });
    }
  }
  return true;
}
