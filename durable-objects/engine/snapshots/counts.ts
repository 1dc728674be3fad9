import type { Snapshot } from "../core/snapshot.ts";

export interface Counts {
  /** The control-plane node among them. */
  nodes: number;
  pods: number;
}

/** How much there is of what people count. */
export function countsOf({ objects }: Snapshot): Counts {
  const count = (resource: string): number =>
    objects.find(([name]) => name === resource)?.[1].filter(([, object]) => object).length ?? 0;
  return { nodes: count("nodes"), pods: count("pods") };
}
