/** How much is in a snapshot, with what its cluster was born with. */
import { keysIn, type Snapshot } from "../core/snapshot.ts";
import { baseOf } from "./take-and-restore.ts";

export interface Counts {
  nodes: number;
  pods: number;
  objects: number;
}

export function countsOf(snapshot: Snapshot): Counts {
  const keys = [...keysIn(snapshot, baseOf(snapshot.birth))];
  const of = (resource: string): number =>
    keys.filter((key) => key.startsWith(`o\0${resource}\0`)).length;
  return { nodes: of("nodes"), pods: of("pods"), objects: keys.length };
}
