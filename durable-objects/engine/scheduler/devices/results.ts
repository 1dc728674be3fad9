/** What was found, as a claim's status tells it. k8s: allocator_incubating.go Allocate, createNodeSelector */
import type { NodeSelector, NodeSelectorRequirement } from "kubernetes-types/core/v1";
import { equal } from "../../core/equal.ts";
import type { AllocationResult, Device, ResourceClaim } from "../../kinds/resource/shape.ts";
import type { Consumed } from "./capacity.ts";
import type { Candidate, Option } from "./request-data.ts";

export interface Chosen {
  option: Option;
  candidate: Candidate;
  /** Its part of a device that is shared. */
  share?: Consumed;
}
type Config = NonNullable<NonNullable<AllocationResult["devices"]>["config"]>;

export function allocationOf(
  claim: ResourceClaim,
  chosen: readonly Chosen[],
  node: string,
): AllocationResult {
  const results = chosen.map(({ option, candidate: { device, pool }, share }) => ({
    request: option.name,
    driver: pool.driver,
    pool: pool.name,
    device: device.name ?? "",
    ...(option.exact.adminAccess ? { adminAccess: true } : {}),
    ...(option.exact.tolerations?.length ? { tolerations: option.exact.tolerations } : {}),
    ...bindingOf(device),
    // Who writes it down names the share.
    ...(share ? { shareID: "", consumedCapacity: { ...share } } : {}),
  }));
  const config = configOf(claim, chosen);
  const nodeSelector = nodeSelectorOf(chosen, node);
  return {
    devices: { results, ...(config.length > 0 ? { config } : {}) },
    ...(nodeSelector ? { nodeSelector } : {}),
  };
}

const bindingOf = ({ bindingConditions, bindingFailureConditions }: Device): Partial<Device> => ({
  ...(bindingConditions?.length ? { bindingConditions } : {}),
  ...(bindingFailureConditions?.length ? { bindingFailureConditions } : {}),
});

/** Of the classes, each once, then of the claim. */
function configOf(claim: ResourceClaim, chosen: readonly Chosen[]): Config {
  const options = new Set(chosen.map(({ option }) => option));
  const ofClass = new Map<string, string[]>();
  const config: Config = [];
  for (const { deviceClass, name } of options) {
    const known = ofClass.get(deviceClass.metadata.name);
    if (known) {
      known.push(name);
      continue;
    }
    const requests = [name];
    ofClass.set(deviceClass.metadata.name, requests);
    for (const one of deviceClass.spec?.config ?? [])
      config.push({ source: "FromClass", requests, ...one });
  }
  const names = new Set([...options].flatMap((one) => [one.names[0], one.name]));
  for (const { requests = [], ...one } of claim.spec?.devices?.config ?? []) {
    if (requests.length === 0) config.push({ source: "FromClaim", ...one });
    else if (requests.some((name) => names.has(name)))
      config.push({ source: "FromClaim", requests, ...one });
  }
  return config.map((one) => (one.requests ? { ...one, requests: [...one.requests] } : one));
}

const onNode = (name: string): NodeSelector => ({
  nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] }],
});

/** Where all devices can be used; undefined: everywhere. */
function nodeSelectorOf(chosen: readonly Chosen[], node: string): NodeSelector | undefined {
  if (chosen.some(({ candidate }) => candidate.device.bindsToNode)) return onNode(node);
  const fields: NodeSelectorRequirement[] = [];
  const expressions: NodeSelectorRequirement[] = [];
  const addNew = (
    into: NodeSelectorRequirement[],
    from: readonly NodeSelectorRequirement[] = [],
  ): void => {
    for (const one of from) if (!into.some((known) => equal(known, one))) into.push(one);
  };
  for (const { candidate } of chosen) {
    const spec = candidate.slice.spec ?? {};
    const place = spec.perDeviceNodeSelection ? candidate.device : spec;
    if (place.nodeName !== undefined) return onNode(place.nodeName);
    const [term] = place.nodeSelector?.nodeSelectorTerms ?? [];
    addNew(fields, term?.matchFields);
    addNew(expressions, term?.matchExpressions);
  }
  if (fields.length === 0 && expressions.length === 0) return undefined;
  return {
    nodeSelectorTerms: [
      {
        ...(expressions.length > 0 ? { matchExpressions: expressions } : {}),
        ...(fields.length > 0 ? { matchFields: fields } : {}),
      },
    ],
  };
}
