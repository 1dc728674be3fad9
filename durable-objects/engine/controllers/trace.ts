/** Sends the requests that Traces describe, and writes down their ways. */
import type { Client, Controller } from "../ports/controller.ts";
import { objectKey, splitKey } from "../core/object.ts";
import { runtimeContext } from "../cri/runtime.ts";
import { traces, urlParts, type Trace } from "../kinds/podyard/trace.ts";
import { traceBodyBytesMax } from "../core/limits.ts";
import { decodeUtf8 } from "../runtime/bytes.ts";
import { request, requestResult, type RequestResult } from "../network/request.ts";

/** Requests under way, by the Trace's key. */
const tracesTable = "traces";

interface UnderWay {
  id: string;
  at: number;
  uid: string;
}

export const traceController: Controller = {
  name: "trace",
  wakesOn: {
    [traces]: (change) =>
      change.op === "update" ? undefined : [objectKey(change.namespace, change.name)],
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const trace = client.get<Trace>(traces, namespace, name);
    const before = client.records.get<UnderWay>(tracesTable, key);
    if (before && before.uid !== trace?.metadata.uid) client.records.delete(tracesTable, key);
    if (!trace || trace.status?.phase === "Done") return undefined;
    if (before?.uid === trace.metadata.uid) return ask(client, key, trace, before);
    return start(client, key, trace);
  },
};

function start(client: Client, key: string, trace: Trace): undefined {
  const { url = "", from, method = "GET" } = trace.spec ?? {};
  const target = urlParts(url);
  if (!target) return undefined;
  const asker = from ? { pod: `${trace.metadata.namespace}/${from}` } : ("outside" as const);
  const begun = request(runtimeContext(client), asker, { ...target, method }, `trace ${key}`);
  if (begun.done) {
    write(client, trace, done(begun.result, 0));
    return undefined;
  }
  const underWay = { id: begun.id as string, at: client.now, uid: trace.metadata.uid };
  client.records.put(tracesTable, key, underWay satisfies UnderWay);
  write(client, trace, { phase: "Running" });
  return undefined;
}

function ask(client: Client, key: string, trace: Trace, underWay: UnderWay): undefined {
  const outcome = requestResult(runtimeContext(client), underWay);
  if (!outcome.done) return undefined;
  client.records.delete(tracesTable, key);
  write(client, trace, done(outcome.result, client.now - underWay.at));
  return undefined;
}

function done(result: RequestResult, tookMs: number): Trace["status"] {
  const answer =
    "response" in result
      ? {
          code: result.response.status,
          body: decodeUtf8(result.response.body.slice(0, traceBodyBytesMax)),
        }
      : { error: result.error };
  return { phase: "Done", ...answer, tookMs, hops: result.hops };
}

function write(client: Client, trace: Trace, status: Trace["status"]): void {
  const { namespace = "", name } = trace.metadata;
  client.modify<Trace>(traces, namespace, name, (now) => ({ ...now, status }), "status");
}
