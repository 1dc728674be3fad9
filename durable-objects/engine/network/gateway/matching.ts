/**
 * Which rule of which route a request gets. k8s: gateway-api apis/v1 HTTPRouteRule.Matches, whose order of precedence this is.
 */
import { gatewayPatternStatesMax } from "../../core/limits.ts";
import { list } from "../../kinds/gateway/lists.ts";
import type { HTTPRoute, RouteMatch, RouteRule, ValueMatch } from "../../kinds/gateway/types.ts";
import { parseTime } from "../../core/clock.ts";
import { re2Problem } from "../../regex/re2-problem.ts";
import { re2 } from "../../regex/re2.ts";
import { encodeUtf8 } from "../../runtime/bytes.ts";
import type { HttpRequest } from "../../runtime/kernel/state.ts";
import type { MatchWork } from "../../runtime/match-work.ts";
import { objectKeyOf } from "../addresses.ts";
import { covers, narrowness } from "./hostnames.ts";
import type { Attached } from "./listeners.ts";

export interface Found {
  route: HTTPRoute;
  rule: RouteRule;
  index: number;
  /** The prefix that matched, for filters that replace it. */
  prefix: string;
}

interface Asked {
  path: string;
  query: readonly (readonly [name: string, value: string])[];
  request: HttpRequest;
  work: MatchWork;
}

/** The best rule for a request of a host; undefined: none matches. */
export function bestRule(
  attached: readonly Attached[],
  host: string,
  request: HttpRequest,
  work: MatchWork,
): Found | undefined {
  const [path = "/", query = ""] = request.path.split("?", 2);
  const asked: Asked = { path, query: pairsOf(query), request, work };
  let best: { found: Found; rank: readonly number[] } | undefined;
  for (const { route, hostnames } of attached) {
    const own = hostnames.filter((name) => covers(name, host)).map(narrowness);
    if (own.length === 0) continue;
    for (const [index, rule] of list(route.spec?.rules).entries()) {
      for (const match of matchesOf(rule)) {
        if (!matches(match, asked)) continue;
        const rank = [Math.max(...own), ...rankOf(match)];
        if (best && !precedes(rank, route, best.rank, best.found.route)) continue;
        best = { rank, found: { route, rule, index, prefix: String(match.path?.value ?? "/") } };
      }
    }
  }
  return best?.found;
}

/** Without any, every path matches. */
function matchesOf(rule: RouteRule): readonly RouteMatch[] {
  const all = list(rule.matches);
  return all.length > 0 ? all : [{}];
}

/** Exact paths before prefixes, longer before shorter; then a method; then more headers; then more query parameters. */
function rankOf({ path, method, headers, queryParams }: RouteMatch): number[] {
  const type = path?.type ?? "PathPrefix";
  const kind = type === "Exact" ? 2 : type === "RegularExpression" ? 1 : 0;
  return [
    kind,
    String(path?.value ?? "/").length,
    method === undefined ? 0 : 1,
    list(headers).length,
    list(queryParams).length,
  ];
}

/** Ties go to the older route, then to the first by namespace and name, then to the first match. */
function precedes(
  rank: readonly number[],
  route: HTTPRoute,
  before: readonly number[],
  other: HTTPRoute,
): boolean {
  for (const [i, value] of rank.entries()) {
    const theirs = before[i] ?? 0;
    if (value !== theirs) return value > theirs;
  }
  if (route === other) return false;
  const age =
    parseTime(route.metadata.creationTimestamp) - parseTime(other.metadata.creationTimestamp);
  return age === 0 ? objectKeyOf(route) < objectKeyOf(other) : age < 0;
}

function matches({ path, method, headers, queryParams }: RouteMatch, asked: Asked): boolean {
  if (method !== undefined && method !== asked.request.method) return false;
  if (!pathMatches(path, asked)) return false;
  const header = ({ name }: ValueMatch): string | undefined =>
    asked.request.headers[String(name).toLowerCase()];
  const query = ({ name }: ValueMatch): string | undefined =>
    asked.query.find(([one]) => one === name)?.[1];
  return (
    list(headers).every((one) => valueMatches(one, header(one), asked.work)) &&
    list(queryParams).every((one) => valueMatches(one, query(one), asked.work))
  );
}

function pathMatches(given: RouteMatch["path"], { path, work }: Asked): boolean {
  const { type = "PathPrefix" } = given ?? {};
  const value = String(given?.value ?? "/");
  if (type === "Exact") return path === value;
  if (type === "RegularExpression") return wholeMatches(value, path, work);
  const prefix = value.endsWith("/") ? value.slice(0, -1) : value;
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === "/");
}

function valueMatches(
  { type = "Exact", value }: ValueMatch,
  own: string | undefined,
  work: MatchWork,
): boolean {
  if (own === undefined) return false;
  return type === "RegularExpression" ? wholeMatches(value, own, work) : own === value;
}

const whole = (pattern: string): string => `^(?:${pattern})$`;

function wholeMatches(pattern: string, text: string, work: MatchWork): boolean {
  const made = re2(whole(pattern));
  if ("error" in made) return false;
  work.spend(made.units);
  return made.test(encodeUtf8(text), work);
}

/** Filters that are served, and ExtensionRef, which is told of as a reference that leads nowhere. */
const filterTypes: readonly string[] = [
  "RequestHeaderModifier",
  "ResponseHeaderModifier",
  "RequestMirror",
  "RequestRedirect",
  "URLRewrite",
  "CORS",
  "ExtensionRef",
];

/** What of a route's rules nobody can go by: patterns that are none, filters of the experimental definitions. */
export function unsupportedValue(route: HTTPRoute): string | undefined {
  const { spec } = route;
  if (!spec) return undefined;
  if (!unsupported.has(spec)) unsupported.set(spec, unsupportedIn(route));
  return unsupported.get(spec);
}

/** Objects are immutable, and each request to a Gateway looks at all its routes; their status changes more often. */
const unsupported = new WeakMap<object, string | undefined>();

function unsupportedIn({ spec }: HTTPRoute): string | undefined {
  for (const rule of list(spec?.rules)) {
    const filters = [
      ...list(rule.filters),
      ...list(rule.backendRefs).flatMap((ref) => list(ref.filters)),
    ];
    const odd = filters.find(({ type }) => !filterTypes.includes(type));
    if (odd) return `filters of type ${odd.type} are not supported`;
    for (const { path, headers, queryParams } of list(rule.matches)) {
      for (const one of [path, ...list(headers), ...list(queryParams)]) {
        if (one?.type !== "RegularExpression") continue;
        const wrong = re2Problem(whole(one.value ?? ""), gatewayPatternStatesMax);
        if (wrong !== undefined) return wrong;
      }
    }
  }
  return undefined;
}

/** Names and values of a query, decoded; what cannot be stays as it is. */
const pairsOf = (query: string): [string, string][] =>
  query
    .split("&")
    .filter(Boolean)
    .map((pair) => {
      const at = pair.indexOf("=");
      return at < 0
        ? [decoded(pair), ""]
        : [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))];
    });

function decoded(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch (error) {
    if (error instanceof URIError) return spaced;
    throw error;
  }
}
