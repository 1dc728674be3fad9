import type { Clients } from "./clients.ts";
import { writeLarge, type EdgeRequest } from "./edge-request.ts";
import type { Engine } from "./engine/index.ts";
import { internalError } from "./engine/machinery/status.ts";
import type { ApiRequest, EngineResponse, Reply } from "./engine/ports/request.ts";
import { isLog, refusal, responseOf, tooManyStreams } from "./responses.ts";

/** What an engine's answer becomes: a response, or the beginning of a session or a stream. */

export interface Answering {
  engine: Engine;
  clients: Clients;
  streamsMax: number;
  /** Wall ms. */
  lookedAtMs: number;
}

/** What the client gets of the engine's answer: a plain one, a session's or a watch's socket, or one that comes when a program has spoken. */
export function answerOf(
  response: EngineResponse,
  asked: ApiRequest,
  edge: EdgeRequest,
  parts: Answering,
): Response | Promise<Response> {
  const { path, headers } = asked;
  const { grant, bridge } = edge;
  const { engine, clients, streamsMax, lookedAtMs } = parts;
  const { sessions, streams } = clients;
  const offered = headers["sec-websocket-protocol"];
  const now = Date.now();
  if (response.type === "session") return sessions.start(response, offered, engine, now, grant);
  if (response.type === "held")
    return sessions.proxies.wait(response, grant, (answer) => answerOf(answer, asked, edge, parts));
  if (response.type === "pending") return sessions.proxies.wait(response, grant);
  if (response.type === "pieces") return responseOf(response);
  if (response.type === "reply") {
    const log = headers["upgrade"] !== undefined && response.status === 200 && isLog(path);
    return log ? sessions.startLog(response, offered, now, grant) : measured(response);
  }
  if (bridge === undefined) {
    return refusal(internalError("a stream was asked for that the Worker does not end"));
  }
  if (streams.size >= streamsMax) return refusal(tooManyStreams());
  return streams.open(response, engine, lookedAtMs, grant);
}

/** k8s: responsewriters/writers.go defaultGzipThresholdBytes */
const compressedFromBytes = 128 * 1024;

/** An answer; a large object's says so. Characters are counted, of which few are more than a byte. */
function measured(reply: Reply): Response {
  const response = responseOf(reply);
  const type = reply.headers["content-type"] ?? "";
  const isObject = /^application\/(?:json|yaml|vnd\.kubernetes\.protobuf)\b/.test(type);
  if (isObject && reply.body.length > compressedFromBytes) writeLarge(response.headers);
  return response;
}
