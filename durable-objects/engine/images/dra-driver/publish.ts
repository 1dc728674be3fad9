/**
 * Keeps the ResourceSlices of a node as they should be: made, set right, made anew where somebody took them away.
 * k8s: dynamic-resource-allocation/resourceslice/resourceslicecontroller.go
 */
import { equal } from "../../core/equal.ts";
import type { ResourceSlice } from "../../kinds/resource/shape.ts";
import { streamNews } from "../../runtime/net/socket.ts";
import type { Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { getFromApi, writeToApi, writtenToApi, type ApiAnswer } from "../serving/cluster-api.ts";
import { errorLogTime } from "../../runtime/logs/times.ts";
import { slicesOf, type Profile } from "./devices.ts";

const slices = "/apis/resource.k8s.io/v1/resourceslices";
/** k8s: client-go/util/workqueue: it begins with less, and so would do the same again and again. */
const retryMs = 5_000;

export interface Publishing {
  /** A write under way. */
  writing?: string;
  /** A watch. */
  watching?: string;
  /** Not before then. */
  retryAtMs?: number;
}

const complaint = (sys: Sys, what: string, found: ApiAnswer | undefined): void =>
  sys.complain(
    `${errorLogTime(sys.now)} Unhandled Error ${what}: ${found?.body.message ?? "connection refused"}\n`,
  );

function later(sys: Sys, state: Publishing, what: string, found: ApiAnswer | undefined): Wait {
  complaint(sys, what, found);
  state.retryAtMs = sys.now + retryMs;
  return { untilMs: state.retryAtMs };
}

/** One step: what to wait for next. */
export function publish(sys: Sys, state: Publishing, profile: Profile): Wait {
  if (state.retryAtMs !== undefined) {
    if (sys.now < state.retryAtMs) return { untilMs: state.retryAtMs };
    delete state.retryAtMs;
  }
  if (state.writing !== undefined) {
    const written = writtenToApi(sys, state.writing);
    if ("wait" in written) return written.wait;
    delete state.writing;
    if (written.status > 201) return later(sys, state, "processing ResourceSlice objects", written);
  }
  if (state.watching !== undefined) {
    const news = streamNews(sys, state.watching);
    if ("wait" in news) return news.wait;
    if (news.ended) delete state.watching;
  }
  return reconcile(sys, state, profile);
}

function reconcile(sys: Sys, state: Publishing, profile: Profile): Wait {
  const node = getFromApi(sys, `/api/v1/nodes/${profile.nodeName}`);
  if (node?.status !== 200) return later(sys, state, "retrieve node", node);
  const selector = `fieldSelector=${encodeURIComponent(`spec.driver=${profile.driver},spec.nodeName=${profile.nodeName}`)}`;
  const list = getFromApi(sys, `${slices}?${selector}`);
  if (list?.status !== 200) return later(sys, state, "list ResourceSlices", list);
  const owner = {
    apiVersion: "v1",
    kind: "Node",
    name: profile.nodeName,
    uid: node.body.metadata.uid,
    controller: true,
  };
  const change = nextChange(list.body.items, slicesOf(profile), owner, profile);
  if (change) {
    const handle = writeToApi(sys, change.method, change.path, change.object);
    if (handle === undefined)
      return later(sys, state, "processing ResourceSlice objects", undefined);
    state.writing = handle;
    const written = writtenToApi(sys, handle);
    return "wait" in written ? written.wait : { untilMs: sys.now };
  }
  if (state.watching === undefined) {
    const from = `resourceVersion=${list.body.metadata.resourceVersion}`;
    const opened = getFromApi(sys, `${slices}?watch=true&${selector}&${from}`, true);
    if (!opened?.stream) return later(sys, state, "watch ResourceSlices", opened);
    state.watching = opened.stream;
  }
  return { answer: state.watching };
}

interface Change {
  method: string;
  path: string;
  object: object;
}

/** The next write that brings what there is closer to what should be. */
function nextChange(
  found: readonly ResourceSlice[],
  wanted: readonly Record<string, unknown>[],
  owner: object,
  { nodeName, driver }: Profile,
): Change | undefined {
  const left = [...found];
  for (const spec of wanted) {
    const field = "devices" in spec ? "devices" : "sharedCounters";
    const at = left.findIndex((slice) => field in (slice.spec ?? {}));
    const [known] = at < 0 ? [] : left.splice(at, 1);
    if (known && equal(known.spec, spec)) continue;
    if (known)
      return {
        method: "PUT",
        path: `${slices}/${known.metadata.name}`,
        object: { ...known, spec },
      };
    const object = {
      apiVersion: "resource.k8s.io/v1",
      kind: "ResourceSlice",
      metadata: { generateName: `${nodeName}-${driver}-`, ownerReferences: [owner] },
      spec,
    };
    return { method: "POST", path: slices, object };
  }
  const [useless] = left;
  return useless
    ? { method: "DELETE", path: `${slices}/${useless.metadata.name}`, object: {} }
    : undefined;
}
