/** What Pods are found by. */
import type { KubeObject } from "../../core/object.ts";
import type { Kind } from "../define.ts";

interface Filed extends KubeObject {
  spec?: { nodeName?: string; hostNetwork?: boolean };
  status?: { podIP?: string };
}

const nothing: readonly string[] = [];

export const podIndices: NonNullable<Kind["indices"]> = [
  { name: "pod.node", values: (o) => [(o as Filed).spec?.nodeName ?? ""] },
  {
    name: "pod.ip",
    values: (o) => {
      const pod = o as Filed;
      return pod.status?.podIP && !pod.spec?.hostNetwork ? [pod.status.podIP] : nothing;
    },
  },
  {
    name: "pod.label",
    from: (o) => o.metadata.labels,
    values: (o) =>
      Object.entries(o.metadata.labels ?? {}).map(([k, v]) => `${o.metadata.namespace}\0${k}=${v}`),
  },
];
