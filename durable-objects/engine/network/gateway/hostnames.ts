/** Hostnames of listeners and routes, which may begin with `*.`; undefined: any. k8s: gateway-api apis/v1 Listener.Hostname */
export type Hostname = string | undefined;

/** A listener's; empty means any, as absent does. */
export const hostnameOf = ({ hostname }: { hostname?: string }): Hostname =>
  typeof hostname === "string" && hostname !== "" ? hostname.toLowerCase() : undefined;

/** Names below a wildcard have at least one label more. */
export const covers = (pattern: Hostname, host: string): boolean =>
  pattern === undefined ||
  (pattern.startsWith("*.")
    ? host.length >= pattern.length && host.endsWith(pattern.slice(1))
    : pattern === host);

/** What both mean: the narrower one; null where they have no name in common. */
export function intersection(a: Hostname, b: Hostname): Hostname | null {
  if (a === undefined) return b;
  if (b === undefined || covers(a, b)) return b ?? a;
  return covers(b, a) ? a : null;
}

/** Names that a route answers to on a listener; empty: on none. */
export function effective(listener: Hostname, own: readonly string[]): Hostname[] {
  if (own.length === 0) return [listener];
  return own.flatMap((one) => {
    const both = intersection(listener, one.toLowerCase());
    return both === null ? [] : [both];
  });
}

/** How narrow a name is: one without a wildcard before any with, then the longer. */
export const narrowness = (name: Hostname): number =>
  name === undefined ? 0 : name.length + (name.startsWith("*.") ? 0 : 1_000);
