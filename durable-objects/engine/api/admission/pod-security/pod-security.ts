/** Namespaces say by labels what their Pods may. k8s: pod-security-admission/admission/admission.go */
import type { KubeObject } from "../../../core/object.ts";
import { podSecurityPodsMax } from "../../../core/limits.ts";
import type { Namespace } from "../../../kinds/namespace.ts";
import type { WriteContext } from "../../../kinds/define.ts";
import type { Pod, PodTemplateSpec } from "../../../kinds/pod/types.ts";
import { equal } from "../../../core/equal.ts";
import { invalidObject } from "../../../machinery/field.ts";
import { goQuote } from "../../../machinery/field.ts";
import { refused, type Admission, type AdmissionRule } from "../define.ts";
import { baseline } from "./baseline.ts";
import type { Check, CheckPod, Violation } from "./check.ts";
import {
  compareLevels,
  levelText,
  policyOf,
  samePolicy,
  type LevelVersion,
  type Policy,
} from "./policy.ts";
import { restricted } from "./restricted.ts";

type Checked = Pod | PodTemplateSpec;

const inForce = ({ versions }: Check, minor: number): CheckPod | undefined =>
  versions.findLast(([since]) => since <= minor)?.[1];

/** Baseline's first, then restricted's, each by name. k8s: policy/registry.go EvaluatePod */
function violations({ level, minor }: LevelVersion, { metadata, spec }: Checked): Violation[] {
  if (level === "privileged") return [];
  const own = level === "restricted" ? restricted : [];
  const overridden = new Set(
    own.flatMap((check) => (inForce(check, minor) && check.overrides) || []),
  );
  return [...baseline.filter(({ id }) => !overridden.has(id)), ...own].flatMap(
    (check) => inForce(check, minor)?.(spec, metadata?.annotations ?? {}) ?? [],
  );
}

const detailOf = (found: readonly Violation[]): string =>
  found.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(", ");

/** Where a kind keeps its template. */
const templates: Record<string, (object: KubeObject) => unknown> = {
  podtemplates: (object) => (object as unknown as { template?: unknown }).template,
  "cronjobs.batch": (object) =>
    (object as { spec?: { jobTemplate?: { spec?: { template?: unknown } } } }).spec?.jobTemplate
      ?.spec?.template,
};
const workloads = [
  "replicationcontrollers",
  "deployments.apps",
  "replicasets.apps",
  "daemonsets.apps",
  "statefulsets.apps",
  "jobs.batch",
];
const templateOf = (object: KubeObject): unknown =>
  (object as { spec?: { template?: unknown } }).spec?.template;

function policyIn(namespace: string, { reader }: WriteContext): Policy {
  const home = reader.get<Namespace>("namespaces", "", namespace);
  return policyOf(home?.metadata.labels).policy;
}

function warn(policy: Policy, pod: Checked, context: WriteContext): void {
  const found = violations(policy.warn, pod);
  if (found.length === 0) return;
  const level = goQuote(levelText(policy.warn));
  context.warn(`would violate PodSecurity ${level}: ${detailOf(found)}`);
}

/** Only images of a running Pod change what it may do. k8s: isSignificantPodUpdate */
function isSignificant(pod: Pod, old: Pod): boolean {
  const images = ({ spec }: Pod): unknown =>
    [spec.containers, spec.initContainers ?? []].map((list) => list.map(({ image }) => image));
  if (!equal(images(pod), images(old))) return true;
  const before = new Map((old.spec.ephemeralContainers ?? []).map((c) => [c.name, c.image]));
  return (pod.spec.ephemeralContainers ?? []).some((c) => before.get(c.name) !== c.image);
}

const ignored = new Set(["binding", "eviction", "status"]);

function checkPod(
  admission: Admission,
  object: KubeObject,
  old: KubeObject | undefined,
  context: WriteContext,
): void {
  if (ignored.has(admission.subresource)) return;
  const policy = policyIn(admission.namespace, context);
  if (policy.enforce.level === "privileged" && policy.warn.level === "privileged") return;
  const pod = object as Pod;
  if (old && !isSignificant(pod, old as Pod)) return;
  const found = violations(policy.enforce, pod);
  if (found.length > 0) {
    const level = goQuote(levelText(policy.enforce));
    throw refused(admission, object, `violates PodSecurity ${level}: ${detailOf(found)}`);
  }
  warn(policy, pod, context);
}

function checkTemplate(admission: Admission, object: KubeObject, context: WriteContext): void {
  if (admission.subresource) return;
  const policy = policyIn(admission.namespace, context);
  if (policy.warn.level === "privileged") return;
  const template = (templates[admission.resource] ?? templateOf)(object) as
    | PodTemplateSpec
    | undefined;
  if (!template?.spec) return;
  warn(policy, template, context);
}

function checkNamespace(
  admission: Admission,
  object: KubeObject,
  old: KubeObject | undefined,
  context: WriteContext,
): void {
  if (admission.subresource) return;
  const { policy, errors } = policyOf(object.metadata.labels);
  const before = old ? policyOf(old.metadata.labels) : undefined;
  if (errors.length > 0 && !equal(errors, before?.errors))
    throw invalidObject("", "Namespace", object.metadata.name, errors);
  if (!before || samePolicy(policy.enforce, before.policy.enforce)) return;
  const { enforce } = policy;
  const was = before.policy.enforce;
  if (enforce.level === "privileged") return;
  if (enforce.minor === was.minor && compareLevels(enforce.level, was.level) < 1) return;
  for (const text of podWarnings(object.metadata.name, enforce, context)) context.warn(text);
}

/** Pods that are there already, one of each controller before the rest. k8s: EvaluatePodsInNamespace, prioritizePods */
function podWarnings(namespace: string, enforce: LevelVersion, { reader }: WriteContext): string[] {
  const seen = new Set<string>();
  const later: Pod[] = [];
  const first = reader.list<Pod>("pods", namespace).filter((pod) => {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
    const again = owner !== undefined && seen.has(owner);
    if (again) later.push(pod);
    else if (owner !== undefined) seen.add(owner);
    return !again;
  });
  const all = [...first, ...later];
  const looked = all.slice(0, podSecurityPodsMax);
  const names = new Map<string, string[]>();
  for (const pod of looked) {
    const reasons = violations(enforce, pod).map(({ reason }) => reason);
    if (reasons.length === 0) continue;
    const text = reasons.join(", ");
    names.set(text, [...(names.get(text) ?? []), pod.metadata.name]);
  }
  const warnings: string[] = [];
  if (looked.length < all.length)
    warnings.push(
      `new PodSecurity enforce level only checked against the first ${looked.length} of ${all.length} existing pods`,
    );
  if (names.size === 0) return warnings;
  const level = goQuote(levelText(enforce));
  warnings.push(
    `existing pods in namespace ${goQuote(namespace)} violate the new PodSecurity enforce level ${level}`,
  );
  const texts = [...names].map(([text, pods]) => {
    const name = pods.toSorted()[0] as string;
    const others = pods.length - 1;
    if (others === 0) return `${name}: ${text}`;
    return `${name} (and ${others} other pod${others === 1 ? "" : "s"}): ${text}`;
  });
  return [...warnings, ...texts.sort()];
}

export const podSecurity: AdmissionRule = {
  name: "PodSecurity",
  resources: ["namespaces", "pods", ...workloads, ...Object.keys(templates)],
  validate(admission, object, old, context) {
    if (admission.operation === "DELETE") return;
    if (admission.resource === "namespaces") checkNamespace(admission, object, old, context);
    else if (admission.resource === "pods") checkPod(admission, object, old, context);
    else checkTemplate(admission, object, context);
  },
};
