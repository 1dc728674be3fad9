/** Which container a request means, and which instance of it runs. */
import { badRequest } from "../machinery/status.ts";
import type { Call } from "../api/context.ts";
import { podContainers, type ContainerStatus, type Pod } from "../kinds/pod/types.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import type { PodRecord } from "../runtime/kernel/state.ts";

/** The Pod that the request names, which the subresource's row has found already. */
export function podOf(call: Call, name: string): Pod {
  // The subresource's row has made sure that it exists.
  return call.context.reader.get<Pod>("pods", call.info.namespace, name) as Pod;
}

/** The one asked for, or the only one. k8s: pkg/registry/core/pod/strategy.go validateContainer */
export function containerFor(pod: Pod, asked: string): string {
  const all = podContainers(pod.spec).map(({ container }) => container.name);
  const { name } = pod.metadata;
  if (asked !== "") {
    if (!all.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`);
    return asked;
  }
  const only = pod.spec.containers[0]?.name;
  if (only !== undefined && pod.spec.containers.length === 1) return only;
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${all.join(" ")}]`,
  );
}

export function statusOf(pod: Pod, container: string): ContainerStatus | undefined {
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = pod.status ?? {};
  for (const list of [containerStatuses, initContainerStatuses, ephemeralContainerStatuses]) {
    const found = list?.find(({ name }) => name === container);
    if (found) return found;
  }
  return undefined;
}

/** Id of the instance that runs now. */
export function runningInstance(
  context: RuntimeContext,
  podKey: string,
  container: string,
): string | undefined {
  const containers = context.records.get<PodRecord>("runtime", podKey)?.containers ?? {};
  for (const key in containers) {
    const { spec, exit } = containers[key] as PodRecord["containers"][string];
    if (spec.name === container && !exit) return spec.id;
  }
  return undefined;
}
