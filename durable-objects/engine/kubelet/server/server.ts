/** What a kubelet serves at its port to whom it let in. k8s: pkg/kubelet/server/server.go InstallDefaultHandlers, InstallDebuggingHandlers */
import { objectKey } from "../../core/object.ts";
import type { Node } from "../../kinds/node.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { value } from "../../machinery/quantity.ts";
import { type Metric, metricsContentType, metricsText } from "../../machinery/prometheus.ts";
import type { Client } from "../../ports/controller.ts";
import type { KubeletPage, KubeletReply, KubeletRequest } from "../../ports/kubelet.ts";
import { kubeletTable, type PodRecord } from "../record.ts";
import { cadvisorMetrics } from "./cadvisor-metrics.ts";
import { configOf } from "./configz.ts";
import { measure } from "./measured.ts";
import { ownMetrics } from "./own-metrics.ts";
import { probeMetrics } from "./probe-metrics.ts";
import { resourceMetrics } from "./resource-metrics.ts";
import { summaryOf } from "./summary.ts";

interface Asked {
  client: Client;
  node: Node;
  request: KubeletRequest;
}

const plain = (status: number, text: string): KubeletPage => ({
  status,
  type: "text/plain; charset=utf-8",
  text,
});

const json = (body: unknown): KubeletPage => ({
  status: 200,
  type: "application/json",
  text: JSON.stringify(body),
});

const metrics = (told: readonly Metric[]): KubeletPage => ({
  status: 200,
  type: metricsContentType,
  text: metricsText(told),
});

const podList = (items: readonly object[]): KubeletPage =>
  json({ kind: "PodList", apiVersion: "v1", metadata: {}, items });

const podsOf = ({ client, node }: Asked): readonly Pod[] =>
  client.byIndex<Pod>("pod.node", node.metadata.name);

/** Only what the container runtime knows. k8s: pkg/kubelet/container/runtime.go ToAPIPod */
function runningPods(asked: Asked): KubeletPage {
  const { records } = asked.client;
  const items = podsOf(asked).flatMap(({ metadata, spec }) => {
    const { name, namespace, uid } = metadata;
    const record = records.get<PodRecord>(kubeletTable, objectKey(namespace, name));
    if (!record?.sandbox) return [];
    const containers = [...(spec.initContainers ?? []), ...spec.containers]
      .filter((container) => record.containers[container.name]?.state === "running")
      .map((container) => ({
        name: container.name,
        image: record.containers[container.name]?.imageID ?? "",
        resources: {},
      }));
    return [{ metadata: { name, namespace, uid }, spec: { containers }, status: {} }];
  });
  return podList(items);
}

function summary({ client, node, request }: Asked): KubeletPage {
  const brief = request.query.split("&").includes("only_cpu_and_memory=true");
  return json(
    summaryOf(
      measure(client, node),
      brief,
      ({ container }) => value(container.resources?.limits?.["memory"]) || undefined,
    ),
  );
}

const pages: Readonly<Record<string, (asked: Asked) => KubeletPage>> = {
  "/healthz": () => plain(200, "ok"),
  "/pods": (asked) => podList(podsOf(asked)),
  "/runningpods": runningPods,
  "/configz": ({ client, node }) => json(configOf(client, node.metadata.name)),
  "/stats/summary": summary,
  "/metrics": ({ client, node }) => metrics(ownMetrics(client, node, measure(client, node))),
  "/metrics/cadvisor": ({ client, node }) => metrics(cadvisorMetrics(measure(client, node))),
  "/metrics/resource": ({ client, node }) => metrics(resourceMetrics(measure(client, node))),
  "/metrics/probes": (asked) => metrics(probeMetrics(asked.client, podsOf(asked))),
};

/** k8s: server.go getContainerLogs */
function containerLogs(asked: Asked, [namespace, name, container]: string[]): KubeletReply {
  const pod = podsOf(asked).find(
    ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
  );
  if (!pod) return plain(404, `pod ${JSON.stringify(name)} does not exist\n`);
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec;
  const known = [...initContainers, ...containers, ...ephemeralContainers];
  if (!known.some((one) => one.name === container))
    return plain(
      404,
      `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(name)}\n`,
    );
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/log`;
  const query = `container=${container}&${asked.request.query}`;
  return { api: { method: "GET", path, query, headers: {} } };
}

const withoutEnd = (path: string): string =>
  path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;

/** The answer; undefined: no such page. */
export function kubeletServer(
  client: Client,
  nodeName: string,
  request: KubeletRequest,
): KubeletReply | undefined {
  const node = client.get<Node>("nodes", "", nodeName);
  if (!node) return undefined;
  const asked: Asked = { client, node, request };
  const [, root, ...rest] = request.path.split("/");
  if (root === "containerLogs" && rest.length === 3 && request.method === "GET")
    return containerLogs(asked, rest);
  const path = withoutEnd(request.path);
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (!page) return undefined;
  if (request.method !== "GET" && request.method !== "HEAD")
    return plain(405, "405: Method Not Allowed");
  return page(asked);
}
