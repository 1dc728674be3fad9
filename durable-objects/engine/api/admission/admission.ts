/** The table of admission rules, in upstream's order of plugins. k8s: pkg/kubeapiserver/options/plugins.go AllOrderedPlugins */
import type { KubeObject, ResourceId } from "../../core/object.ts";
import type { WriteContext } from "../../kinds/define.ts";
import {
  certificateApproval,
  certificateRequester,
  certificateSigning,
  certificateSubjectRestriction,
} from "./certificates.ts";
import { defaultIngressClass, defaultStorageClass } from "./default-classes.ts";
import type { Admission, AdmissionRule } from "./define.ts";
import { limitRanger } from "./limit-ranger.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeRestriction } from "./node-restriction.ts";
import { podResize } from "./pod-resize.ts";
import { podTopologyLabels } from "./pod-topology-labels.ts";
import { podSecurity } from "./pod-security/pod-security.ts";
import { priority } from "./default-priority-class.ts";
import { rbacEscalation } from "./rbac-escalation.ts";
import { resourceQuota } from "./resource-quota.ts";
import { validatingPolicies } from "./policies/validating.ts";
import { validatingWebhooks } from "./webhooks/validating.ts";
import { runtimeClass } from "./runtime-class.ts";
import { claimResize, storageObjectInUseProtection } from "./storage-objects.ts";

export const admissionRules: readonly AdmissionRule[] = [
  namespaceLifecycle,
  limitRanger,
  nodeRestriction,
  podSecurity,
  priority,
  defaultStorageClass,
  storageObjectInUseProtection,
  claimResize,
  runtimeClass,
  certificateRequester,
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  defaultIngressClass,
  podResize,
  podTopologyLabels,
  rbacEscalation,
  validatingPolicies,
  validatingWebhooks,
  // Last, as upstream: what is refused otherwise must not be counted.
  resourceQuota,
];

/** Those of a resource that change an object, and those that refuse one. */
interface RulesFor {
  mutating: readonly AdmissionRule[];
  validating: readonly AdmissionRule[];
}

const byResource = new Map<ResourceId, RulesFor>();

function rulesFor(resource: ResourceId): RulesFor {
  let rules = byResource.get(resource);
  if (!rules) {
    const all = admissionRules.filter((r) => r.resources === "*" || r.resources.includes(resource));
    const mutating = all.filter(({ admit }) => admit);
    rules = { mutating, validating: all.filter(({ validate }) => validate) };
    byResource.set(resource, rules);
  }
  return rules;
}

/** Mutating admission: the object as the rules want it. Throws StatusError. */
export function admit(
  admission: Admission,
  object: KubeObject,
  old: KubeObject | undefined,
  context: WriteContext,
): KubeObject {
  let next = object;
  for (const rule of rulesFor(admission.resource).mutating)
    next = rule.admit?.(admission, next, old, context) ?? next;
  return next;
}

/** Validating admission, of deletions too. Throws StatusError. */
export function validateAdmission(
  admission: Admission,
  object: KubeObject,
  old: KubeObject | undefined,
  context: WriteContext,
): void {
  for (const rule of rulesFor(admission.resource).validating)
    rule.validate?.(admission, object, old, context);
}
