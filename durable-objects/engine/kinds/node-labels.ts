/** Labels of nodes that upstream warns of, wherever something selects by them. k8s: pkg/api/node/util.go */
import type { LabelSelector } from "kubernetes-types/meta/v1";
import { lookup } from "../core/lookup.ts";
import { at, child } from "../machinery/field.ts";

export const deprecatedNodeLabels: Record<string, string> = lookup({
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region":
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone":
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type":
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  "app.kubernetes.io/created-by": "deprecated since v1.9",
  "scheduler.alpha.kubernetes.io/preferAvoidPods":
    "deprecated since v1.22; use Taints and Tolerations instead",
  "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
});

/** k8s: GetWarningsForNodeSelector. Labels in the order of their names: upstream's is that of a Go map. */
export function nodeSelectorWarnings(selector: LabelSelector | undefined, path: string): string[] {
  const warnings: string[] = [];
  for (const [i, { key }] of (selector?.matchExpressions ?? []).entries()) {
    const text = deprecatedNodeLabels[key];
    const where = child(at(child(path, "matchExpressions"), i), "key");
    if (text) warnings.push(`${where}: ${key} is ${text}`);
  }
  for (const key of Object.keys(selector?.matchLabels ?? {}).sort()) {
    const text = deprecatedNodeLabels[key];
    if (text) warnings.push(`${child(child(path, "matchLabels"), key)}: ${text}`);
  }
  return warnings;
}
