import type { Env } from "./env.ts";
import { EdgeError } from "./errors.ts";

/** A page elsewhere must not make sandboxes behind its visitor's back (the answer it could not read anyway). */
export function refuseForeignPages(request: Request, env: Env): void {
  const origin = request.headers.get("origin");
  if (origin === null || origin === new URL(request.url).origin) return;
  if (env.CORS_ORIGINS.split(",").includes(origin)) return;
  throw new EdgeError(403, "pages of another origin may not make sandboxes here");
}

/** Nor sign its visitor in: they would work on in the account of whoever made the page. */
export function refuseForeignSignIn(request: Request): void {
  const origin = request.headers.get("origin");
  if (origin === null || origin === new URL(request.url).origin) return;
  throw new EdgeError(403, "pages of another origin may sign nobody in here");
}

/**
 * A page whose own name was made to lead to this machine (DNS rebinding) is of this origin as far as its browser knows. On
 * one's own machine nothing but the name tells: addresses have none, and others are named by a variable.
 */
export function refuseForeignHosts(request: Request, env: Env): void {
  if (env.MODE !== "local") return;
  const host = new URL(request.url).hostname.toLowerCase().replace(/\.$/, "");
  if (isAddress(host) || host === "localhost" || host.endsWith(".localhost")) return;
  const named = (env.HOSTS ?? "").toLowerCase().split(",");
  if (named.some((name) => name.trim() === host)) return;
  throw new EdgeError(
    403,
    `no sandboxes are made by the name ${host}; ask by localhost or an address, or start with HOSTS=${host}`,
  );
}

/** As URLs write them: IPv4 has four numbers by then, whatever was typed. */
export const isAddress = (host: string): boolean =>
  /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/.test(host);
