/** /metrics of the API server. k8s: apiserver/pkg/storage/etcd3/metrics/metrics.go, component-base/metrics/prometheus/version */
import { type Metric, metricsText } from "../../machinery/prometheus.ts";
import type { ApiContext } from "../context.ts";
import { version } from "../discovery/discovery.ts";

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
    ...objectMetrics(context),
    {
      name: "kubernetes_build_info",
      type: "gauge",
      help: "[ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
      samples: [{ labels: buildLabels, value: 1 }],
    },
  ]);
