/** What filters of a rule do to requests and answers. k8s: gateway-api apis/v1 HTTPRouteFilter */
import type {
  HeaderModifier,
  PathModifier,
  RequestRedirect,
  RouteFilter,
} from "../../kinds/gateway/types.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";

/** All of one kind of modification, in order. */
export const modifiers = (
  filters: readonly RouteFilter[],
  which: "requestHeaderModifier" | "responseHeaderModifier",
): HeaderModifier[] => filters.flatMap((filter) => filter[which] ?? []);

/** `prefix` is what matched; a query stays. */
export function replacedPath(
  path: string,
  modifier: PathModifier | undefined,
  prefix: string,
): string {
  if (!modifier) return path;
  const at = path.indexOf("?");
  const query = at < 0 ? "" : path.slice(at);
  const own = at < 0 ? path : path.slice(0, at);
  if (modifier.type === "ReplaceFullPath") return `${modifier.replaceFullPath ?? "/"}${query}`;
  if (modifier.type !== "ReplacePrefixMatch") return path;
  const cut = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  const rest = own.slice(cut.length);
  const to = modifier.replacePrefixMatch ?? "/";
  const joined = `${to.endsWith("/") ? to.slice(0, -1) : to}${rest}`;
  return `${joined.startsWith("/") ? joined : `/${joined}`}${query}`;
}

const schemePorts: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
]);

/** The port is told where it is not the scheme's own; a redirect to another scheme leads to that one's. */
export function redirected(
  { scheme, hostname, path, port, statusCode }: RequestRedirect,
  request: HttpRequest,
  { host, prefix, listenerPort }: { host: string; prefix: string; listenerPort: number },
): HttpResponse {
  const own = request.https ? "https" : "http";
  const to = scheme ?? own;
  const at = port ?? (scheme === undefined ? listenerPort : schemePorts.get(scheme));
  const shown = at === undefined || at === schemePorts.get(to) ? "" : `:${at}`;
  const location = `${to}://${hostname ?? host}${shown}${replacedPath(request.path, path, prefix)}`;
  return { status: statusCode ?? 302, headers: { location }, body: "" };
}
