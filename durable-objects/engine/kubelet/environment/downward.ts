/** Downward API: fields and resources of a Pod as text. k8s: pkg/fieldpath, pkg/api/v1/resource */
import { milliValue, value } from "../../machinery/quantity.ts";
import type { Container, Pod } from "../../kinds/pod/types.ts";
import type { Node } from "../../kinds/node.ts";

export interface DownwardInput {
  pod: Pod;
  podIP: string;
  hostIP: string;
  node: Node;
}

/** `key="value"` lines, sorted. k8s: fieldpath.FormatMap */
function formatMap(map: Record<string, string> | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${JSON.stringify(map?.[key] ?? "")}`)
    .join("\n");
}

const fields: Record<string, (input: DownwardInput) => string> = {
  "metadata.name": ({ pod }) => pod.metadata.name,
  "metadata.namespace": ({ pod }) => pod.metadata.namespace ?? "",
  "metadata.uid": ({ pod }) => pod.metadata.uid,
  "metadata.labels": ({ pod }) => formatMap(pod.metadata.labels),
  "metadata.annotations": ({ pod }) => formatMap(pod.metadata.annotations),
  "spec.nodeName": ({ pod }) => pod.spec.nodeName ?? "",
  "spec.serviceAccountName": ({ pod }) => pod.spec.serviceAccountName ?? "",
  "status.hostIP": ({ hostIP }) => hostIP,
  "status.hostIPs": ({ hostIP }) => hostIP,
  "status.podIP": ({ podIP }) => podIP,
  "status.podIPs": ({ podIP }) => podIP,
};

/** The text of a fieldRef, or the error upstream gives. */
export function fieldText(
  path: string,
  input: DownwardInput,
): { text: string } | { error: string } {
  const plain = fields[path];
  if (plain) return { text: plain(input) };
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (keyed) {
    const map = keyed[1] === "labels" ? input.pod.metadata.labels : input.pod.metadata.annotations;
    return { text: map?.[keyed[2] ?? ""] ?? "" };
  }
  return { error: `unsupported fieldPath: ${path}` };
}

const divideUp = (amount: number, divisor: number): string =>
  String(Math.ceil(amount / (divisor > 0 ? divisor : 1)));

/** What a container without a limit of its own may take: the Pod's limit, or what the node has. */
function defaultLimit({ pod, node }: DownwardInput, name: string): string | undefined {
  const shared = pod.spec.resources?.limits?.[name];
  return shared !== undefined && value(shared) > 0 ? shared : node.status?.allocatable?.[name];
}

/** A resourceFieldRef. k8s: ExtractContainerResourceValue, kubelet_resources.go defaultPodLimitsForDownwardAPI */
export function resourceText(
  container: Container,
  resource: string,
  divisor: string | number | undefined,
  input: DownwardInput,
): { text: string } | { error: string } {
  const [list, name] = [
    resource.slice(0, resource.indexOf(".")),
    resource.slice(resource.indexOf(".") + 1),
  ];
  if (list !== "limits" && list !== "requests") {
    return { error: `unsupported container resource : ${resource}` };
  }
  const own = container.resources?.[list]?.[name];
  const text = list === "limits" && !(value(own) > 0) ? defaultLimit(input, name) : own;
  const by = divisor === undefined || String(divisor) === "0" ? "1" : String(divisor);
  if (name === "cpu") return { text: divideUp(milliValue(text), milliValue(by)) };
  return { text: divideUp(value(text), value(by)) };
}

/** Finds the container a resourceFieldRef names. */
export function findContainer(pod: Pod, name: string): Container | undefined {
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((c) => c.name === name);
}
