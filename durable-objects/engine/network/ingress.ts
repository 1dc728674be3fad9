/** A simulated ingress-nginx: which backend a request gets, and its own answers. k8s: Ingress path types; ingress-nginx docs */
import type { IngressClass } from "../kinds/networking/ingress-class.ts";
import type { HTTPIngressPath, IngressBackend } from "kubernetes-types/networking/v1";
import type { Reader } from "../ports/controller.ts";
import type { Ingress } from "../kinds/networking/ingress.ts";
import type { Service } from "../kinds/service/shape.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { decodeUtf8, encodeUtf8 } from "../runtime/bytes.ts";
import { gatewayMatchUnitsMax } from "../core/limits.ts";
import { Errno } from "../runtime/errno.ts";
import { Regex, regexFor } from "../regex/regex.ts";
import { MatchWork } from "../runtime/match-work.ts";
import type { HttpRequest, HttpResponse } from "../runtime/kernel/state.ts";
import { ingressIp, objectKeyOf, outsideIp } from "./addresses.ts";
import { hop } from "./hops.ts";
import type { Hop } from "../kinds/podyard/trace.ts";
import type { Source } from "../runtime/net/stream.ts";
import type { Relay } from "./relay.ts";
import { chooseEndpoint } from "./services.ts";

export const ingresses = "ingresses.networking.k8s.io";
const classes = "ingressclasses.networking.k8s.io";
const controllerName = "k8s.io/ingress-nginx";
const prefix = "nginx.ingress.kubernetes.io/";

export type IngressStart = { hop: Hop } & (
  | { response: HttpResponse }
  | { from: Source; request: HttpRequest; relay: Relay }
);

const page = (status: number, title: string): HttpResponse => ({
  status,
  headers: { "content-type": "text/html" },
  body: `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`,
});

/** Whether our controller serves it: class `nginx` by name, or a class of its controller. */
export function isServed(reader: Reader, { metadata, spec }: Ingress): boolean {
  const name = spec?.ingressClassName ?? metadata.annotations?.["kubernetes.io/ingress.class"];
  if (name === undefined) return false;
  const known = reader.get<IngressClass>(classes, "", name);
  return known ? known.spec?.controller === controllerName : name === "nginx";
}

interface Match {
  ingress: Ingress;
  backend: IngressBackend;
  path?: HTTPIngressPath;
}

function hostMatches(rule: string, host: string): boolean {
  if (!rule.startsWith("*.")) return rule === host;
  const dot = host.indexOf(".");
  return dot > 0 && host.slice(dot) === rule.slice(1);
}

const elements = (path: string): string[] => path.split("/").filter(Boolean);

/** How well a path fits: longer is better, Exact beats Prefix; undefined: not at all. */
function pathFit(
  entry: HTTPIngressPath,
  path: string,
  asRegex: boolean,
  work: MatchWork,
): number | undefined {
  const own = entry.path || "/";
  if (asRegex && entry.pathType !== "Exact")
    return patternOf(own, work)?.test(encodeUtf8(path), work) ? own.length * 2 : undefined;
  if (entry.pathType === "Exact") return own === path ? own.length * 2 + 1 : undefined;
  const [want, have] = [elements(own), elements(path)];
  return want.every((part, i) => part === have[i]) ? own.length * 2 : undefined;
}

/** The pattern of a location `~*`. One that is none matches nothing, as nginx leaves its location out. */
function patternOf(path: string, work: MatchWork): Regex | undefined {
  const options = { syntax: "perl", fold: true, within: "start" } as const;
  const made = regexFor(work, path, encodeUtf8(path), options);
  return made instanceof Regex ? made : undefined;
}

const usesRegex = ({ metadata }: Ingress): boolean =>
  metadata.annotations?.[`${prefix}use-regex`] === "true" ||
  /\$\d/.test(metadata.annotations?.[`${prefix}rewrite-target`] ?? "");

/** The rule for a host and path. A host that some rule names is answered by its rules alone. */
function matchIngress(
  reader: Reader,
  host: string,
  path: string,
  work: MatchWork,
): Match | undefined {
  const served = reader.list<Ingress>(ingresses).filter((ingress) => isServed(reader, ingress));
  const rules = served.flatMap((ingress) =>
    (ingress.spec?.rules ?? []).map((rule) => ({ ingress, rule })),
  );
  const tiers = [
    rules.filter(({ rule }) => rule.host === host),
    rules.filter(({ rule }) => rule.host?.startsWith("*.") && hostMatches(rule.host, host)),
    rules.filter(({ rule }) => !rule.host),
  ];
  const tier = tiers.find((list) => list.length > 0) ?? [];
  let best: { fit: number; match: Match } | undefined;
  for (const { ingress, rule } of tier) {
    for (const entry of rule.http?.paths ?? []) {
      const fit = pathFit(entry, path, usesRegex(ingress), work);
      if (fit === undefined || (best && best.fit >= fit)) continue;
      best = { fit, match: { ingress, backend: entry.backend, path: entry } };
    }
  }
  if (best) return best.match;
  const fallback = [...tier.map(({ ingress }) => ingress), ...served].find(
    (i) => i.spec?.defaultBackend,
  );
  return (
    fallback && { ingress: fallback, backend: fallback.spec?.defaultBackend as IngressBackend }
  );
}

/** Undefined: matching took more than it may, which nginx answers with 500 (pcre_exec: match limit). */
function bounded<T>(match: () => T): T | undefined {
  try {
    return match();
  } catch (error) {
    if (error instanceof Errno && error.code === "ENOMEM") return undefined;
    throw error;
  }
}

/** What the Ingress controller does with a request: an answer of its own, or one that its backend gives later. */
export function startIngress(context: RuntimeContext, q: HttpRequest): IngressStart {
  const host = (q.headers.host ?? q.host).replace(/:\d+$/, "").toLowerCase();
  const [path = "/", query] = q.path.split("?", 2);
  const work = new MatchWork((us) => context.spend?.(us), gatewayMatchUnitsMax);
  const found = bounded(() => {
    const match = matchIngress(context.reader, host, path, work);
    return { match, target: match && rewritten(match, path, work) };
  });
  const match = found?.match;
  const none = (detail: string, response: HttpResponse): IngressStart => ({
    hop: hop("ingress", match ? objectKeyOf(match.ingress) : "default backend", detail, {
      failed: true,
    }),
    response,
  });
  if (!found) return none("runs out of its match limit", page(500, "Internal Server Error"));
  if (!match) return none(`no rule for ${host}${path}`, page(404, "Not Found"));
  const redirect = redirectOf(match.ingress, host, q);
  if (redirect) return none("redirects to HTTPS", redirect);
  const backend = match.backend.service;
  const name = backend?.name ?? "";
  const service = context.reader.get<Service>(
    "services",
    match.ingress.metadata.namespace ?? "",
    name,
  );
  const port = service?.spec?.ports?.find((p) =>
    backend?.port?.name ? p.name === backend.port.name : p.port === backend?.port?.number,
  );
  const unavailable = page(503, "Service Temporarily Unavailable");
  if (!service || !port) return none(`has no backend ${name}`, unavailable);
  const choice = chooseEndpoint(context, service, port, { ip: q.clientIp, node: undefined }, false);
  if (typeof choice === "string") return none(`${name} has no ready endpoints`, unavailable);
  const target = (found.target ?? path) + (query === undefined ? "" : `?${query}`);
  return {
    hop: hop("ingress", objectKeyOf(match.ingress), `${host}${path} -> ${name}`, { ip: ingressIp }),
    from: { ip: ingressIp },
    request: {
      ...q,
      path: target,
      host: choice.backend.ip,
      port: choice.backend.port,
      https: false,
      headers: { ...q.headers, ...forwarded(q, host) },
    },
    relay: { failed: page(502, "Bad Gateway"), late: page(504, "Gateway Time-out") },
  };
}

function forwarded(q: HttpRequest, host: string): Record<string, string> {
  const client = q.clientIp || outsideIp;
  return {
    host,
    "x-real-ip": client,
    "x-forwarded-for": client,
    "x-forwarded-host": host,
    "x-forwarded-port": q.https ? "443" : "80",
    "x-forwarded-proto": q.https ? "https" : "http",
    "x-forwarded-scheme": q.https ? "https" : "http",
    "x-scheme": q.https ? "https" : "http",
  };
}

function redirectOf(
  { metadata, spec }: Ingress,
  host: string,
  q: HttpRequest,
): HttpResponse | undefined {
  const secured = spec?.tls?.some((tls) => !tls.hosts?.length || tls.hosts.includes(host));
  if (!secured || q.https) return undefined;
  if (metadata.annotations?.[`${prefix}ssl-redirect`] === "false") return undefined;
  const answer = page(308, "Permanent Redirect");
  return { ...answer, headers: { ...answer.headers, location: `https://${host}${q.path}` } };
}

/** Annotation rewrite-target: the whole path, with the groups of the rule's pattern. */
function rewritten({ ingress, path }: Match, asked: string, work: MatchWork): string {
  const target = ingress.metadata.annotations?.[`${prefix}rewrite-target`];
  if (target === undefined || !path) return asked;
  const found = usesRegex(ingress)
    ? patternOf(path.path ?? "/", work)?.find(encodeUtf8(asked), work)
    : undefined;
  return target.replace(/\$(\d)/g, (_, n: string) => decodeUtf8(found?.group(Number(n)) ?? ""));
}
