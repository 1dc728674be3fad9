/** What a Pod's servers would answer, as one short text: it changes when their processes, ports or files do. */
import { fnv32a } from "../core/random.ts";
import type { Programs, RuntimeContext } from "./kernel/types.ts";
import type { PodRecord } from "./kernel/state.ts";
import { sourceTree } from "./volumes/volumes.ts";

/** Moments of a tree's files, and folders of volumes that are called by them: what servers answer does not follow from these. */
const moments = /"k":\d+(?:\.\d+)?|\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d/g;

/** Records are immutable, so a text once made holds for as long as the record is the one stored. */
const printOf = new WeakMap<object, string>();

function recordPrint(record: object): string {
  let text = printOf.get(record);
  if (text === undefined) {
    text = fnv32a(JSON.stringify(record).replaceAll(moments, "")).toString(36);
    printOf.set(record, text);
  }
  return text;
}

/** Requests themselves only move logs, connections and CPU time, which are left out. */
function processPrint(pod: PodRecord, programs: Programs): string | undefined {
  const known: unknown[] = [];
  for (const key in pod.ps) {
    const process = pod.ps[key];
    if (!process) continue;
    const program = programs.get(process.p);
    if (process.z === undefined && program?.restless?.(process.s)) return undefined;
    known.push([key, process.p, process.z, process.st, process.s]);
  }
  const ports = Object.entries(pod.li ?? {}).map(([port, listener]) => [
    port,
    listener.p,
    listener.k,
  ]);
  return fnv32a(JSON.stringify([known, ports])).toString(36);
}

/** A text that stays as long as a Pod's processes and files do; another at every moment where that cannot be told. */
export function fingerprint(context: RuntimeContext, podKey: string): string {
  const pod = context.records.get<PodRecord>("runtime", podKey);
  if (!pod) return "";
  const processes = processPrint(pod, context.images.programs);
  if (processes === undefined) return `@${context.now}`;
  const trees = new Set<string>();
  for (const key in pod.cs) {
    const spec = pod.cs[key]?.spec;
    trees.add(`c/${podKey}/${spec?.id.slice(0, 12)}`);
    for (const mount of spec?.mounts ?? []) trees.add(sourceTree(mount.source)[0]);
  }
  let text = processes;
  for (const tree of trees) {
    const record = context.records.get<object>("trees", tree);
    if (record) text += `.${recordPrint(record)}`;
  }
  return text;
}
