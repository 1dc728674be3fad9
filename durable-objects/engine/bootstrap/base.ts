/** What every cluster is born with and nobody pays rows for: computed at each start, stored only where it was changed. */
import { rfc3339 } from "../core/clock.ts";
import { fnv32a, uuidFrom } from "../core/random.ts";
import type { KubeObject } from "../core/object.ts";
import { clockName } from "../kinds/podyard/clock.ts";
import { builtin } from "../api/discovery/registry.ts";
import { memberRoles } from "../api/auth/member-roles.ts";
import { controllerRbac, rbacBase } from "../api/auth/rbac-base.ts";
import { apiServiceBase } from "./api-services.ts";
import { flowControlBase, laterAccounts, serviceRangeBase } from "./later-objects.ts";
import { systemBase } from "./system-base.ts";

interface BaseObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
}

const namespaces = ["default", "kube-node-lease", "kube-public", "kube-system"].map((name) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
  spec: { finalizers: ["kubernetes"] },
  status: { phase: "Active" },
}));

const priorityClasses = [
  {
    name: "system-cluster-critical",
    value: 2_000_000_000,
    description:
      "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  },
  {
    name: "system-node-critical",
    value: 2_000_001_000,
    description: "Used for system critical pods that must not be moved from their current node.",
  },
].map(({ name, value, description }) => ({
  apiVersion: "scheduling.k8s.io/v1",
  kind: "PriorityClass",
  metadata: { name, generation: 1 },
  value,
  description,
  preemptionPolicy: "PreemptLowerPriority",
}));

const clock = {
  apiVersion: "podyard.dev/v1",
  kind: "Clock",
  metadata: { name: clockName, generation: 1 },
  spec: { speed: 1 },
};

/** What the uid of one of them is drawn about. */
export const aboutOf = ({ kind = "", metadata: { namespace = "", name } }: Named): number =>
  fnv32a(`${kind}/${namespace}/${name}`);

interface Named {
  kind?: string;
  metadata: { namespace?: string; name: string };
}

/**
 * What came into the base later, behind the rest. All of it has the last revision of what was there before, as if one
 * transaction had written it: a cluster from before has given the next ones to other objects.
 */
const later = (born: string): BaseObject[] =>
  [
    ...memberRoles,
    ...flowControlBase(born),
    ...serviceRangeBase(born),
    ...apiServiceBase(born),
    ...controllerRbac,
    ...laterAccounts,
  ] as unknown as BaseObject[];

/** What is the same of each of them in every cluster, by its place: worked out once, not at each start. */
let places: readonly { resource: string; about: number }[] | undefined;

const placeOf = (object: BaseObject): { resource: string; about: number } => ({
  resource: builtin.ofKind(object.apiVersion, object.kind)?.id ?? "",
  about: aboutOf(object),
});

/**
 * Objects that every cluster is born with and that are computed at each start: uids follow from the seed and the name alone, so that a
 * start finds the same objects again; revisions count from 1.
 */
export function baseObjects(
  seed: string,
  bornMs: number,
): { resource: string; object: KubeObject }[] {
  const all: BaseObject[] = [
    ...namespaces,
    ...priorityClasses,
    ...(rbacBase as unknown as BaseObject[]),
    ...(systemBase as unknown as BaseObject[]),
    clock,
  ];
  const last = all.length;
  const chance = fnv32a(seed);
  const creationTimestamp = rfc3339(bornMs);
  all.push(...later(creationTimestamp));
  places ??= all.map(placeOf);
  const found = places;
  return all.map((object, i) => {
    const { resource, about } = found[i]!;
    const uid = uuidFrom(chance, about);
    const resourceVersion = String(Math.min(i + 1, last));
    const metadata = { ...object.metadata, uid, resourceVersion, creationTimestamp };
    return { resource, object: { ...object, metadata } };
  });
}
