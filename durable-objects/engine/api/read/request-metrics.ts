/**
 * The API server's own metrics of requests to resources, since this engine was made, as a server's count from its start. What
 * components write comes without requests and is not among them. k8s: apiserver/pkg/endpoints/metrics/metrics.go
 */
import { requestLabelsMax } from "../../core/limits.ts";
import type { ApiRequest } from "../../ports/request.ts";
import { goNumber, type Labels, type Metric, type Sample } from "../../machinery/prometheus.ts";
import type { RequestInfo } from "../request/request-info.ts";
import type { Flow } from "../flow-control.ts";
import type { Resource } from "../discovery/registry.ts";

interface Counted {
  labels: Labels;
  /** By status. */
  codes: Map<number, number>;
  /** How many took no longer than a bucket says and longer than the one before, and how long all took together. */
  tookUpTo: Map<number, number>;
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

/** k8s: cleanDryRun */
function dryRunOf({ query }: RequestInfo): string {
  const asked = query.all("dryRun");
  if (asked.length === 0) return "";
  return asked.every((one) => one === "All") ? "All" : "invalid";
}

export class RequestMetrics {
  readonly #counted = new Map<string, Counted>();
  /** By priority level and schema. */
  readonly #flows = new Map<string, { labels: Labels; value: number }>();
  /** Requests of which the labels would have been too many. */
  #uncounted = 0;

  /** Counts a request to a resource that was answered, and how long that took by the cluster's clock. */
  note(
    info: RequestInfo,
    { plural }: Resource,
    { method, headers }: ApiRequest,
    { code, seconds }: { code: number; seconds: number },
  ): void {
    const labels: Labels = {
      component: "apiserver",
      dry_run: dryRunOf(info),
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
      if (this.#counted.size >= requestLabelsMax) {
        this.#uncounted++;
        return;
      }
      known = { labels, codes: new Map(), tookUpTo: new Map(), seconds: 0 };
      this.#counted.set(key, known);
    }
    known.codes.set(code, (known.codes.get(code) ?? 0) + 1);
    const end = buckets.find((le) => seconds <= le) ?? Infinity;
    known.tookUpTo.set(end, (known.tookUpTo.get(end) ?? 0) + 1);
    known.seconds += seconds;
  }

  /** Counts a request by the flow that it belonged to. k8s: apiserver/pkg/util/flowcontrol/metrics */
  noteFlow({ schema, level }: Flow): void {
    const labels = { flow_schema: schema.metadata.name, priority_level: level.metadata.name };
    const key = Object.values(labels).join(" ");
    const known = this.#flows.get(key);
    if (known) known.value++;
    else if (this.#flows.size < requestLabelsMax) this.#flows.set(key, { labels, value: 1 });
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
    const durations = this.#sorted.flatMap(({ labels, codes, tookUpTo, seconds }): Sample[] => {
      if (labels["verb"] === "WATCH" || labels["verb"] === "CONNECT") return [];
      const all = [...codes.values()].reduce((sum, count) => sum + count, 0);
      let within = 0;
      const bucket = (le: number): Sample => ({
        suffix: "_bucket",
        labels: { ...labels, le: goNumber(le) },
        value: (within += tookUpTo.get(le) ?? 0),
      });
      return [
        ...[...buckets, Infinity].map(bucket),
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
      {
        name: "apiserver_flowcontrol_dispatched_requests_total",
        type: "counter",
        help: "[BETA] Number of requests executed by API Priority and Fairness subsystem",
        samples: [...this.#flows.keys()].sort().map((key) => this.#flows.get(key) as Sample),
      },
      {
        name: "cardinality_enforcement_unexpected_categorizations_total",
        type: "counter",
        help: "[ALPHA] The count of unexpected categorizations during cardinality enforcement.",
        samples: [{ value: this.#uncounted }],
      },
    ];
  }
}
