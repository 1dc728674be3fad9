/** What Pods are found by. */
import { allClaimNamesOf } from "./resource-claims.ts";
import type { Pod } from "./types.ts";
import type { Kind } from "../define.ts";

const nothing: readonly string[] = [];

const claimsOf = (pod: Partial<Pod>): readonly string[] =>
  pod.spec?.resourceClaims || pod.status?.extendedResourceClaimStatus
    ? allClaimNamesOf(pod as Pod).map((name) => `${pod.metadata?.namespace ?? ""}\0${name}`)
    : nothing;

export const podIndices: NonNullable<Kind["indices"]> = [
  { name: "pod.node", values: (o) => [(o as Partial<Pod>).spec?.nodeName ?? ""] },
  {
    name: "pod.ip",
    values: (o) => {
      const pod = o as Partial<Pod>;
      return pod.status?.podIP && !pod.spec?.hostNetwork ? [pod.status.podIP] : nothing;
    },
  },
  { name: "pod.resourceClaim", values: (o) => claimsOf(o as Partial<Pod>) },
  {
    name: "pod.label",
    from: (o) => o.metadata.labels,
    values: (o) =>
      Object.entries(o.metadata.labels ?? {}).map(([k, v]) => `${o.metadata.namespace}\0${k}=${v}`),
  },
];
