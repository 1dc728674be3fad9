/**
 * The claim that the scheduler makes for a Pod's extended resources: it exists only in an attempt until a node is found, since
 * each node may give other resources of its own. k8s: dynamicresources/extendeddynamicresources.go
 */
import {
  backedByClasses,
  extendedClaimAnnotation,
} from "../../kinds/resource/extended-resources.ts";
import { isReservedFor, withoutFinalizer } from "../../kinds/pod/resource-claims.ts";
import type { DeviceClass, ResourceClaim } from "../../kinds/resource/shape.ts";
import type { Client, Reader } from "../../ports/controller.ts";
import type { NodeInfo, PodInfo } from "../node-info.ts";
import type { Pod } from "../types.ts";
import { extendedRequests, type RequestMapping } from "./extended-requests.ts";

const resource = "resourceclaims.resource.k8s.io";

/** What a node would be asked for. */
export interface NodeClaim {
  claim: ResourceClaim;
  mappings: RequestMapping[];
}

/** The claim that an earlier attempt made. k8s: findExtendedResourceClaim */
export const extendedClaimOf = ({ metadata }: Pod, reader: Reader): ResourceClaim | undefined =>
  reader
    .byIndex<ResourceClaim>("controller", metadata.uid ?? "")
    .find((one) => one.metadata.annotations?.[extendedClaimAnnotation] === "true");

export class ExtendedClaim {
  readonly #pod: PodInfo;
  readonly #classes: ReadonlyMap<string, DeviceClass>;
  readonly #claim: ResourceClaim;

  constructor(pod: PodInfo, classes: ReadonlyMap<string, DeviceClass>) {
    this.#pod = pod;
    this.#classes = classes;
    const { namespace, name, uid = "" } = pod.pod.metadata;
    this.#claim = {
      apiVersion: "resource.k8s.io/v1",
      kind: "ResourceClaim",
      metadata: {
        namespace: namespace ?? "",
        name: "<extended-resources>",
        uid: "",
        resourceVersion: "",
        creationTimestamp: "",
        generateName: `${name}-extended-resources-`,
        annotations: { [extendedClaimAnnotation]: "true" },
        ownerReferences: [{ apiVersion: "v1", kind: "Pod", name, uid, controller: true }],
      },
      spec: {},
    };
  }

  /** Undefined: the node itself has all that is asked for. k8s: filterExtendedResources */
  on({ allocatable }: NodeInfo): NodeClaim | undefined {
    const byDevices = new Map<string, string>();
    for (const [name, { metadata }] of this.#classes)
      if (!allocatable.scalars.get(name)) byDevices.set(name, metadata.name);
    if (byDevices.size === 0) return undefined;
    const { requests, mappings } = extendedRequests(this.#pod.pod, byDevices);
    return { claim: { ...this.#claim, spec: { devices: { requests } } }, mappings };
  }
}

/** Resources that the Pod asks for and a class stands behind. */
export function classesFor(
  { requests }: PodInfo,
  reader: Reader,
): ReadonlyMap<string, DeviceClass> | undefined {
  if (requests.scalars.size === 0) return undefined;
  const wanted = [...requests.scalars].flatMap(([name, amount]) => (amount > 0 ? [name] : []));
  const found = backedByClasses(wanted, reader);
  return found.size > 0 ? found : undefined;
}

/** It waits for its devices on the node that it was promised; else it was left behind by an attempt that failed. */
export const isUnderWay = (pod: Pod, claim: ResourceClaim): boolean =>
  pod.status?.nominatedNodeName !== undefined &&
  pod.status.extendedResourceClaimStatus?.resourceClaimName === claim.metadata.name &&
  claim.metadata.deletionTimestamp === undefined &&
  claim.status?.allocation !== undefined &&
  isReservedFor(pod, claim);

/** k8s: createExtendedResourceClaimInAPI */
export function create(client: Client, { metadata, spec }: ResourceClaim): ResourceClaim {
  const { namespace, generateName, annotations, ownerReferences } = metadata;
  return client.create<ResourceClaim>(resource, {
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceClaim",
    metadata: { namespace, generateName, annotations, ownerReferences },
    spec,
  });
}

/** k8s: deleteClaim */
export function remove(client: Client, { metadata: { namespace = "", name } }: ResourceClaim) {
  client.modify<ResourceClaim>(resource, namespace, name, withoutFinalizer);
  client.delete(resource, namespace, name);
}

/** k8s: patchPodExtendedResourceClaimStatus */
export function note(client: Client, pod: Pod, claim: ResourceClaim, mappings: RequestMapping[]) {
  const { namespace = "", name } = pod.metadata;
  const extendedResourceClaimStatus = {
    requestMappings: mappings,
    resourceClaimName: claim.metadata.name,
  };
  client.modify<Pod>(
    "pods",
    namespace,
    name,
    (was) => ({ ...was, status: { ...was.status, extendedResourceClaimStatus } }),
    "status",
  );
}
