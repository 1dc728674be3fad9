/** kubectl auth reconcile. k8s: kubectl/pkg/cmd/auth/reconcile.go, component-helpers/auth/rbac/reconciliation */
import { equal } from "../../core/equal.ts";
import type { Command, Kubectl } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { Failure, isNotFound, isReason } from "../errors.ts";
import { fileOptions, requireFiles } from "../files.ts";
import { dryRunOf, placeIn, printerFor } from "../mutate/mutation.ts";
import type { Info } from "../result.ts";
import type { KubeObject, ObjectMeta } from "../objects.ts";
import type { Work } from "../work.ts";

interface Rule {
  verbs?: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

interface Subject {
  kind: string;
  apiGroup?: string;
  name: string;
  namespace?: string;
}

interface RbacObject {
  metadata?: ObjectMeta;
  rules?: Rule[];
  subjects?: Subject[];
  roleRef?: unknown;
  aggregationRule?: unknown;
}

const has = (list: readonly string[] = [], wanted: readonly string[] = []): boolean =>
  list.includes("*") || wanted.every((one) => list.includes(one));

/** Whether one rule allows all that another does. k8s: policy_comparator.go ruleCovers */
function covers(owner: Rule, sub: Rule): boolean {
  const names = owner.resourceNames ?? [];
  const asked = sub.resourceNames ?? [];
  const byName =
    names.length === 0 || (asked.length > 0 && asked.every((one) => names.includes(one)));
  const urls = (sub.nonResourceURLs ?? []).every((url) =>
    (owner.nonResourceURLs ?? []).some(
      (own) => own === url || (own.endsWith("*") && url.startsWith(own.slice(0, -1))),
    ),
  );
  return (
    has(owner.verbs, sub.verbs) &&
    has(owner.apiGroups, sub.apiGroups) &&
    has(owner.resources, sub.resources) &&
    byName &&
    urls
  );
}

function split(rule: Rule): Rule[] {
  const out: Rule[] = [];
  for (const verb of rule.verbs ?? []) {
    for (const group of rule.apiGroups ?? [])
      for (const resource of rule.resources ?? []) {
        const one = { verbs: [verb], apiGroups: [group], resources: [resource] };
        const names = rule.resourceNames ?? [];
        out.push(
          ...(names.length ? names.map((name) => ({ ...one, resourceNames: [name] })) : [one]),
        );
      }
    for (const url of rule.nonResourceURLs ?? [])
      out.push({ verbs: [verb], nonResourceURLs: [url] });
  }
  return out;
}

/** What rules do not allow of others. */
const uncovered = (owner: readonly Rule[], wanted: readonly Rule[]): Rule[] =>
  wanted.flatMap(split).filter((one) => !owner.some((rule) => covers(rule, one)));

type Operation = "" | "create" | "update" | "recreate";

interface Outcome {
  object: RbacObject;
  operation: Operation;
  missing: string[];
  extra: string[];
  protected: boolean;
}

const words = (list: readonly string[] = []): string => `[${list.join(" ")}]`;
const ruleText = (rule: Rule): string =>
  `{Verbs:${words(rule.verbs)} APIGroups:${words(rule.apiGroups)} Resources:${words(rule.resources)} ResourceNames:${words(rule.resourceNames)} NonResourceURLs:${words(rule.nonResourceURLs)}}`;
const subjectText = ({ kind, apiGroup = "", name, namespace = "" }: Subject): string =>
  `{Kind:${kind} APIGroup:${apiGroup} Name:${name} Namespace:${namespace}}`;

/** What has to become of what there is. */
function reconciled(k: Kubectl, existing: RbacObject, expected: RbacObject): Outcome {
  const out: Outcome = {
    object: { ...existing, metadata: { ...existing.metadata } },
    operation: "",
    missing: [],
    extra: [],
    protected:
      existing.metadata?.annotations?.["rbac.authorization.kubernetes.io/autoupdate"] === "false",
  };
  if (expected.roleRef && !equal(expected.roleRef, existing.roleRef))
    return { ...out, object: expected, operation: "recreate" };
  for (const field of ["annotations", "labels"] as const) {
    const merged = { ...expected.metadata?.[field], ...existing.metadata?.[field] };
    if (equal(merged, existing.metadata?.[field] ?? {})) continue;
    out.object.metadata = { ...out.object.metadata, [field]: merged };
    out.operation = "update";
  }
  if (expected.roleRef) subjectsOf(k, existing, expected, out);
  else rulesOf(k, existing, expected, out);
  return out;
}

function subjectsOf(k: Kubectl, existing: RbacObject, expected: RbacObject, out: Outcome): void {
  const [old, wanted] = [existing.subjects ?? [], expected.subjects ?? []];
  const lacking = (from: readonly Subject[], of: readonly Subject[]): Subject[] =>
    of.filter((one) => !from.some((other) => equal(one, other)));
  const [missing, extra] = [lacking(old, wanted), lacking(wanted, old)];
  const removes = k.flags.bool("remove-extra-subjects");
  if (missing.length > 0 || (removes && extra.length > 0)) {
    out.object.subjects = removes ? wanted : [...old, ...missing];
    out.operation = "update";
  }
  out.missing = missing.map(subjectText);
  out.extra = removes ? extra.map(subjectText) : [];
}

function rulesOf(k: Kubectl, existing: RbacObject, expected: RbacObject, out: Outcome): void {
  const [old, wanted] = [existing.rules ?? [], expected.rules ?? []];
  const both = expected.aggregationRule && existing.aggregationRule;
  const extra = both ? [] : uncovered(wanted, old);
  const missing = uncovered(old, wanted);
  const removes = k.flags.bool("remove-extra-permissions");
  if (missing.length > 0 || (removes && extra.length > 0)) {
    out.object.rules = removes ? wanted : [...old, ...missing];
    out.operation = "update";
  }
  if (!equal(expected.aggregationRule ?? null, existing.aggregationRule ?? null)) {
    if (expected.aggregationRule) out.object.aggregationRule = expected.aggregationRule;
    else delete out.object.aggregationRule;
    out.operation = "update";
  }
  out.missing = missing.map(ruleText);
  out.extra = removes ? extra.map(ruleText) : [];
}

/** What is made needs its namespace; who may not look or make one goes on. k8s: reconciliation/namespace.go tryEnsureNamespace */
function* ensureNamespace(k: Kubectl, name: string): Work<void> {
  const client = yield* k.client();
  const path = "/api/v1/namespaces";
  try {
    yield* client.json<KubeObject>({ path: `${path}/${name}` });
    return;
  } catch (error) {
    if (!isNotFound(error) && !isReason(error, "Forbidden")) throw error;
  }
  const body = { kind: "Namespace", apiVersion: "v1", metadata: { name }, spec: {}, status: {} };
  try {
    yield* client.json<KubeObject>({ method: "POST", path, body });
  } catch (error) {
    if (!isReason(error, "AlreadyExists") && !isReason(error, "Forbidden")) throw error;
  }
}

function* reconcileOne(k: Kubectl, info: Info, dryRun: boolean): Work<Outcome> {
  const client = yield* k.client();
  const expected = info.object as RbacObject;
  const path = pathOf(info.type, info.namespace, info.name);
  let out: Outcome;
  try {
    out = reconciled(k, yield* client.json<RbacObject>({ path }), expected);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    out = {
      object: expected,
      operation: "create",
      missing: expected.roleRef
        ? (expected.subjects ?? []).map(subjectText)
        : (expected.rules ?? []).map(ruleText),
      extra: [],
      protected: false,
    };
  }
  if (dryRun || out.protected || out.operation === "") return out;
  if (out.operation === "recreate") yield* client.ok({ method: "DELETE", path });
  if (out.operation !== "update" && info.namespace) yield* ensureNamespace(k, info.namespace);
  const body = out.object;
  const call =
    out.operation === "update"
      ? ({ method: "PUT", path, body } as const)
      : ({ method: "POST", path: pathOf(info.type, info.namespace), body } as const);
  return { ...out, object: yield* client.json<RbacObject>(call) };
}

function tell(k: Kubectl, out: Outcome): void {
  if (out.operation === "") return;
  const caveat = out.protected
    ? ", but object opted out (rbac.authorization.kubernetes.io/autoupdate: false)"
    : "";
  k.err(`\treconciliation required ${out.operation}${caveat}\n`);
  const what = out.object.roleRef ? "subjects" : "rules";
  for (const [lines, head] of [
    [out.missing, `missing ${what} added`],
    [out.extra, `extra ${what} removed`],
  ] as const)
    if (lines.length > 0) k.err(`\t${head}:\n${lines.map((line) => `\t\t${line}\n`).join("")}`);
}

const kinds = new Set(["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"]);

export const reconcile: Command = {
  path: "auth reconcile",
  *run(k) {
    const { flags, args } = k;
    const files = fileOptions(flags);
    requireFiles(files);
    if (args.length > 0) k.fail("no arguments are allowed");
    const dryRun = yield* dryRunOf(k);
    if (dryRun === "server") k.fail("--dry-run=server for command reconcile is not supported yet");
    const place = yield* placeIn(k);
    const result = yield* k.build({
      files,
      namespace: place.namespace,
      enforceNamespace: place.explicit,
      continueOnError: true,
    });
    const print = yield* printerFor(k, dryRun, "reconciled");
    yield* result.visit(function* (info): Work<void> {
      if (info.type.group !== "rbac.authorization.k8s.io" || !kinds.has(info.type.kind)) return;
      if (info.type.version !== "v1")
        throw new Failure(
          `only rbac.authorization.k8s.io/v1 is supported: not *${info.type.version}.${info.type.kind}`,
        );
      const out = yield* reconcileOne(k, info, dryRun === "client");
      k.out(print(out.object as KubeObject));
      tell(k, out);
    });
  },
};
