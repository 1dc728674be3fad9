/** pods/log. k8s: pkg/kubelet/kubelet_pods.go validateContainerLogStatus, pkg/registry/core/pod/rest/log.go */
import { lookup } from "../core/lookup.ts";
import type { Call } from "../api/context.ts";
import { badRequest } from "../machinery/status.ts";
import { rfc3339Nano } from "../core/clock.ts";
import { objectKey } from "../core/object.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { ApiResponse, LogFollow } from "../ports/request.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { nextRepeatMs } from "../runtime/logs/repeats.ts";
import { readLogRecord, type LogOptions } from "../runtime/logs/logs.ts";
import type { LogRecord, PodRecord } from "../runtime/kernel/state.ts";
import { containerFor, podOf, statusOf } from "./containers.ts";
import { checkKubelet } from "./kubelet-answers.ts";
import { logOptions, type PodLogOptions } from "./log-options.ts";

const headers = { "content-type": "text/plain" };

/** A container's log so far, or the place from which it is followed. Throws 400 and 404 as the API server does. */
export function log(context: RuntimeContext, call: Call, name: string): ApiResponse {
  const pod = podOf(call, name);
  const options = logOptions(call.info.query, name);
  const container = containerFor(pod, options.container);
  // A Pod without a node has no log to look for, which is no error.
  if (!pod.spec.nodeName) return { type: "reply", status: 204, headers, body: "" };
  const instance = instanceOf(pod, container, options.previous);
  const { namespace } = call.info;
  checkKubelet(
    context.reader,
    pod.spec.nodeName,
    `/containerLogs/${namespace}/${name}/${container}`,
  );
  const key = objectKey(namespace, name);
  const record = recordOf(context, key, container, instance);
  if (!record) {
    const body = `unable to retrieve container logs for containerd://${instance}`;
    return { type: "reply", status: 200, headers, body };
  }
  const { text, next } = readLogRecord(context, key, record, readOptions(context, options));
  const { limitBytes } = options;
  const left = limitBytes === undefined ? undefined : limitBytes - bytesIn(text);
  if (!options.follow || (left !== undefined && left <= 0) || !runs(context, key, instance)) {
    return { type: "reply", status: 200, headers, body: text };
  }
  const follow: LogFollow = {
    id: instance,
    pod: key,
    podUid: pod.metadata.uid,
    container,
    position: next,
    restart: 0,
    timestamps: options.timestamps,
    ...(left === undefined ? {} : { limitBytes: left }),
    ...(options.stream === "All" ? {} : { stream: options.stream }),
  };
  return { type: "follow", status: 200, headers, text, follow };
}

function readOptions(context: RuntimeContext, options: PodLogOptions): LogOptions {
  const { sinceSeconds, sinceMs, tailLines, limitBytes, stream, timestamps } = options;
  return {
    tail: tailLines,
    nowMs: context.now,
    sinceMs: sinceSeconds === undefined ? sinceMs : context.now - sinceSeconds * 1000,
    limitBytes,
    stream,
    ...(timestamps ? { stamp: rfc3339Nano } : {}),
  };
}

/** What a followed log is owed; it ends with the container's instance. */
export function pollLog(
  context: RuntimeContext,
  follow: LogFollow,
): { text: string; follow: LogFollow; ended: boolean } {
  const { pod, container, id, position, limitBytes } = follow;
  const record = recordOf(context, pod, container, id);
  if (!record) return { text: "", follow, ended: true };
  const over = !runs(context, pod, id);
  const own = (nextRepeatMs(record.repeats) ?? Infinity) <= context.now;
  if (!own && record.entries + (record.boot?.lines ?? 0) === position)
    return { text: "", follow, ended: over };
  const { text, next } = readLogRecord(context, pod, record, {
    position,
    nowMs: context.now,
    limitBytes,
    stream: follow.stream,
    ...(follow.timestamps ? { stamp: rfc3339Nano } : {}),
  });
  const left = limitBytes === undefined ? undefined : limitBytes - bytesIn(text);
  const moved = { ...follow, position: next, ...(left === undefined ? {} : { limitBytes: left }) };
  return { text, follow: moved, ended: over || (left !== undefined && left <= 0) };
}

/** UTF-8 length: the limit counts bytes. */
function bytesIn(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function recordOf(
  context: RuntimeContext,
  podKey: string,
  container: string,
  instance: string,
): LogRecord | undefined {
  const logs = context.records.get<PodRecord>("runtime", podKey)?.logs[container];
  return logs?.find(({ id }) => id === instance.slice(0, 12));
}

function runs(context: RuntimeContext, podKey: string, instance: string): boolean {
  const containers = context.records.get<PodRecord>("runtime", podKey)?.containers;
  for (const key in containers) {
    const container = containers[key];
    if (container?.spec.id === instance) return container.exit === undefined;
  }
  return false;
}

/** What a container that waits to be made is waiting for. */
const waitingTexts: Record<string, string> = lookup({
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: "trying and failing to pull image",
});

/** Id of the instance whose log is meant. */
function instanceOf(pod: Pod, container: string, previous: boolean): string {
  const { name } = pod.metadata;
  const inPod = `container "${container}" in pod "${name}"`;
  const status = statusOf(pod, container);
  if (!status) throw badRequest(`${inPod} is not available`);
  const last = status.lastState?.terminated;
  const { waiting, running, terminated } = status.state ?? {};
  if (previous) {
    if (!last?.containerID) throw badRequest(`previous terminated ${inPod} not found`);
    return plainId(last.containerID);
  }
  if (running) return plainId(status.containerID);
  const ended = terminated?.containerID || last?.containerID;
  if (terminated || last) {
    if (!ended) throw badRequest(`${inPod} is terminated`);
    return plainId(ended);
  }
  if (!waiting) throw badRequest(`${inPod} is waiting to start - no logs yet`);
  const reason = waiting.reason ?? "";
  throw badRequest(`${inPod} is waiting to start: ${waitingTexts[reason] ?? reason}`);
}

const plainId = (id = ""): string => id.replace(/^[a-z]+:\/\//, "");
