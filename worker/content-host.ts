import type { Env } from "./env.ts";

/**
 * Hosts for what users serve: `ID.DOMAIN` for each sandbox, where the operator names a domain (USER_CONTENT_DOMAIN). Nothing of the
 * service is answered there, and nothing of users' at the service's own host.
 */

/** Where a sandbox's content lies, for who asks by `url`; undefined: it has no host of its own. */
export function contentOrigin(env: Env, url: URL, id: string): string | undefined {
  const domain = domainOf(env);
  if (domain === undefined) return undefined;
  const port = url.port === "" ? "" : `:${url.port}`;
  return `${url.protocol}//${id}.${domain}${port}`;
}

/** What stands before the domain; undefined: it is the service that is asked. */
export function contentLabel(env: Env, { hostname }: URL): string | undefined {
  const domain = domainOf(env);
  // A name may end with a dot, and means the same.
  const host = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
  if (domain === undefined || !host.endsWith(`.${domain}`)) return undefined;
  return host.slice(0, -domain.length - 1);
}

const domainOf = ({ USER_CONTENT_DOMAIN = "" }: Env): string | undefined =>
  USER_CONTENT_DOMAIN.trim().toLowerCase() || undefined;
