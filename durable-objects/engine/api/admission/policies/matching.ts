/** Whether a policy or a binding is about a write. k8s: apiserver/pkg/admission/plugin/policy/matching/matching.go */
import type { KubeObject } from "../../../core/object.ts";
import type { MatchResources, ResourceRule } from "../../../kinds/admission/shape.ts";
import { labelSelector, type Selector } from "../../../machinery/selectors.ts";
import { namespaceOf, ofNamespaces, type Attributes } from "./attributes.ts";

const has = (list: readonly string[] | undefined, one: string): boolean =>
  list !== undefined && (list.includes("*") || list.includes(one));

function matchesResource(resources: readonly string[] | undefined, of: Attributes): boolean {
  const { subresource } = of.admission;
  return (resources ?? []).some((text) => {
    const slash = text.indexOf("/");
    const resource = slash < 0 ? text : text.slice(0, slash);
    const sub = slash < 0 ? "" : text.slice(slash + 1);
    return (resource === "*" || resource === of.resource) && (sub === "*" || sub === subresource);
  });
}

function matchesScope(scope: string | undefined, of: Attributes): boolean {
  if (scope === undefined || scope === "*") return true;
  const clusterWide = ofNamespaces(of) || of.namespace === "";
  return (scope === "Cluster") === clusterWide;
}

/** k8s: apiserver/pkg/admission/plugin/webhook/predicates/rules */
export function matchesRule(rule: ResourceRule, of: Attributes): boolean {
  const { resourceNames = [] } = rule;
  return (
    has(rule.operations, of.admission.operation) &&
    has(rule.apiGroups, of.group) &&
    has(rule.apiVersions, of.version) &&
    matchesResource(rule.resources, of) &&
    matchesScope(rule.scope, of) &&
    (resourceNames.length === 0 || resourceNames.includes(of.name))
  );
}

/** k8s: predicates/namespace */
export function matchesNamespace(selector: Selector, of: Attributes): boolean {
  if (selector.empty) return true;
  if (ofNamespaces(of)) {
    const namespace = of.object ?? of.old;
    return selector.matches(namespace?.metadata.labels);
  }
  if (of.namespace === "") return true;
  return selector.matches(namespaceOf(of)?.metadata.labels);
}

/** k8s: predicates/object */
export function matchesObject(selector: Selector, of: Attributes): boolean {
  if (selector.empty) return true;
  const fits = (object: KubeObject | undefined): boolean =>
    object !== undefined && selector.matches(object.metadata?.labels);
  return fits(of.object) || fits(of.old);
}

/** Whether it is about the write, selectors and exceptions considered; none at all is about everything. */
export function matches(resources: MatchResources | undefined, of: Attributes): boolean {
  if (!resources) return true;
  const { resourceRules = [], excludeResourceRules = [] } = resources;
  return (
    matchesNamespace(labelSelector(resources.namespaceSelector ?? {}), of) &&
    matchesObject(labelSelector(resources.objectSelector ?? {}), of) &&
    !excludeResourceRules.some((rule) => matchesRule(rule, of)) &&
    (resourceRules.length === 0 || resourceRules.some((rule) => matchesRule(rule, of)))
  );
}
