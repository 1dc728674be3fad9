/** k8s: plugin/pkg/admission/limitranger/admission.go */
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import type * as core from "kubernetes-types/core/v1";
import type { KubeObject } from "../../core/object.ts";
import type { LimitRange } from "../../kinds/limit-range.ts";
import { sumOfContainers } from "../../kinds/pod/resources.ts";
import type { Container, Pod, PodSpec } from "../../kinds/pod/types.ts";
import { milliValue } from "../../machinery/quantity.ts";
import { refused, type Admission, type AdmissionRule } from "./define.ts";

type Amounts = Readonly<Record<string, string>>;
type Item = core.LimitRangeItem;

const annotation = "kubernetes.io/limit-ranger";

/** Containers get what the range gives by default; an annotation records it. k8s: mergePodResourceRequirements */
function fillPod(pod: Pod, range: LimitRange): Pod {
  const limits: Record<string, string> = {};
  const requests: Record<string, string> = {};
  for (const item of range.spec?.limits ?? []) {
    if (item.type !== "Container") continue;
    Object.assign(requests, item.defaultRequest);
    Object.assign(limits, item.default);
  }
  const notes: string[] = [];
  const fill = (list: Container[] | undefined, word: string): Container[] | undefined =>
    list?.map((container) => fillContainer(container, requests, limits, word, notes));
  const containers = fill(pod.spec.containers, "container") ?? [];
  const initContainers = fill(pod.spec.initContainers, "init container");
  if (notes.length === 0) return pod;
  const annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${notes.join("; ")}`,
  };
  const spec = { ...pod.spec, containers, ...(initContainers ? { initContainers } : {}) };
  return { ...pod, metadata: { ...pod.metadata, annotations }, spec };
}

function fillContainer(
  container: Container,
  requests: Amounts,
  limits: Amounts,
  word: string,
  notes: string[],
): Container {
  const given = container.resources ?? {};
  const missing = (defaults: Amounts, list: Amounts | undefined): string[] =>
    Object.keys(defaults)
      .filter((name) => list?.[name] === undefined)
      .sort();
  const lacksRequests = missing(requests, given.requests);
  const lacksLimits = missing(limits, given.limits);
  const note = (names: string[], what: string): void => {
    if (names.length > 0) notes.push(`${names.join(", ")} ${what} for ${word} ${container.name}`);
  };
  note(lacksRequests, "request");
  note(lacksLimits, "limit");
  if (lacksRequests.length === 0 && lacksLimits.length === 0) return container;
  const resources = { ...given };
  if (lacksRequests.length > 0) resources.requests = { ...requests, ...given.requests };
  if (lacksLimits.length > 0) resources.limits = { ...limits, ...given.limits };
  return { ...container, resources };
}

/** Something whose amounts a range bounds. */
interface Measured {
  requests: Amounts;
  limits: Amounts;
}

function minProblem(type: string, name: string, least: string, m: Measured): string | undefined {
  const request = m.requests[name];
  const limit = m.limits[name];
  const bound = `minimum ${name} usage per ${type} is ${least}`;
  if (request === undefined) return `${bound}.  No request is specified`;
  if (milliValue(request) < milliValue(least)) return `${bound}, but request is ${request}`;
  if (limit !== undefined && milliValue(limit) < milliValue(least)) {
    return `${bound}, but limit is ${limit}`;
  }
  return undefined;
}

function maxProblem(type: string, name: string, most: string, m: Measured): string | undefined {
  const request = m.requests[name];
  const limit = m.limits[name];
  const bound = `maximum ${name} usage per ${type} is ${most}`;
  if (limit === undefined) return `${bound}.  No limit is specified`;
  if (milliValue(limit) > milliValue(most)) return `${bound}, but limit is ${limit}`;
  if (request !== undefined && milliValue(request) > milliValue(most)) {
    return `${bound}, but request is ${request}`;
  }
  return undefined;
}

/** Claims have requests only. */
function maxRequestProblem(
  type: string,
  name: string,
  most: string,
  m: Measured,
): string | undefined {
  const request = m.requests[name];
  const bound = `maximum ${name} usage per ${type} is ${most}`;
  if (request === undefined) return `${bound}.  No request is specified`;
  return milliValue(request) > milliValue(most) ? `${bound}, but request is ${request}` : undefined;
}

function ratioProblem(type: string, name: string, most: string, m: Measured): string | undefined {
  const request = milliValue(m.requests[name]);
  const limit = milliValue(m.limits[name]);
  const bound = `${name} max limit to request ratio per ${type} is ${most}`;
  if (request === 0) return `${bound}, but no request is specified or request is 0`;
  if (limit === 0) return `${bound}, but no limit is specified or limit is 0`;
  const ratio = limit / request;
  return ratio * 1000 > milliValue(most)
    ? `${bound}, but provided ratio is ${ratio.toFixed(6)}`
    : undefined;
}

type Check = (type: string, name: string, bound: string, m: Measured) => string | undefined;
type Checks = readonly (readonly ["min" | "max" | "maxLimitRequestRatio", Check])[];

const podChecks: Checks = [
  ["min", minProblem],
  ["max", maxProblem],
  ["maxLimitRequestRatio", ratioProblem],
];
const claimChecks: Checks = [
  ["min", minProblem],
  ["max", maxRequestProblem],
];

function problems(item: Item, measured: Measured, checks: Checks): string[] {
  const found: string[] = [];
  for (const [field, check] of checks) {
    const bounds: Amounts = item[field] ?? {};
    for (const name of Object.keys(bounds).sort()) {
      const problem = check(item.type, name, bounds[name] ?? "0", measured);
      if (problem) found.push(problem);
    }
  }
  return found;
}

const measured = (resources: Container["resources"]): Measured => ({
  requests: resources?.requests ?? {},
  limits: resources?.limits ?? {},
});

/** Sums of a Pod, with what it sets for itself as a whole. */
function podAmounts(spec: PodSpec, which: "requests" | "limits"): Amounts {
  const out: Record<string, string> = {};
  for (const [name, sum] of Object.entries(sumOfContainers(spec, which))) {
    if (sum) out[name] = sum.text;
  }
  return { ...out, ...spec.resources?.[which] };
}

function podProblems(range: LimitRange, pod: Pod): string[] {
  const { spec } = pod;
  return (range.spec?.limits ?? []).flatMap((item) => {
    if (item.type === "Container") {
      return [...spec.containers, ...(spec.initContainers ?? [])].flatMap((container) =>
        problems(item, measured(container.resources), podChecks),
      );
    }
    if (item.type !== "Pod") return [];
    const sums = { requests: podAmounts(spec, "requests"), limits: podAmounts(spec, "limits") };
    return problems(item, sums, podChecks);
  });
}

function claimProblems(range: LimitRange, claim: PersistentVolumeClaim): string[] {
  const requests = claim.spec?.resources?.requests ?? {};
  return (range.spec?.limits ?? [])
    .filter((item) => item.type === "PersistentVolumeClaim")
    .flatMap((item) => problems(item, { requests, limits: {} }, claimChecks));
}

/** Distinct texts, in brackets when there are several. k8s: apimachinery/pkg/util/errors NewAggregate */
export function aggregate(texts: readonly string[]): string {
  const distinct = [...new Set(texts)];
  return distinct.length === 1 ? (distinct[0] ?? "") : `[${distinct.join(", ")}]`;
}

function applies(admission: Admission, old: KubeObject | undefined): boolean {
  const { resource, subresource, operation } = admission;
  if (operation === "DELETE" || old?.metadata.deletionTimestamp !== undefined) return false;
  if (resource === "pods") return operation === "CREATE" ? !subresource : subresource === "resize";
  return !subresource;
}

export const limitRanger: AdmissionRule = {
  name: "LimitRanger",
  resources: ["pods", "persistentvolumeclaims"],
  admit(admission, object, old, context) {
    if (admission.resource !== "pods" || !applies(admission, old)) return object;
    const ranges = context.reader.list<LimitRange>("limitranges", admission.namespace);
    return ranges.reduce((pod, range) => fillPod(pod, range), object as Pod);
  },
  validate(admission, object, old, context) {
    if (!applies(admission, old)) return;
    const find = admission.resource === "pods" ? podProblems : claimProblems;
    for (const range of context.reader.list<LimitRange>("limitranges", admission.namespace)) {
      const found = find(range, object as Pod & PersistentVolumeClaim);
      if (found.length > 0) throw refused(admission, object, aggregate(found));
    }
  },
};
