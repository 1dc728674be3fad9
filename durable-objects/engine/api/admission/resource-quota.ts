/**
 * Writes that would use more than a quota allows are refused. What is used is measured now, not taken from the quota's
 * status: several writes of one step must see each other. k8s: apiserver/pkg/admission/plugin/resourcequota/controller.go
 */
import type { KubeObject } from "../../core/object.ts";
import type { WriteContext } from "../../kinds/define.ts";
import type { Container, Pod, PodSpec } from "../../kinds/pod/types.ts";
import type { ResourceQuota } from "../../kinds/resource-quota.ts";
import {
  addQuantity,
  cmpQuantity,
  parseQuantity,
  signQuantity,
  subQuantity,
  zeroQuantity,
  type Quantity,
} from "../../machinery/quantity.ts";
import { refused, type Admission, type AdmissionRule } from "./define.ts";
import {
  computeUsage,
  evaluatorOf,
  isTerminatingPod,
  quantities,
  scopeTerms,
  usedOf,
} from "./quota-usage.ts";
import type { Amounts, Evaluator } from "./quota-evaluator.ts";

/** Which writes can use more. k8s: Evaluator.Handles */
function concerns(admission: Admission, object: KubeObject, old: KubeObject | undefined): boolean {
  const { resource, operation, subresource } = admission;
  if (operation === "DELETE") return false;
  if (resource === "pods") {
    if (operation === "CREATE") return subresource === "";
    if (subresource === "resize") return true;
    return (
      subresource === "" && old !== undefined && isTerminatingPod(old) !== isTerminatingPod(object)
    );
  }
  if (subresource !== "") return false;
  const updates = resource === "services" || resource === "persistentvolumeclaims";
  return operation === "CREATE" || updates;
}

/** Quotas over compute require requests or limits of every container. k8s: podEvaluator.Constraints */
const mustBeSet = new Set([
  "cpu",
  "memory",
  "requests.cpu",
  "requests.memory",
  "limits.cpu",
  "limits.memory",
]);

function unsetProblem(pod: Pod, names: readonly string[]): string | undefined {
  const wanted = names.filter((name) => mustBeSet.has(name));
  if (wanted.length === 0 || hasOwnAmounts(pod.spec)) return undefined;
  const lacking = new Map<string, Set<string>>();
  const containers: Container[] = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  for (const { name: container, resources } of containers) {
    const set = computeUsage(quantities(resources?.requests), quantities(resources?.limits));
    for (const name of wanted) {
      if (set[name]) continue;
      lacking.set(name, (lacking.get(name) ?? new Set()).add(container));
    }
  }
  if (lacking.size === 0) return undefined;
  const parts = [...lacking.keys()].sort().map((name) => {
    const who = [...(lacking.get(name) ?? [])].sort();
    return `${name} for: ${who.join(",")}`;
  });
  return `must specify ${parts.join("; ")}`;
}

/** Amounts set for the Pod as a whole. k8s: IsPodLevelResourcesSet */
const hasOwnAmounts = (spec: PodSpec): boolean =>
  [spec.resources?.requests, spec.resources?.limits].some((list) =>
    Object.keys(list ?? {}).some(
      (name) => name === "cpu" || name === "memory" || name.startsWith("hugepages-"),
    ),
  );

/** What this write adds to what is used, without zeros. */
function growth(
  evaluator: Evaluator,
  quota: ResourceQuota,
  object: KubeObject,
  old: KubeObject | undefined,
  now: number,
): Amounts {
  const usage = evaluator.usage(object, now);
  const counted = old && scopeTerms(quota).every((term) => evaluator.inScope(term, old));
  const before = counted ? evaluator.usage(old, now) : {};
  const out: Amounts = {};
  for (const [name, amount] of Object.entries(usage)) {
    const was = before[name];
    const more = was ? subQuantity(amount, was) : amount;
    if (signQuantity(more) > 0) out[name] = more;
  }
  return out;
}

function check(
  admission: Admission,
  quota: ResourceQuota,
  object: KubeObject,
  old: KubeObject | undefined,
  context: WriteContext,
): void {
  const evaluator = evaluatorOf(admission.resource);
  const hard: Record<string, string> = quota.status?.hard ?? {};
  const names = Object.keys(hard)
    .filter((name) => evaluator.measures(name))
    .sort();
  if (names.length === 0) return;
  if (!scopeTerms(quota).every((term) => evaluator.inScope(term, object))) return;
  const { name: quotaName } = quota.metadata;
  if (admission.resource === "pods") {
    const problem = unsetProblem(object as Pod, names);
    if (problem) throw refused(admission, object, `failed quota: ${quotaName}: ${problem}`);
  }
  const wanted = growth(evaluator, quota, object, old, context.now);
  const asked = names.filter((name) => wanted[name]);
  if (asked.length === 0) return;
  const used = usedOf(evaluator, asked, quota, admission.namespace, context.reader);
  const exceeded = asked.filter((name) => {
    const sum = addQuantity(used[name] ?? zeroQuantity, wanted[name] ?? zeroQuantity);
    return cmpQuantity(sum, parseQuantity(hard[name] ?? "0") ?? zeroQuantity) > 0;
  });
  if (exceeded.length === 0) return;
  const list = (amount: (name: string) => Quantity | undefined): string =>
    exceeded.map((name) => `${name}=${(amount(name) ?? zeroQuantity).text}`).join(",");
  throw refused(
    admission,
    object,
    `exceeded quota: ${quotaName}, requested: ${list((n) => wanted[n])}, used: ${list((n) => used[n])}, limited: ${list((n) => parseQuantity(hard[n] ?? "0"))}`,
  );
}

export const resourceQuota: AdmissionRule = {
  name: "ResourceQuota",
  resources: "*",
  validate(admission, object, old, context) {
    const { namespace, resource } = admission;
    // Events are not counted, or a full namespace could not say why. k8s: DefaultIgnoredResources
    if (!namespace || resource === "events" || resource === "namespaces") return;
    const quotas = context.reader.list<ResourceQuota>("resourcequotas", namespace);
    if (quotas.length === 0 || !concerns(admission, object, old)) return;
    for (const quota of quotas) check(admission, quota, object, old, context);
  },
};
