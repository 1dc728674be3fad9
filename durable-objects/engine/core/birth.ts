/** What a cluster is born with. It never changes, follows from nothing else, and goes along with a snapshot. */
import type { Log } from "./log.ts";

export interface Birth {
  /** What chance is drawn from, and nothing else: whoever knows it can make the same cluster, and open none. */
  seed: string;
  /** Workers; the control-plane node comes on top. */
  nodes: number;
  name: string;
  /** ms at which the cluster began, by the wall's clock and by its own. */
  bornMs: number;
}

const metaKey = "birth";

/** As it is written down; of a cluster that is new, or from before it was, what the caller hands in. */
export function birthOf(log: Log, handedIn: Partial<Birth>, nowMs: number): Birth {
  const text = log.meta(metaKey);
  if (text !== undefined) return JSON.parse(text) as Birth;
  const { seed, nodes, name = "", bornMs = nowMs } = handedIn;
  if (seed === undefined || nodes === undefined) throw new Error("there is no cluster here");
  const birth = { seed, nodes, name, bornMs: Number(log.meta("born") ?? bornMs) };
  log.setMeta(...birthRow(birth));
  return birth;
}

/** As `meta` holds it. */
export function birthRow({ seed, nodes, name, bornMs }: Birth): [key: string, value: string] {
  return [metaKey, JSON.stringify({ seed, nodes, name, bornMs })];
}
