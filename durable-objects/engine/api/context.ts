/** What the API layer works on; made once per engine. */
import type { Log } from "../core/log.ts";
import type { Store } from "../core/store.ts";
import type { Reader } from "../ports/controller.ts";
import type { RemoteServer } from "../kinds/api-service.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { ExplanationStatus } from "../kinds/podyard/explanation.ts";
import type { KubeObject, ResourceId } from "../core/object.ts";
import type { Attributes } from "./auth/authorization.ts";
import type { StatusError } from "../machinery/status.ts";
import type { PodUsage } from "../ports/usage.ts";
import type { ApiRequest, ApiResponse, User } from "../ports/request.ts";
import type { RequestMetrics } from "./read/request-metrics.ts";
import type { Operations } from "./write/operations.ts";
import type { RequestInfo } from "./request/request-info.ts";
import type { Registry, Resource } from "./discovery/registry.ts";
import type { SigningKey } from "./auth/tokens.ts";

/** Streams and proxies of Pods, provided by the container side (runtime, network). */
export interface PodStreams {
  log(call: Call, pod: string): ApiResponse;
  exec(call: Call, pod: string, kind: "exec" | "attach"): ApiResponse;
  portForward(call: Call, pod: string): ApiResponse;
  proxy(call: Call, resource: "pods" | "services" | "nodes", name: string): ApiResponse;
  /** A request to an API server behind a Service, in the name of who asks. */
  aggregated(request: ApiRequest, user: User, service: RemoteServer): ApiResponse;
}

/** What came of an object that somebody means to store. */
export interface Trial {
  /** There is one of its name, which it would replace. */
  exists: boolean;
  /** Absent: the server takes it. */
  refusal?: StatusError;
}

/** What is asked of `explain`, with what the asker may see. */
export interface Question {
  /** An object, perhaps one that somebody means to store, or a request that somebody makes. */
  about:
    | { resource: ResourceId; object: KubeObject; trial?: Trial }
    | { user: User; attributes: Attributes };
  /** Whether who asks may `get` it; `subresource`: a Pod's `log`, say. */
  mayRead(resource: ResourceId, namespace: string, name: string, subresource?: string): boolean;
}

export interface ApiContext {
  store: Store;
  log: Log;
  /** The kinds that this cluster serves. */
  registry: Registry;
  operations: Operations;
  reader: Reader;
  /** What decides who asks and who may, where that is not what is read. */
  authority?: Reader;
  streams: PodStreams;
  /** What a Pod uses; undefined: nothing was measured yet. */
  podUsage(pod: Pod): PodUsage | undefined;
  /** Why something is as it is (explanations/). */
  explain(question: Question): ExplanationStatus;
  /** What was asked so far. */
  requests: RequestMetrics;
  /** Signs service account tokens. */
  signingKey: SigningKey;
  /** Wall now, ms: watch time-outs, expiry of tokens. */
  wallNow: number;
}

/** One request on its way through the API. */
export interface Call {
  context: ApiContext;
  request: ApiRequest;
  info: RequestInfo;
  resource: Resource;
  user: User;
  /** Texts for `Warning:` headers, in order, without repeats. */
  warnings: string[];
}
