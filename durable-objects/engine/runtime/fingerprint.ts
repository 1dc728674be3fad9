/** What a Pod's servers would answer, as one short text: it changes when their processes, ports or files do. */
import { fnv32a } from "../core/random.ts";
import type { TreeRecord } from "./fs/inode.ts";
import { treeRecordCodec } from "./fs/tree-codec.ts";
import { storedState } from "./kernel/record-codec.ts";
import type { Programs, RuntimeContext } from "./kernel/types.ts";
import type { PodRecord } from "./kernel/state.ts";
import { sourceTree } from "./volumes/volumes.ts";

/** Moments of a tree's files as stored, and folders of volumes that are called by them: what servers answer does not follow from these. */
const moments = /"k":\d+(?:\.\d+)?|\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d/g;

/** Records are immutable, so a text once made holds for as long as the record is the one stored. */
const printOf = new WeakMap<object, string>();

/** Of its form on disk: prints are kept, also in snapshots. */
function treePrint(tree: TreeRecord): string {
  let text = printOf.get(tree);
  if (text === undefined) {
    const stored = JSON.stringify(treeRecordCodec.save(tree)).replaceAll(moments, "");
    printOf.set(tree, (text = fnv32a(stored).toString(36)));
  }
  return text;
}

/** Requests themselves only move logs, connections and CPU time, which are left out. */
function processPrint(pod: PodRecord, programs: Programs): string | undefined {
  const known: unknown[] = [];
  for (const key in pod.processes) {
    const process = pod.processes[key];
    if (!process) continue;
    const program = programs.get(process.program);
    if (process.exitStatus === undefined && program?.restless?.(process.state)) return undefined;
    // As on disk, like the trees: prints are kept.
    const state = storedState(program, process.state);
    known.push([key, process.program, process.exitStatus, process.stopped, state]);
  }
  const ports = Object.entries(pod.listeners ?? {}).map(([port, listener]) => [
    port,
    listener.process,
    listener.kind,
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
  for (const key in pod.containers) {
    const spec = pod.containers[key]?.spec;
    trees.add(`c/${podKey}/${spec?.id.slice(0, 12)}`);
    for (const mount of spec?.mounts ?? []) trees.add(sourceTree(mount.source)[0]);
  }
  let text = processes;
  for (const tree of trees) {
    const record = context.records.get<TreeRecord>("trees", tree);
    if (record) text += `.${treePrint(record)}`;
  }
  return text;
}
