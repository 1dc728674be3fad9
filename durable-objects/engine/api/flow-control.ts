/**
 * Priority and fairness as far as it shows: to which flow a request belongs, and how many seats a priority level has. Nobody
 * ever waits for one: the API server answers one request after the other. k8s: apiserver/pkg/util/flowcontrol
 */
import type * as flowcontrol from "kubernetes-types/flowcontrol/v1";
import type { FlowSchema } from "../kinds/flow-control/flow-schema.ts";
import type { PriorityLevelConfiguration } from "../kinds/flow-control/priority-level-configuration.ts";
import type { Reader } from "../ports/controller.ts";
import type { User } from "../ports/request.ts";
import type { Attributes } from "./auth/authorization.ts";

const schemas = "flowschemas.flowcontrol.apiserver.k8s.io";
const levels = "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io";

export interface Flow {
  schema: FlowSchema;
  level: PriorityLevelConfiguration;
}

/** In the order in which they are tried, as long as the lists are the same. */
const sorted = new WeakMap<
  readonly FlowSchema[],
  { of: readonly PriorityLevelConfiguration[]; flows: readonly Flow[] }
>();

/** k8s: apf_controller.go digestFlowSchemasLocked: by precedence, then by name; without those whose level is missing */
function flowsOf(reader: Reader): readonly Flow[] {
  const list = reader.list<FlowSchema>(schemas);
  const of = reader.list<PriorityLevelConfiguration>(levels);
  const known = sorted.get(list);
  if (known?.of === of) return known.flows;
  const byName = new Map(of.map((level) => [level.metadata.name, level]));
  const precedence = ({ schema }: Flow): number => schema.spec?.matchingPrecedence ?? 0;
  const flows = list
    .flatMap((schema): Flow[] => {
      const level = byName.get(schema.spec?.priorityLevelConfiguration?.name ?? "");
      return level ? [{ schema, level }] : [];
    })
    .sort(
      (a, b) =>
        precedence(a) - precedence(b) || (a.schema.metadata.name < b.schema.metadata.name ? -1 : 1),
    );
  sorted.set(list, { of, flows });
  return flows;
}

const longVerbs = new Set(["proxy"]);
const longSubresources = new Set(["attach", "exec", "proxy", "log", "portforward"]);

/** The flow of a request; undefined for what goes on for long, except watches. k8s: WithPriorityAndFairness, rule.go */
export function flowOf(reader: Reader, user: User, request: Attributes): Flow | undefined {
  const isLong = longVerbs.has(request.verb) || longSubresources.has(request.subresource);
  if (isLong && request.verb !== "watch") return undefined;
  return flowsOf(reader).find(({ schema }) =>
    schema.spec?.rules?.some((rule) => fits(rule, user, request)),
  );
}

function fits(rule: flowcontrol.PolicyRulesWithSubjects, user: User, request: Attributes): boolean {
  if (!rule.subjects.some((subject) => isSubject(subject, user))) return false;
  return request.resource
    ? (rule.resourceRules?.some((one) => fitsResource(one, request)) ?? false)
    : (rule.nonResourceRules?.some(
        ({ verbs, nonResourceURLs }) =>
          has(verbs, request.verb) && nonResourceURLs.some((url) => isBelow(url, request.path)),
      ) ?? false);
}

function isSubject({ user: one, group, serviceAccount }: flowcontrol.Subject, user: User): boolean {
  if (one) return one.name === "*" || one.name === user.name;
  if (group) return group.name === "*" || user.groups.includes(group.name);
  if (!serviceAccount) return false;
  const { namespace, name } = serviceAccount;
  const home = `system:serviceaccount:${namespace}:`;
  return name === "*" ? user.name.startsWith(home) : user.name === home + name;
}

/** The wildcard stands alone, as validation sees to. */
const has = (list: readonly string[], text: string): boolean =>
  (list.length === 1 && list[0] === "*") || list.includes(text);

function fitsResource(
  { verbs, resources, apiGroups, namespaces = [], clusterScope }: flowcontrol.ResourcePolicyRule,
  { verb, resource, subresource, group, namespace }: Attributes,
): boolean {
  if (!has(verbs, verb) || !has(apiGroups, group)) return false;
  if (!has(resources, subresource ? `${resource}/${subresource}` : resource)) return false;
  return namespace ? has(namespaces, namespace) : clusterScope === true;
}

/** k8s: matchPolicyRuleNonResourceURL */
function isBelow(url: string, path: string): boolean {
  if (url === "*" || url === path) return true;
  const prefix = url.endsWith("*") ? url.slice(0, -1) : url;
  return path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

/** k8s: apiserver/pkg/server/filters/priority-and-fairness.go setResponseHeaders */
export const flowHeaders = ({ schema, level }: Flow): Record<string, string> => ({
  "x-kubernetes-pf-flowschema-uid": schema.metadata.uid ?? "",
  "x-kubernetes-pf-prioritylevel-uid": level.metadata.uid ?? "",
});

/** k8s: kube-apiserver's --max-requests-inflight and --max-mutating-requests-inflight, together */
const serverSeats = 400 + 200;

export interface Seats {
  name: string;
  nominal: number;
  lower: number;
  upper: number;
}

/** What each level is configured to have. k8s: apf_controller.go finishQueueSetReconfigsLocked, plSpecCommons */
export function seatsOf(reader: Reader): Seats[] {
  const all = reader.list<PriorityLevelConfiguration>(levels).map(({ metadata, spec }) => ({
    name: metadata.name,
    ...named(spec?.type === "Exempt" ? spec.exempt : spec?.limited),
  }));
  const sum = all.reduce((total, { shares }) => total + shares, 0);
  return all.map(({ name, shares, lendable, borrowing }) => {
    const nominal = sum === 0 ? 0 : Math.ceil((serverSeats * shares) / sum);
    const part = (percent: number): number => Math.round((nominal * percent) / 100);
    const upper = nominal + (borrowing === undefined ? serverSeats : part(borrowing));
    return { name, nominal, lower: nominal - part(lendable), upper };
  });
}

function named(
  spec:
    | {
        nominalConcurrencyShares?: number;
        lendablePercent?: number;
        borrowingLimitPercent?: number;
      }
    | undefined,
): { shares: number; lendable: number; borrowing: number | undefined } {
  const { nominalConcurrencyShares = 0, lendablePercent = 0, borrowingLimitPercent } = spec ?? {};
  return {
    shares: nominalConcurrencyShares,
    lendable: lendablePercent,
    borrowing: borrowingLimitPercent,
  };
}
