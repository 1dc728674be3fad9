/** /metrics of the API server. k8s: apiserver/pkg/storage/etcd3/metrics/metrics.go, component-base/metrics/prometheus/version */
import { buildInfo, type Metric, metricsText } from "../../machinery/prometheus.ts";
import type { ApiContext } from "../context.ts";
import { version } from "../discovery/discovery.ts";
import { seatsOf } from "../flow-control.ts";

/** How many objects of each kind there are, under its newer and its older name. */
function objectMetrics({ store }: ApiContext): Metric[] {
  const counts = [...store.resources()].sort().map((id) => ({ id, value: store.count(id) }));
  const help =
    "Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.";
  return [
    {
      name: "apiserver_resource_objects",
      type: "gauge",
      help: `[ALPHA] ${help}`,
      samples: counts.map(({ id, value }) => {
        const [resource = "", ...group] = id.split(".");
        return { labels: { group: group.join("."), resource }, value };
      }),
    },
    {
      name: "apiserver_storage_objects",
      type: "gauge",
      help: `[STABLE] (Deprecated since 1.34.0) ${help}`,
      samples: counts.map(({ id, value }) => ({ labels: { resource: id }, value })),
    },
  ];
}

const seatGauges = [
  ["nominal", "[BETA] Nominal number of execution seats configured for each priority level"],
  [
    "lower",
    "[ALPHA] Configured lower bound on number of execution seats available to each priority level",
  ],
  [
    "upper",
    "[ALPHA] Configured upper bound on number of execution seats available to each priority level",
  ],
] as const;

/** How many seats each priority level has. k8s: apiserver/pkg/util/flowcontrol/metrics */
function seatMetrics({ reader }: ApiContext): Metric[] {
  const levels = seatsOf(reader);
  return seatGauges.map(([bound, help]) => ({
    name: `apiserver_flowcontrol_${bound}_limit_seats`,
    type: "gauge",
    help,
    samples: levels.map((level) => ({
      labels: { priority_level: level.name },
      value: level[bound],
    })),
  }));
}

/**
 * There is one validation here, so that no two ever differ; upstream counts from its start where its own and the declared rules do.
 * k8s: apiserver/pkg/validation/metrics.go
 */
const validationMetrics: readonly Metric[] = [
  {
    name: "apiserver_validation_declarative_validation_mismatch_total",
    type: "counter",
    help: "[BETA] Number of times declarative validation results differed from handwritten validation results for core types.",
    samples: [{ value: 0 }],
  },
  {
    name: "apiserver_validation_declarative_validation_panic_total",
    type: "counter",
    help: "[BETA] Number of times declarative validation has panicked during validation.",
    samples: [{ value: 0 }],
  },
];

const buildLabels = {
  build_date: version.buildDate,
  compiler: version.compiler,
  git_commit: version.gitCommit,
  git_tree_state: version.gitTreeState,
  git_version: version.gitVersion,
  go_version: version.goVersion,
  major: version.major,
  minor: version.minor,
  platform: version.platform,
};

/** What it knows of itself, as text. */
export const serverMetrics = (context: ApiContext): string =>
  metricsText([
    ...context.requests.metrics(),
    ...seatMetrics(context),
    ...objectMetrics(context),
    ...validationMetrics,
    buildInfo(buildLabels),
  ]);
