/** The filter CORS: what browsers of other origins may ask. k8s: gateway-api apis/v1 HTTPCORSFilter */
import { texts } from "../../kinds/gateway/lists.ts";
import type { CorsFilter, HeaderModifier } from "../../kinds/gateway/types.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";

type Pair = [name: string, value: string | undefined];

/** With the scheme's own port left out. */
const plain = (origin: string): string =>
  origin.replace(/^(http:\/\/[^/]*):80$/, "$1").replace(/^(https:\/\/[^/]*):443$/, "$1");

/** A `*` stands for one or more characters, dots too. */
function originMatches(pattern: string, origin: string): boolean {
  if (pattern === "*") return true;
  const [before = "", after] = plain(pattern).split(/\*(.*)/s);
  const own = plain(origin);
  if (after === undefined) return own === before;
  return own.length > before.length + after.length && own.startsWith(before) && own.endsWith(after);
}

const isAllowed = ({ allowOrigins }: CorsFilter, origin: string): boolean =>
  texts(allowOrigins).some((pattern) => originMatches(pattern, origin));

/** A wildcard is nothing to who sends credentials: then what was asked for is said again. */
function listed(
  values: readonly string[],
  asked: string | undefined,
  credentials: boolean,
): string | undefined {
  if (values.includes("*")) return credentials ? asked : "*";
  return values.length > 0 ? values.join(", ") : undefined;
}

function shared(filter: CorsFilter, origin: string): Pair[] {
  const credentials = filter.allowCredentials === true;
  return [
    ["access-control-allow-origin", origin],
    ["access-control-allow-credentials", credentials ? "true" : undefined],
    ["access-control-expose-headers", listed(texts(filter.exposeHeaders), undefined, credentials)],
  ];
}

const known = (pairs: readonly Pair[]): [string, string][] =>
  pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));

/** What is said to a request of another origin, in its answer. */
export function crossOrigin(
  filter: CorsFilter | undefined,
  { headers }: HttpRequest,
): HeaderModifier[] {
  const { origin } = headers;
  if (!filter || origin === undefined || !isAllowed(filter, origin)) return [];
  return [{ set: known(shared(filter, origin)).map(([name, value]) => ({ name, value })) }];
}

/** The answer to a browser that asks beforehand; undefined: it does not. */
export function preflight(
  filter: CorsFilter | undefined,
  { method, headers }: HttpRequest,
): HttpResponse | undefined {
  const { origin, "access-control-request-method": wanted } = headers;
  if (!filter || method !== "OPTIONS" || origin === undefined || wanted === undefined)
    return undefined;
  if (!isAllowed(filter, origin)) return { status: 204, headers: {}, body: "" };
  const credentials = filter.allowCredentials === true;
  const pairs: Pair[] = [
    ...shared(filter, origin),
    ["access-control-allow-methods", listed(texts(filter.allowMethods), wanted, credentials)],
    [
      "access-control-allow-headers",
      listed(texts(filter.allowHeaders), headers["access-control-request-headers"], credentials),
    ],
    ["access-control-max-age", String(filter.maxAge ?? 5)],
  ];
  return { status: 204, headers: Object.fromEntries(known(pairs)), body: "" };
}
