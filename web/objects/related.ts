import { fits } from "../api/selector.ts";

/** Which objects have to do with one: who owns it, what it owns, what it names, what selects it. */

export interface Thing {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    labels?: Record<string, string>;
    ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string }[];
  };
  spec?: Record<string, unknown>;
}

export interface Relation {
  how: "owned by" | "owns" | "uses" | "runs on" | "selects" | "selected by";
  /** `pods`, `deployments.apps`. */
  resource: string;
  namespace: string;
  name: string;
}

/** Fields that name another object of the namespace, and its resource. A row for each. */
const naming: Record<string, string> = {
  "configMap.name": "configmaps",
  "configMapRef.name": "configmaps",
  "configMapKeyRef.name": "configmaps",
  "secret.secretName": "secrets",
  "secret.name": "secrets",
  "secretRef.name": "secrets",
  "secretKeyRef.name": "secrets",
  "imagePullSecrets.name": "secrets",
  secretName: "secrets",
  "persistentVolumeClaim.claimName": "persistentvolumeclaims",
  serviceAccountName: "serviceaccounts",
  serviceName: "services",
  "service.name": "services",
};

/** Fields that name an object of no namespace. */
const namingCluster: Record<string, string> = {
  nodeName: "nodes",
  volumeName: "persistentvolumes",
  storageClassName: "storageclasses.storage.k8s.io",
  ingressClassName: "ingressclasses.networking.k8s.io",
  priorityClassName: "priorityclasses.scheduling.k8s.io",
  runtimeClassName: "runtimeclasses.node.k8s.io",
};

/** What an object names, in its order, each once. */
export function namedBy({ metadata: { namespace = "" }, spec }: Thing): Relation[] {
  const found = new Map<string, Relation>();
  const add = (relation: Relation): void =>
    void found.set(`${relation.resource} ${relation.name}`, relation);
  const look = (value: unknown, path: readonly string[]): void => {
    if (Array.isArray(value)) return value.forEach((one) => look(one, path));
    if (typeof value === "object" && value !== null) {
      for (const [key, below] of Object.entries(value)) look(below, [...path, key]);
      return;
    }
    if (typeof value !== "string" || value === "") return;
    const field = path.slice(-2).join(".");
    const resource = naming[field] ?? naming[path.at(-1)!];
    if (resource !== undefined) add({ how: "uses", resource, namespace, name: value });
    const cluster = namingCluster[path.at(-1)!];
    if (cluster !== undefined) {
      const how = cluster === "nodes" ? "runs on" : "uses";
      add({ how, resource: cluster, namespace: "", name: value });
    }
  };
  look(spec, []);
  return [...found.values()];
}

/** `others`: objects of the same namespace, by resource. */
export function relatedIn(
  object: Thing,
  others: ReadonlyMap<string, readonly Thing[]>,
): Relation[] {
  const { uid, labels, ownerReferences = [] } = object.metadata;
  const owners = new Set(ownerReferences.map((one) => one.uid));
  const selector = plainSelector(object);
  const found: Relation[] = [];
  for (const [resource, things] of others) {
    for (const thing of things) {
      const { metadata } = thing;
      if (metadata.uid === uid) continue;
      const how = howRelated();
      if (how)
        found.push({ how, resource, namespace: metadata.namespace ?? "", name: metadata.name });

      function howRelated(): Relation["how"] | undefined {
        if (owners.has(metadata.uid)) return "owned by";
        if (metadata.ownerReferences?.some((one) => one.uid === uid)) return "owns";
        if (resource === "pods" && selector && fits(metadata.labels, selector)) return "selects";
        const theirs = resource === "services" && labels ? plainSelector(thing) : undefined;
        return theirs && fits(labels, theirs) ? "selected by" : undefined;
      }
    }
  }
  return found;
}

/** A Service's selector. */
function plainSelector({ spec }: Thing): Record<string, string> | undefined {
  const selector = spec?.["selector"];
  if (typeof selector !== "object" || selector === null) return undefined;
  const plain = selector as Record<string, unknown>;
  const values = Object.values(plain);
  return values.length > 0 && values.every((value) => typeof value === "string")
    ? (plain as Record<string, string>)
    : undefined;
}
