/**
 * What counts against a ResourceQuota, and how much: one row per kind that is measured, counting for all others.
 * k8s: pkg/quota/v1/evaluator/core, apiserver/pkg/quota/v1/generic/evaluator.go
 */
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import { parseTime } from "../../core/clock.ts";
import type { KubeObject, ResourceId } from "../../core/object.ts";
import type { Reader } from "../../ports/controller.ts";
import { isHugePages, isNativeResource } from "../../kinds/checks.ts";
import { deviceClassPrefix, mayBeDevices } from "../../kinds/resource/extended-resources.ts";
import { qosClass, sumOfContainers } from "../../kinds/pod/resources.ts";
import type { Pod, PodSpec } from "../../kinds/pod/types.ts";
import type { ResourceQuota } from "../../kinds/resource-quota.ts";
import type { Service } from "../../kinds/service/shape.ts";
import { addQuantity, newQuantity, parseQuantity, zeroQuantity } from "../../machinery/quantity.ts";
import { resourceClaimEvaluator } from "./quota-devices.ts";
import {
  one,
  type Amounts,
  type Evaluator,
  type MeasuredKind,
  type ScopeTerm,
} from "./quota-evaluator.ts";

const podNames = new Set([
  "count/pods",
  "cpu",
  "memory",
  "ephemeral-storage",
  "requests.cpu",
  "requests.memory",
  "requests.ephemeral-storage",
  "limits.cpu",
  "limits.memory",
  "limits.ephemeral-storage",
  "pods",
]);

const measuredByPods = (name: string): boolean =>
  podNames.has(name) ||
  isHugePages(name) ||
  name.startsWith("requests.hugepages-") ||
  name.startsWith(`requests.${deviceClassPrefix}`) ||
  (name.startsWith("requests.") && !isNativeResource(name));

const bare = ["cpu", "memory", "ephemeral-storage"];

/** One list of requests and one of limits, under the names that quotas use. k8s: podComputeUsageHelper */
export function computeUsage(
  requests: Readonly<Partial<Amounts>>,
  limits: Readonly<Partial<Amounts>>,
): Amounts {
  const out: Amounts = { pods: one };
  for (const name of bare) {
    const request = requests[name];
    const limit = limits[name];
    if (request) out[name] = out[`requests.${name}`] = request;
    if (limit) out[`limits.${name}`] = limit;
  }
  for (const [name, request] of Object.entries(requests)) {
    if (!request) continue;
    if (isHugePages(name)) out[name] = request;
    if (isHugePages(name) || mayBeDevices(name)) out[`requests.${name}`] = request;
  }
  return out;
}

/** Texts as quantities; what is none is left out (stored texts are good). */
export function quantities(list: Readonly<Record<string, string>> | undefined): Partial<Amounts> {
  const out: Partial<Amounts> = {};
  for (const [name, text] of Object.entries(list ?? {})) {
    const quantity = parseQuantity(text);
    if (quantity) out[name] = quantity;
  }
  return out;
}

function podSum(spec: PodSpec, which: "requests" | "limits"): Partial<Amounts> {
  const out: Partial<Amounts> = {
    ...sumOfContainers(spec, which),
    ...quantities(spec.resources?.[which]),
  };
  for (const [name, more] of Object.entries(quantities(spec.overhead))) {
    const sum = out[name];
    if (more && (sum || which === "requests")) out[name] = addQuantity(sum ?? zeroQuantity, more);
  }
  return out;
}

const podUsages = new WeakMap<PodSpec, Amounts>();

const bareCount: Amounts = { "count/pods": one };
function podUsage(pod: Pod, now: number): Amounts {
  if (!isCharged(pod, now)) return bareCount;
  let usage = podUsages.get(pod.spec);
  if (!usage) {
    const compute = computeUsage(podSum(pod.spec, "requests"), podSum(pod.spec, "limits"));
    usage = { "count/pods": one, ...compute };
    podUsages.set(pod.spec, usage);
  }
  return usage;
}

/** Ended Pods and those that should be gone by now use nothing. k8s: QuotaV1Pod */
function isCharged(pod: Pod, now: number): boolean {
  if (hasEnded(pod)) return false;
  const until = chargedUntil(pod);
  return until === undefined || now <= until;
}

const hasEnded = ({ status }: Pod): boolean =>
  status?.phase === "Failed" || status?.phase === "Succeeded";

function chargedUntil({ metadata }: Pod): number | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return undefined;
  return parseTime(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

export const isTerminatingPod = (pod: KubeObject): boolean =>
  (pod as Pod).spec.activeDeadlineSeconds !== undefined;

interface AffinityTerm {
  namespaces?: string[];
  namespaceSelector?: object;
}

function crossesNamespaces(spec: PodSpec): boolean {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  const terms: AffinityTerm[] = [podAffinity, podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      (weighted) => weighted.podAffinityTerm,
    ),
  ]);
  return terms.some((term) => term.namespaces?.length || term.namespaceSelector !== undefined);
}

/** Whether a label set with one value, or none, fits the term. */
function fits(term: ScopeTerm, value: string | undefined): boolean {
  const listed = value !== undefined && (term.values ?? []).includes(value);
  switch (term.operator) {
    case "In":
      return listed;
    case "NotIn":
      return !listed;
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}

const podScopes: Record<string, (pod: Pod, term: ScopeTerm) => boolean> = {
  Terminating: isTerminatingPod,
  NotTerminating: (pod) => !isTerminatingPod(pod),
  BestEffort: (pod) => qosClass(pod) === "BestEffort",
  NotBestEffort: (pod) => qosClass(pod) !== "BestEffort",
  PriorityClass: (pod, term) => fits(term, pod.spec.priorityClassName || undefined),
  CrossNamespacePodAffinity: (pod) => crossesNamespaces(pod.spec),
};

const scopesOfSpecs = new WeakMap<PodSpec, string>();

/** All that podScopes ask. */
function scopesOfPod(pod: Pod): string {
  let scopes = scopesOfSpecs.get(pod.spec);
  if (scopes === undefined) {
    const asked = [
      isTerminatingPod(pod),
      qosClass(pod) === "BestEffort",
      crossesNamespaces(pod.spec),
    ];
    scopes = `${asked.map(Number).join("")}${pod.spec.priorityClassName ?? ""}`;
    scopesOfSpecs.set(pod.spec, scopes);
  }
  return scopes;
}

const podKind: MeasuredKind = {
  usage: (object) => podUsage(object as Pod, -Infinity),
  scopes: (object) => scopesOfPod(object as Pod),
  until: (object) => (hasEnded(object as Pod) ? undefined : chargedUntil(object as Pod)),
  usageAfter: () => bareCount,
};

const podEvaluator: Evaluator = {
  kind: podKind,
  resource: "pods",
  measures: measuredByPods,
  usage: (object, now) => podUsage(object as Pod, now),
  inScope: (term, object) => podScopes[term.scopeName]?.(object as Pod, term) ?? false,
};

const serviceNames = new Set([
  "count/services",
  "services",
  "services.nodeports",
  "services.loadbalancers",
]);

/** Node ports are counted by intent: they are not given out yet when this is asked. */
function serviceUsage(service: Service): Amounts {
  const { type, ports = [], allocateLoadBalancerNodePorts } = service.spec ?? {};
  const balancer = type === "LoadBalancer";
  const chosen = balancer && allocateLoadBalancerNodePorts === false;
  const counted = chosen ? ports.filter((port) => port.nodePort) : ports;
  const nodePorts = balancer || type === "NodePort" ? counted.length : 0;
  return {
    "count/services": one,
    services: one,
    "services.loadbalancers": newQuantity(balancer ? 1 : 0),
    "services.nodeports": newQuantity(nodePorts),
  };
}

const never = (): undefined => undefined;
const serviceEvaluator: Evaluator = {
  kind: {
    usage: (object) => serviceUsage(object as Service),
    scopes: () => "",
    until: never,
    usageAfter: () => ({}),
  },
  resource: "services",
  measures: (name) => serviceNames.has(name),
  usage: (object) => serviceUsage(object as Service),
  inScope: () => false,
};

const classSuffix = ".storageclass.storage.k8s.io/";
const claimNames = ["persistentvolumeclaims", "requests.storage"];

function claimUsage(claim: PersistentVolumeClaim): Amounts {
  const out: Amounts = { persistentvolumeclaims: one, "count/persistentvolumeclaims": one };
  const storageClass =
    claim.metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ??
    claim.spec?.storageClassName;
  const storage = parseQuantity(claim.spec?.resources?.requests?.["storage"] ?? "");
  if (storage) out["requests.storage"] = storage;
  if (!storageClass) return out;
  out[`${storageClass}${classSuffix}persistentvolumeclaims`] = one;
  if (storage) out[`${storageClass}${classSuffix}requests.storage`] = storage;
  return out;
}

/** The classes that a claim wants, has and is on its way to. k8s: getReferencedVolumeAttributesClassNames */
function attributesClasses({ spec, status }: PersistentVolumeClaim): string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter((name) => name !== undefined && name !== "");
  return [...new Set(names as string[])].sort();
}

const claimEvaluator: Evaluator = {
  kind: {
    usage: (object) => claimUsage(object as PersistentVolumeClaim),
    scopes: (object) => attributesClasses(object as PersistentVolumeClaim).join(" "),
    until: never,
    usageAfter: () => ({}),
  },
  resource: "persistentvolumeclaims",
  measures: (name) =>
    name === "count/persistentvolumeclaims" ||
    claimNames.some((known) => name === known || name.endsWith(classSuffix + known)),
  usage: (object) => claimUsage(object as PersistentVolumeClaim),
  inScope: (term, object) => {
    if (term.scopeName !== "VolumeAttributesClass") return false;
    const classes = attributesClasses(object as PersistentVolumeClaim);
    return classes.length > 0 ? classes.some((one) => fits(term, one)) : fits(term, undefined);
  },
};

/** Kinds that quotas knew by a plain name before `count/` came. */
const aliases: Record<ResourceId, string> = {
  configmaps: "configmaps",
  resourcequotas: "resourcequotas",
  replicationcontrollers: "replicationcontrollers",
  secrets: "secrets",
};

const measured = new Map(
  [podEvaluator, serviceEvaluator, claimEvaluator, resourceClaimEvaluator].map((e) => [
    e.resource,
    e,
  ]),
);

export const measuredKinds: ReadonlyMap<ResourceId, MeasuredKind> = new Map(
  [...measured].flatMap(([resource, { kind }]) => (kind ? [[resource, kind] as const] : [])),
);

/** How a resource is measured; most are only counted. */
export function evaluatorOf(resource: ResourceId): Evaluator {
  let evaluator = measured.get(resource);
  if (!evaluator) {
    const names = [`count/${resource}`, ...(aliases[resource] ? [aliases[resource]] : [])];
    const usage: Amounts = {};
    for (const name of names) usage[name] = one;
    evaluator = {
      resource,
      measures: (name) => names.includes(name),
      usage: () => usage,
      inScope: () => false,
    };
    measured.set(resource, evaluator);
  }
  return evaluator;
}

/** Which resource a quota's name measures; undefined for names that nothing measures. */
function resourceOf(name: string): ResourceId | undefined {
  for (const evaluator of [
    podEvaluator,
    serviceEvaluator,
    claimEvaluator,
    resourceClaimEvaluator,
  ]) {
    if (evaluator.measures(name)) return evaluator.resource;
  }
  if (name.startsWith("count/")) return name.slice("count/".length);
  return aliases[name] ? name : undefined;
}

/** Scopes of both spellings as terms. */
export function scopeTerms(quota: ResourceQuota): ScopeTerm[] {
  const plain = (quota.spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists" }));
  return [...plain, ...(quota.spec?.scopeSelector?.matchExpressions ?? [])];
}

/**
 * What a quota's namespace uses now of what spec.hard names, as status.used writes it. Names that nothing measures are
 * left out. k8s: pkg/controller/resourcequota, CalculateUsage
 */
export function quotaUsage(quota: ResourceQuota, reader: Reader): Record<string, string> {
  const namespace = quota.metadata.namespace ?? "";
  const byResource = new Map<ResourceId, string[]>();
  for (const name of Object.keys(quota.spec?.hard ?? {}).sort()) {
    const resource = resourceOf(name);
    if (!resource) continue;
    const names = byResource.get(resource);
    if (names) names.push(name);
    else byResource.set(resource, [name]);
  }
  const out: Record<string, string> = {};
  for (const [resource, names] of byResource) {
    const used = usedOf(evaluatorOf(resource), names, quota, namespace, reader);
    for (const name of names) out[name] = (used[name] ?? zeroQuantity).text;
  }
  return out;
}

/** Sum over a namespace of one resource, for some names only. */
export function usedOf(
  evaluator: Evaluator,
  names: readonly string[],
  quota: ResourceQuota,
  namespace: string,
  reader: Reader,
): Amounts {
  const terms = scopeTerms(quota);
  const used: Amounts = {};
  if (!evaluator.kind) {
    const count = newQuantity(terms.length > 0 ? 0 : reader.count(evaluator.resource, namespace));
    for (const name of names) used[name] = count;
    return used;
  }
  for (const sum of reader.quotaSums(evaluator.resource, namespace)) {
    if (!terms.every((term) => evaluator.inScope(term, sum.sample))) continue;
    for (const name of names) {
      const more = sum.amount(name);
      if (more) used[name] = addQuantity(used[name] ?? zeroQuantity, more);
    }
  }
  return used;
}
