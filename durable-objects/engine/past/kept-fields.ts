/** Fields that others than persons set: an object that goes back keeps what is there now. */
import type { KubeObject } from "../core/object.ts";
import type { Store } from "../core/store.ts";
import { statusOf, withStatus } from "../api/object-status.ts";
import type { Namespace } from "../kinds/namespace.ts";
import type { Node } from "../kinds/node.ts";
import type { PersistentVolume } from "../kinds/storage/persistent-volume.ts";
import type { PersistentVolumeClaim } from "../kinds/storage/persistent-volume-claim.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { Service } from "../kinds/service/service.ts";

/** A row knows its own kind alone. */
type Keep<T extends KubeObject> = (was: T, now: T) => KubeObject;

/** The control plane's own taints. k8s: api/core/v1/well_known_taints.go */
const ownTaint = /^node\.(kubernetes|cloudprovider\.kubernetes)\.io\//;

function keepNode(was: Node, now: Node): Node {
  const persons = (was.spec?.taints ?? []).filter(({ key }) => !ownTaint.test(key));
  const cluster = (now.spec?.taints ?? []).filter(({ key }) => ownTaint.test(key));
  const taints = [...persons, ...cluster];
  const { taints: _were, ...spec } = was.spec ?? {};
  return { ...was, spec: { ...spec, ...(taints.length > 0 && { taints }) } };
}

const rows: Record<string, Keep<never>> = {
  pods: ((was, now) => ({
    ...was,
    spec: { ...was.spec, nodeName: now.spec.nodeName },
  })) satisfies Keep<Pod>,
  nodes: keepNode,
  // A claim that was bound since stays so, and so does its volume.
  persistentvolumeclaims: ((was, now) => {
    const volumeName = was.spec?.volumeName ?? now.spec?.volumeName;
    return volumeName === undefined ? was : { ...was, spec: { ...was.spec, volumeName } };
  }) satisfies Keep<PersistentVolumeClaim>,
  persistentvolumes: ((was, now) => {
    const claimRef = was.spec?.claimRef ?? now.spec?.claimRef;
    return claimRef === undefined ? was : { ...was, spec: { ...was.spec, claimRef } };
  }) satisfies Keep<PersistentVolume>,
};

/** Fields of the status that go back with a deletion that is called off. */
const namespaceRow: Keep<Namespace> = (was, now) =>
  now.metadata.deletionTimestamp ? was : withNow(was, now);

const withNow = (was: KubeObject, now: KubeObject): KubeObject => withStatus(was, statusOf(now));

/** What becomes of an object that is there, by its resource. */
export function keptOf(resource: string): Keep<KubeObject> {
  if (resource === "namespaces") return namespaceRow as Keep<KubeObject>;
  const row = rows[resource] as Keep<KubeObject> | undefined;
  return (was, now) => withNow(row ? row(was, now) : was, now);
}

/** An object that comes back looks for its place again where it did not choose it, or where it is taken. */
export function placed(was: KubeObject, store: Store): KubeObject {
  if (was.kind === "Pod") return unplaced(was as Pod);
  return was.kind === "Service" ? withFreeAddress(was as Service, store) : was;
}

function unplaced(pod: Pod): Pod {
  const chosen = pod.metadata.managedFields?.some(({ fieldsV1 }) => {
    const spec = fieldsV1?.["f:spec"];
    return typeof spec === "object" && spec !== null && "f:nodeName" in spec;
  });
  if (chosen) return pod;
  const { nodeName: _was, ...spec } = pod.spec;
  return { ...pod, spec };
}

function withFreeAddress(service: Service, store: Store): Service {
  const { clusterIP, clusterIPs, ports = [], ...spec } = service.spec ?? {};
  const taken = clusterIP !== undefined && store.countByIndex("service.ip", clusterIP) > 0;
  const free = ports.map(({ nodePort, ...port }) =>
    nodePort !== undefined && store.countByIndex("service.nodePort", String(nodePort)) === 0
      ? { ...port, nodePort }
      : port,
  );
  const address = taken
    ? {}
    : { ...(clusterIP && { clusterIP }), ...(clusterIPs && { clusterIPs }) };
  return { ...service, spec: { ...spec, ...address, ports: free } };
}
