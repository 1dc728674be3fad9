/**
 * Devices that a node can reach, pool by pool: out-dated slices are left out, pools that lack some are incomplete, and
 * those that contradict themselves invalid. k8s: dynamic-resource-allocation/structured/internal/incubating/pools_incubating.go
 */
import type { Device, ResourceSlice } from "../../kinds/resource/shape.ts";
import { nodeTermMatches } from "../node-terms.ts";
import { byText, type Node } from "../types.ts";

type Spec = NonNullable<ResourceSlice["spec"]>;
type Selector = Spec["nodeSelector"];

export interface Pool {
  driver: string;
  name: string;
  incomplete: boolean;
  invalid: boolean;
  /** Those whose devices the node may reach. */
  slices: readonly ResourceSlice[];
  /** All of its generation: what they hold counts for the counters. */
  all: readonly ResourceSlice[];
}

function placeMatches(
  node: Node,
  { nodeName, allNodes, nodeSelector }: Pick<Device, "nodeName" | "allNodes" | "nodeSelector">,
): boolean {
  if (nodeName) return node.metadata.name === nodeName;
  if (allNodes) return true;
  return nodeSelectorMatches(node, nodeSelector);
}

export const nodeSelectorMatches = (node: Node, selector: Selector): boolean =>
  selector?.nodeSelectorTerms.some((term) => nodeTermMatches(term, node)) ?? false;

/** Whether one device can be reached; its slice can. */
export const deviceReaches = (node: Node, spec: Spec, device: Device): boolean =>
  !spec.perDeviceNodeSelection || placeMatches(node, device);

function reaches(node: Node, spec: Spec): boolean {
  if (spec.sharedCounters?.length) return true;
  if (spec.perDeviceNodeSelection)
    return spec.devices?.some((device) => placeMatches(node, device)) ?? false;
  return placeMatches(node, spec);
}

/** All slices, by pool, and those of each node's own. */
export class Slices {
  readonly #byNode = new Map<string, ResourceSlice[]>();
  readonly #elsewhere: ResourceSlice[] = [];
  readonly #pools = new Map<string, ResourceSlice[]>();

  constructor(slices: readonly ResourceSlice[]) {
    for (const slice of slices) {
      const { spec = {} } = slice;
      const own = spec.nodeName && !spec.sharedCounters?.length ? spec.nodeName : undefined;
      if (own === undefined) this.#elsewhere.push(slice);
      else push(this.#byNode, own, slice);
      push(this.#pools, poolKey(spec), slice);
    }
  }

  /** Pools with something for the node, in the order of their names; those with devices that have to be made ready are last. */
  poolsOf(node: Node): Pool[] {
    const near = new Map<string, ResourceSlice[]>();
    for (const slice of this.#byNode.get(node.metadata.name) ?? [])
      push(near, poolKey(slice.spec ?? {}), slice);
    for (const slice of this.#elsewhere)
      if (reaches(node, slice.spec ?? {})) push(near, poolKey(slice.spec ?? {}), slice);
    const pools: Pool[] = [];
    for (const [key, slices] of near) {
      const pool = this.#pool(key, slices);
      if (pool) pools.push(pool);
    }
    const waits = ({ slices }: Pool): number => Number(slices.some(needsBinding));
    return pools.sort(
      (a, b) => waits(a) - waits(b) || byText(a.driver, b.driver) || byText(a.name, b.name),
    );
  }

  #pool(key: string, near: readonly ResourceSlice[]): Pool | undefined {
    const all = newest(this.#pools.get(key) ?? []);
    const slices = newest(near);
    const [first] = slices;
    // A newer generation has nothing for this node.
    if (!first || generationOf(all[0]!) > generationOf(first)) return undefined;
    const { driver = "", pool } = first.spec ?? {};
    const made = { driver, name: pool?.name ?? "", all };
    if (all.length !== (pool?.resourceSliceCount ?? 0))
      return { ...made, incomplete: true, invalid: false, slices: [] };
    const sorted = [...slices].sort((a, b) => byText(a.metadata.name, b.metadata.name));
    return { ...made, incomplete: false, invalid: isInvalid(all), slices: sorted };
  }
}

const needsBinding = ({ spec }: ResourceSlice): boolean =>
  spec?.devices?.some(({ bindingConditions }) => bindingConditions?.length) ?? false;

function push(into: Map<string, ResourceSlice[]>, key: string, slice: ResourceSlice): void {
  const known = into.get(key);
  if (known) known.push(slice);
  else into.set(key, [slice]);
}

const poolKey = ({ driver = "", pool }: Spec): string => `${driver}\0${pool?.name ?? ""}`;
const generationOf = ({ spec }: ResourceSlice): number => spec?.pool?.generation ?? 0;

function newest(slices: readonly ResourceSlice[]): readonly ResourceSlice[] {
  const generation = Math.max(...slices.map(generationOf));
  return slices.filter((slice) => generationOf(slice) === generation);
}

/** Two devices or sets of counters of one name, or counters that are not there. */
function isInvalid(slices: readonly ResourceSlice[]): boolean {
  const devices = new Set<string>();
  const counters = new Map<string, ReadonlySet<string>>();
  for (const { spec } of slices)
    for (const { name = "", counters: of = {} } of spec?.sharedCounters ?? []) {
      if (counters.has(name)) return true;
      counters.set(name, new Set(Object.keys(of)));
    }
  for (const { spec } of slices)
    for (const { name = "", consumesCounters = [] } of spec?.devices ?? []) {
      if (devices.has(name)) return true;
      devices.add(name);
      for (const { counterSet = "", counters: used = {} } of consumesCounters) {
        const known = counters.get(counterSet);
        if (!known || Object.keys(used).some((counter) => !known.has(counter))) return true;
      }
    }
  return false;
}
