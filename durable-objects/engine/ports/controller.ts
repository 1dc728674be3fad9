/** What a controller is and what it sees. Key in, whole state compared, due time out. */
import type { QuotaSum } from "./quota-sum.ts";
import type { Change, KubeObject, ResourceId } from "../core/object.ts";
import type { KubeletPage, KubeletReply, KubeletRequest } from "./kubelet.ts";
import type { ApiOwed, ApiRequest, ApiResponse, LogFollow, Subscription, User } from "./request.ts";

/** How virtual time stands to the wall's, and when something happens by itself. */
export interface ClockReading {
  /** Virtual minus wall, ms. */
  offsetMs: number;
  /** Virtual ms. */
  nextDueMs: number | undefined;
  /** Where a jump under way leads, virtual ms. */
  jumpToMs?: number | undefined;
  /** Of a row of steps under way. */
  stepsLeft?: number | undefined;
}

/** What a kind of object is called, and where it lies. */
export interface ResourceInfo {
  /** As it is stored: `deployments.apps`. */
  readonly id: ResourceId;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** It has a scale subresource; `selector` says as text which Pods count. */
  readonly scale:
    | {
        selector(object: KubeObject): string;
        paths?: { spec: readonly string[]; status: readonly string[] };
      }
    | undefined;
}

/** The kinds that the cluster serves at this moment. */
export interface Resources {
  stored(id: ResourceId): ResourceInfo | undefined;
  ofKind(apiVersion: string, kind: string): ResourceInfo | undefined;
  /** Whatever the version. */
  ofGroupKind(group: string, kind: string): ResourceInfo | undefined;
  /** The group versions behind Services that do not answer: `wardle.example.com/v1alpha1`. */
  readonly stale: readonly string[];
}

/** Reads. All results are immutable; lists are in key order (namespace, then name). */
export interface Reader {
  /** Virtual now, ms. */
  readonly now: number;
  readonly resources: Resources;
  /** For whoever shows the Clock. A reconciler that looked at the wall would not do the same again. */
  clock(): ClockReading;
  get<T extends KubeObject = KubeObject>(
    resource: ResourceId,
    namespace: string,
    name: string,
  ): T | undefined;
  list<T extends KubeObject = KubeObject>(resource: ResourceId, namespace?: string): readonly T[];
  /**
   * Objects filed under `value` in an index of kinds/indices.ts:
   * `owner` (uid of any owner, all resources), `controller` (uid of the controlling owner),
   * `pod.node` (spec.nodeName; "" = unassigned), `pod.label` ("ns\0key=value"),
   * `event.uid` (involvedObject.uid), `service.ip`, `service.nodePort`, `pod.ip`,
   * `pod.resourceClaim` ("ns\0name" of a ResourceClaim it uses),
   * `service.selector` ("ns\0key=value" of its first term), `slice.service` ("ns\0name").
   */
  byIndex<T extends KubeObject = KubeObject>(index: string, value: string): readonly T[];
  /** How many `list` and `byIndex` would tell of, without putting them in order. */
  count(resource: ResourceId, namespace?: string): number;
  countByIndex(index: string, value: string): number;
  /** What Pods, Services or PersistentVolumeClaims of a namespace use together, without looking at each. */
  quotaSums(resource: ResourceId, namespace: string): Iterable<QuotaSum>;
  /** Every object of a namespace, by resource, then name. */
  inNamespace(namespace: string): readonly KubeObject[];
  /** Pods of a namespace that match a plain label map, through the `pod.label` index. */
  podsMatching<T extends KubeObject = KubeObject>(
    namespace: string,
    labels: Record<string, string>,
  ): readonly T[];
}

/** Signs tokens of service accounts with the cluster's key; its secret stays with the engine. */
export interface TokenSigner {
  /** A JSON Web Token that says so. */
  sign(claims: object): string;
  /** Whose certificate (PEM) it is, if the cluster signed it for a client and it is good at a moment (virtual ms). */
  certifiedUser(certificate: string, now: number): User | undefined;
}

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: "Background" | "Foreground" | "Orphan";
  preconditions?: { uid?: string; resourceVersion?: string };
}

export interface EventSource {
  /** `source.component` / reportingComponent: `kubelet`, `deployment-controller`. */
  component: string;
  /** Node name, for the kubelet's. */
  host?: string;
  /** `spec.containers{name}`. */
  fieldPath?: string;
  /** It has just been started and knows nothing of Events it recorded before. */
  forgetful?: true;
  /** Of those who use the events.k8s.io recorder: what was done or tried. They have no `fieldPath`. */
  action?: string;
  /** With an action: a second object. */
  related?: KubeObject;
}

/**
 * Reads and writes of a reconciler. Writes go through api/write/operations.ts like a user's: defaulted, admitted, validated.
 * They throw StatusError as the API would (NotFound, AlreadyExists, Conflict, Forbidden by quota, Invalid).
 * Writes that change nothing are no-ops: no revision, no event.
 */
export interface Client extends Reader {
  create<T extends KubeObject = KubeObject>(resource: ResourceId, object: unknown): T;
  /** Replaces the object (or with `subresource: "status"` its status); checks metadata.resourceVersion when set. */
  update<T extends KubeObject = KubeObject>(
    resource: ResourceId,
    object: T,
    subresource?: "status" | "scale" | "finalize" | "approval",
  ): T;
  /** Read, change, write. `change` returns a new object (or undefined: leave it). Undefined when the object is gone. */
  modify<T extends KubeObject = KubeObject>(
    resource: ResourceId,
    namespace: string,
    name: string,
    change: (current: T) => T | undefined,
    subresource?: "status" | "finalize",
  ): T | undefined;
  delete(resource: ResourceId, namespace: string, name: string, options?: DeleteOptions): void;
  /** POST pods/x/binding. */
  bind(namespace: string, pod: string, node: string): void;
  /** Records an Event about `regarding`; the same event again within its window only counts up. */
  event(
    regarding: KubeObject,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
    source: EventSource,
  ): void;
  /** Internal state that Kubernetes has no object for (container processes, back-offs): persisted with the log, no watch events. */
  readonly records: Records;
  /** Makes another controller look at a key, now or at a virtual moment (its own timer then is the earlier one). */
  wake(controller: string, key: string, atMs?: number): void;
  /** Deterministic draw in [0, 1): hash(seed, revision, draw). */
  random(): number;
  /** Optional. The API server as Pods reach it; who asks is told by its token or `user`. */
  apiServer?(request: ApiRequest): ApiResponse;
  /** Optional. What a node's kubelet serves to whom it let in; undefined: no such page. */
  kubelet?(node: string, request: KubeletRequest): KubeletReply | undefined;
  /** Optional. What a component of the control plane tells of itself; undefined: it has no such page. */
  component?(name: string, request: KubeletRequest): KubeletPage | undefined;
  /**
   * Optional. What a watch or a followed log that was opened through `apiServer` is owed. `fresh`: with what this turn has
   * changed so far, for a reconciler that has written nothing itself yet.
   */
  pollApi?(open: Subscription | LogFollow, fresh: boolean): ApiOwed;
  /** Optional. Absent: volumes' tokens are empty. */
  readonly tokens?: TokenSigner;
  /** Optional. Tells a fault of Podyard that went no further than one process of a container. */
  fault?(work: string, error: unknown): void;
  /** Optional. Set while each unit of work is written down before it runs: see runtime/kernel/types.ts RuntimeContext. */
  mayRun?: ((podKey: string, process: number) => boolean) | undefined;
  /** Optional. Tells what simulated programs cost, CPU microseconds: it counts against the turn. */
  spend?(microseconds: number): void;
  /** `n` characters of upstream's safe alphabet. k8s: apimachinery/pkg/util/rand String */
  randomSuffix(n: number): string;
  /** A random UUID (v4 shape), deterministic. */
  uuid(): string;
}

export interface Records {
  get<T>(table: string, key: string): T | undefined;
  /** `value` must be plain JSON and is immutable from here on. */
  put(table: string, key: string, value: unknown): void;
  delete(table: string, key: string): void;
  /**
   * Keys of a table, sorted: the order in which they came is lost with memory. `inAnyOrder`: for who counts or looks for one, where
   * there may be thousands.
   */
  keys(table: string, inAnyOrder?: true): Iterable<string>;
}

/** Maps a change to keys this controller must look at. Must be cheap and pure. */
export type Waker = (
  change: Change,
  reader: Reader & { readonly records?: Pick<Records, "get" | "keys"> },
) => Iterable<string> | undefined;

/**
 * A failure that the reconciler has told and kept its writes of: the key comes back after a delay that doubles with
 * every one in a row. k8s: client-go/util/workqueue AddRateLimited
 */
export interface Retry {
  retry: true;
  /** After so many in a row it is left until something changes. */
  retriesMax?: number;
  /** The first delay and the longest, where they are not those of most queues. */
  firstMs?: number;
  longestMs?: number;
  /** Virtual ms of another look that is wanted anyway. */
  dueAtMs?: number | undefined;
}

/** A moment that wants another look; a lazy one asks for no alarm and waits for the first turn after it. */
export type Due = number | { dueAtMs: number; lazy: true } | Retry | undefined;

export interface Controller {
  /** Also the queue's prefix: lower-case, `replicaset`. */
  name: string;
  /** What revisions name as their cause (`Change.by`), where that is not `name`: `deployment-controller`. */
  component?: string;
  wakesOn: Record<ResourceId, Waker>;
  /**
   * Level-triggered. Returns the virtual ms at which the key wants to be looked at again (replaces its one timer), or
   * nothing. Who throws is taken back and looked at again later; who returns a Retry is not taken back.
   */
  reconcile(key: string, client: Client): Due;
}
