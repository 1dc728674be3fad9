/** metrics.k8s.io in discovery: what metrics-server serves. The answers are computed in metrics.ts. */
import type { KubeObject } from "../../core/object.ts";
import { column, nameColumn } from "../../kinds/columns.ts";
import type { Kind } from "../../kinds/define.ts";
import { milliValue, value } from "../../machinery/quantity.ts";
import type { GroupVersion, Resource } from "./resource.ts";
import { schemaNamed } from "../../schema/types.ts";

export interface Usage {
  cpu: string;
  memory: string;
}
export interface NodeMetrics extends KubeObject {
  timestamp: string;
  window: string;
  usage: Usage;
}
export interface PodMetrics extends KubeObject {
  timestamp: string;
  window: string;
  containers: { name: string; usage: Usage }[];
}

const usagesOf = (metrics: NodeMetrics | PodMetrics): Usage[] =>
  "usage" in metrics ? [metrics.usage] : metrics.containers.map((c) => c.usage);

const sum = (numbers: number[]): number => numbers.reduce((all, one) => all + one, 0);

const version = "v1beta1";
export const metricsApiVersion = `metrics.k8s.io/${version}`;

const rows = [
  { plural: "nodes", kind: "NodeMetrics", namespaced: false },
  { plural: "pods", kind: "PodMetrics", namespaced: true },
];

function hooksOf(plural: string, kind: string, namespaced: boolean): Kind {
  const hooks: Kind<NodeMetrics | PodMetrics> = {
    resource: `${plural}.metrics.k8s.io`,
    apiVersion: metricsApiVersion,
    kind,
    schema: schemaNamed(`metrics/v1beta1.${kind}`),
    namespaced,
    table: {
      columns: [
        nameColumn,
        column("CPU", "CPU in use."),
        column("Memory", "Memory in use."),
        column("Window", "The time the figures are an average of."),
      ],
      cells: (metrics) => {
        const usages = usagesOf(metrics);
        const cpu = sum(usages.map((u) => milliValue(u.cpu)));
        const memory = sum(usages.map((u) => value(u.memory)));
        return [metrics.metadata.name, `${cpu}m`, `${Math.floor(memory / 1024)}Ki`, metrics.window];
      },
    },
  };
  return hooks as unknown as Kind;
}

const resourceOf = ({ plural, kind, namespaced }: (typeof rows)[number]): Resource => ({
  id: `${plural}.metrics.k8s.io`,
  group: "metrics.k8s.io",
  version,
  apiVersion: metricsApiVersion,
  plural,
  singular: "",
  kind,
  namespaced,
  verbs: ["get", "list"],
  shortNames: [],
  categories: [],
  storageVersionHash: undefined,
  subresources: [],
  scale: undefined,
  hooks: hooksOf(plural, kind, namespaced),
  schema: schemaNamed(`metrics/v1beta1.${kind}`),
  servedVersion: undefined,
  checks: {},
});

export const metricsGroup: GroupVersion = {
  group: "metrics.k8s.io",
  version,
  resources: rows.map(resourceOf),
};
