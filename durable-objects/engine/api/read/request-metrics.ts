/**
 * The API server's own metrics of requests to resources, since this engine was made, as a server's count from its start. What
 * components write comes without requests and is not among them. k8s: apiserver/pkg/endpoints/metrics/metrics.go
 */
import type { ApiRequest } from "../../ports/request.ts";
import { goNumber, type Labels, type Metric, type Sample } from "../../machinery/prometheus.ts";
import type { RequestInfo } from "../request/request-info.ts";
import type { Resource } from "../discovery/registry.ts";

interface Counted {
  labels: Labels;
  /** By status. */
  codes: Map<number, number>;
  /** How many took no longer than each bucket says, and how long they took together. */
  within: number[];
  seconds: number;
}

/** Upper ends of buckets, seconds. k8s: requestLatencies */
const buckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45,
  60,
];

const connects = new Set(["exec", "attach", "portforward", "proxy"]);

/** k8s: CleanVerb */
function verbOf({ verb, subresource }: RequestInfo, method: string, type: string): string {
  if (connects.has(subresource)) return "CONNECT";
  if (verb === "list" || verb === "watch" || verb === "deletecollection") return verb.toUpperCase();
  return method === "PATCH" && type.startsWith("application/apply-patch") ? "APPLY" : method;
}

/** k8s: CleanScope */
const scopeOf = ({ name, namespace }: RequestInfo): string =>
  name ? "resource" : namespace ? "namespace" : "cluster";

export class RequestMetrics {
  readonly #counted = new Map<string, Counted>();

  /** Counts a request to a resource that was answered, and how long that took by the cluster's clock. */
  note(
    info: RequestInfo,
    { plural }: Resource,
    { method, headers }: ApiRequest,
    { code, seconds }: { code: number; seconds: number },
  ): void {
    const labels: Labels = {
      component: "apiserver",
      dry_run: info.query.all("dryRun").join(","),
      group: info.group,
      resource: plural,
      scope: scopeOf(info),
      subresource: info.subresource,
      verb: verbOf(info, method, headers["content-type"] ?? ""),
      version: info.version,
    };
    const key = Object.values(labels).join(" ");
    let known = this.#counted.get(key);
    if (!known) {
      known = { labels, codes: new Map(), within: buckets.map(() => 0), seconds: 0 };
      this.#counted.set(key, known);
    }
    known.codes.set(code, (known.codes.get(code) ?? 0) + 1);
    for (let i = 0; i < buckets.length; i++)
      if (seconds <= (buckets[i] as number)) known.within[i] = (known.within[i] as number) + 1;
    known.seconds += seconds;
  }

  /** In the order of their labels. */
  get #sorted(): Counted[] {
    const keys = [...this.#counted.keys()].sort();
    return keys.map((key) => this.#counted.get(key) as Counted);
  }

  /** How many there were, and how long they took. */
  metrics(): Metric[] {
    const total = this.#sorted.flatMap(({ labels, codes }) =>
      [...codes]
        .sort(([a], [b]) => a - b)
        .map(([code, value]): Sample => ({ labels: { ...labels, code: String(code) }, value })),
    );
    const durations = this.#sorted.flatMap(({ labels, codes, within, seconds }): Sample[] => {
      if (labels["verb"] === "WATCH" || labels["verb"] === "CONNECT") return [];
      const all = [...codes.values()].reduce((sum, count) => sum + count, 0);
      const bucket = (le: string, value: number): Sample => ({
        suffix: "_bucket",
        labels: { ...labels, le },
        value,
      });
      return [
        ...buckets.map((le, i) => bucket(goNumber(le), within[i] as number)),
        bucket("+Inf", all),
        { suffix: "_sum", labels, value: seconds },
        { suffix: "_count", labels, value: all },
      ];
    });
    return [
      {
        name: "apiserver_request_total",
        type: "counter",
        help: "[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.",
        samples: total,
      },
      {
        name: "apiserver_request_duration_seconds",
        type: "histogram",
        help: "[STABLE] Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.",
        samples: durations,
      },
    ];
  }
}
