/** `/healthz`, `/livez`, `/readyz` and their single checks. k8s: apiserver/pkg/server/healthz/healthz.go */
import { goQuote } from "../../machinery/field.ts";
import { URLQuery } from "../request/request-info.ts";

/** In upstream's order; those of the second column are asked only whether the server is ready. */
const checks: readonly (readonly [name: string, only?: "readyz"])[] = [
  ["ping"],
  ["log"],
  ["etcd"],
  ["etcd-readiness", "readyz"],
  ["informer-sync", "readyz"],
  ["poststarthook/start-apiserver-admission-initializer"],
  ["poststarthook/storage-readiness"],
  ["poststarthook/generic-apiserver-start-informers"],
  ["poststarthook/priority-and-fairness-config-consumer"],
  ["poststarthook/priority-and-fairness-filter"],
  ["poststarthook/storage-object-count-tracker-hook"],
  ["poststarthook/start-apiextensions-informers"],
  ["poststarthook/start-apiextensions-controllers"],
  ["poststarthook/crd-informer-synced"],
  ["poststarthook/start-system-namespaces-controller"],
  ["poststarthook/start-cluster-authentication-info-controller"],
  ["poststarthook/start-kube-apiserver-identity-lease-controller"],
  ["poststarthook/start-kube-apiserver-identity-lease-garbage-collector"],
  ["poststarthook/start-legacy-token-tracking-controller"],
  ["poststarthook/start-service-ip-repair-controllers"],
  ["poststarthook/rbac/bootstrap-roles"],
  ["poststarthook/scheduling/bootstrap-system-priority-classes"],
  ["poststarthook/priority-and-fairness-config-producer"],
  ["poststarthook/bootstrap-controller"],
  ["poststarthook/start-kubernetes-service-cidr-controller"],
  ["poststarthook/aggregator-reload-proxy-client-cert"],
  ["poststarthook/start-kube-aggregator-informers"],
  ["poststarthook/apiservice-status-local-available-controller"],
  ["poststarthook/apiservice-status-remote-available-controller"],
  ["poststarthook/apiservice-registration-controller"],
  ["poststarthook/apiservice-discovery-controller"],
  ["poststarthook/kube-apiserver-autoregistration"],
  ["autoregister-completion"],
  ["poststarthook/apiservice-openapi-controller"],
  ["poststarthook/apiservice-openapiv3-controller"],
  ["shutdown", "readyz"],
];

/** `/metrics/slis`: each check as a gauge. k8s: component-base/metrics/prometheus/slis */
export function healthMetrics(): string {
  const lines = [
    "# HELP kubernetes_healthcheck [STABLE] This metric records the result of a single healthcheck.",
    "# TYPE kubernetes_healthcheck gauge",
  ];
  for (const type of ["healthz", "livez", "readyz"]) {
    for (const [name, only] of checks) {
      if (only && only !== type) continue;
      lines.push(`kubernetes_healthcheck{name="${name}",type="${type}"} 1`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** The text; undefined where there is no such check. */
export function healthText(path: string, query: string): string | undefined {
  const name = path.split("/").find(Boolean);
  const names = checks.flatMap(([check, only]) => (only && only !== name ? [] : [check]));
  return checksText(path, query, names);
}

/** The same of a server with other checks, all of which pass. */
export function checksText(
  path: string,
  queryText: string,
  names: readonly string[],
): string | undefined {
  const [name = "", ...rest] = path.split("/").filter(Boolean);
  const check = rest.join("/");
  if (check) return names.includes(check) ? "ok" : undefined;
  const query = new URLQuery(queryText);
  if (!query.has("verbose")) return "ok";
  const excluded = new Set(query.all("exclude"));
  const lines = names.map((n) => `[+]${n} ${excluded.delete(n) ? "excluded: ok" : "ok"}\n`);
  const unknown = [...excluded].sort().map(goQuote).join(",");
  if (unknown) {
    lines.push(`warn: some health checks cannot be excluded: no matches for ${unknown}\n`);
  }
  return `${lines.join("")}${name} check passed\n`;
}
