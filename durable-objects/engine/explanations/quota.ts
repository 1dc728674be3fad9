/** Pods that admission refuses: asked again, of the template, by the same rules. */
import { Calls } from "../api/webhooks/calls.ts";
import type { KubeObject } from "../core/object.ts";
import type { WriteContext } from "../kinds/define.ts";
import type { ReplicaSet } from "../kinds/replica-set.ts";
import type { ResourceQuota } from "../kinds/resource-quota.ts";
import { resourceQuota } from "../api/admission/resource-quota.ts";
import { limitRanger } from "../api/admission/limit-ranger.ts";
import type { Admission } from "../api/admission/define.ts";
import { StatusError } from "../machinery/status.ts";
import { about, inNamespace, mend, nameOf, plural, type Found, type Scope } from "./situation.ts";

/** Whatever makes Pods of a template: all have it at the same place. */
type Owner = ReplicaSet;

/** What LimitRanger and ResourceQuota say of one more Pod of a template, if they refuse it. */
export function quotaRefusal(
  scope: Scope,
  owner: KubeObject,
  pods: number,
  wanted: number,
): Found | undefined {
  const text = refusalOf(scope, owner as Owner);
  if (text === undefined) return undefined;
  const namespace = owner.metadata.namespace ?? "";
  const name = /quota: ([^,:\s]+)/.exec(text)?.[1] ?? "";
  const quota = scope.client.get<ResourceQuota>("resourcequotas", namespace, name);
  const short = text.replace(/^.*? is forbidden: /, "");
  const head = `${nameOf(owner)} has ${pods} of ${plural(wanted, "Pod")}`;
  if (!quota) {
    const ranges = scope.client.list("limitranges", namespace);
    return {
      sentence: `${head}: admission refuses another one, ${short}.`,
      evidence: [
        about(owner, text, { event: "FailedCreate" }),
        ...ranges.map((range) =>
          about(range, "sets the limits of this namespace", { field: "spec.limits" }),
        ),
      ],
      mend: [
        mend(
          "Change the template's requests and limits, or the LimitRange",
          `kubectl describe limitrange${inNamespace(owner)}`,
        ),
      ],
      decidedBy: "LimitRanger",
      reason: "limit range",
    };
  }
  const maker = owner.metadata.ownerReferences?.[0] ?? {
    kind: owner.kind,
    name: owner.metadata.name,
  };
  const above = `${maker.kind.toLowerCase()} ${maker.name}`;
  const { hard = {}, used = {} } = quota.status ?? {};
  const sums = Object.keys(hard).map((key) => `${key} ${used[key] ?? 0} of ${hard[key] ?? 0}`);
  return {
    sentence: `${head}: ${nameOf(quota)} refuses another one, ${short}.`,
    evidence: [
      about(quota, `used: ${sums.join(", ")}`, { field: "status.used" }),
      about(owner, text, { event: "FailedCreate" }),
    ],
    mend: [
      mend("Raise the quota", `kubectl edit resourcequota ${name}${inNamespace(owner)}`),
      mend(
        "Or ask for less in the template, or run fewer",
        `kubectl edit ${above}${inNamespace(owner)}`,
      ),
    ],
    decidedBy: "ResourceQuota",
    reason: `quota ${name}`,
  };
}

function refusalOf({ client, now }: Scope, owner: Owner): string | undefined {
  const namespace = owner.metadata.namespace ?? "";
  const { template } = owner.spec ?? {};
  if (!template?.spec) return undefined;
  const metadata = { ...template.metadata, name: `${owner.metadata.name}-`, namespace };
  let pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: template.spec,
  } as unknown as KubeObject;
  const user = { name: "system:kube-controller-manager", groups: [] };
  const admission: Admission = {
    resource: "pods",
    operation: "CREATE",
    subresource: "",
    namespace,
    user,
    dryRun: false,
    // Nobody outside is asked for an explanation.
    calls: new Calls(),
    cost: { used: 0 },
  };
  const context = {
    reader: client,
    now,
    subresource: "",
    random: () => 0,
    randomSuffix: () => "",
    simulatesImage: () => true,
    warn: () => undefined,
  } satisfies WriteContext;
  try {
    for (const rule of [limitRanger, resourceQuota]) {
      pod = rule.admit?.(admission, pod, undefined, context) ?? pod;
      rule.validate?.(admission, pod, undefined, context);
    }
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
  return undefined;
}
