/** The way of a request, station by station: what `request` returns and the console shows. */

export interface Hop {
  kind:
    | "source"
    | "dns"
    | "service"
    | "endpoint"
    | "policy"
    | "node"
    | "pod"
    | "container"
    | "site"
    | "ingress";
  /** `default/web`, `node-1`, `web.default.svc.cluster.local`. */
  name: string;
  ip?: string;
  port?: number;
  /** What happened there. */
  detail: string;
  /** The way ended here. */
  failed?: true;
}

export const hop = (
  kind: Hop["kind"],
  name: string,
  detail: string,
  more: Partial<Hop> = {},
): Hop => ({ kind, name, detail, ...more });
