/** Logs, exec, attach, port-forward and proxies: where the API meets containers and the network. */
import type { Call, PodStreams } from "../api/context.ts";
import type { Client } from "../ports/controller.ts";
import { runtimeContext } from "../cri/runtime.ts";
import { aggregatedRequest } from "../network/aggregated.ts";
import { proxyRequest, proxyResult } from "../network/proxy.ts";
import type {
  ProxyPending,
  ApiRequest,
  FollowReply,
  LogFollow,
  Reply,
  ProxiedReply,
} from "../ports/request.ts";
import type { ExecRequest } from "../runtime/launch.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { command } from "./exec.ts";
import { log, pollLog } from "./logs.ts";
import { machineSession } from "./node-command.ts";
import { portForward } from "./port-forward.ts";
import { Sessions } from "./sessions.ts";
import { Terminals } from "./terminals.ts";
import { visit } from "./visit.ts";

export interface Streams extends PodStreams {
  pollLog(follow: LogFollow): { text: string; follow: LogFollow; ended: boolean };
  /** The answer of a proxied request that was still under way; undefined: not yet. */
  pollProxy(pending: ProxyPending): Reply | undefined;
  /** A browser's request to a host of an Ingress or a Gateway; undefined: it is to the API. */
  visit(request: ApiRequest): ProxyPending | Reply | undefined;
  sessions: Sessions;
  terminals: Terminals;
  /** Starts a command on a node itself. */
  onMachine(node: string, request: ExecRequest): ReturnType<typeof machineSession>;
}

/** Logs, exec, attach, port-forward and proxy, over the client's records. */
export function createStreams(client: Client): Streams {
  // Its `now` is the moment it was made.
  const context = (): RuntimeContext => runtimeContext(client);
  return {
    log: (call, pod) => log(context(), call, pod),
    exec: (call, pod, kind) => command(context(), call, pod, kind),
    portForward: (call, pod) => portForward(context(), call, pod),
    proxy: (call, resource, name) => proxy(context(), call, resource, name),
    aggregated: (request, user, service) => aggregatedRequest(context(), request, user, service),
    pollLog: (follow) => pollLog(context(), follow),
    pollProxy: (pending) => proxyResult(context(), pending),
    visit: (request) => visit(context(), request),
    sessions: new Sessions(context),
    terminals: new Terminals(context),
    onMachine: (node, request) => machineSession(context(), node, request),
  };
}

function proxy(
  context: RuntimeContext,
  { info, request }: Call,
  resource: "pods" | "services" | "nodes",
  name: string,
): ProxiedReply | FollowReply | ProxyPending {
  // Behind the Worker the client's path is longer. A preview is a browser's, whose links must lead through all of it;
  // elsewhere pages keep the API's own paths, which kubectl's proxy serves, and only redirects lead back the whole way.
  const { publicPath: seen = request.path } = request;
  const answer = proxyRequest(context, {
    resource,
    namespace: info.namespace,
    name,
    method: request.method,
    path: request.preview ? seen : request.path,
    seen,
    query: request.query,
    headers: request.headers,
    body: request.body,
  });
  return answer.type === "reply" ? { type: "proxied", reply: answer } : answer;
}
