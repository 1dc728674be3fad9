/** Makes an engine's components, in the order in which they need each other. */
import { birthOf, type Birth } from "../core/birth.ts";
import type { ApiContext } from "../api/context.ts";
import { failure, handle } from "../api/handle.ts";
import { Calls } from "../api/webhooks/calls.ts";
import { runtimeContext } from "../cri/runtime.ts";
import { HeldCalls } from "../webhooks/held-calls.ts";
import { fieldsOf } from "../api/read/list.ts";
import { RequestMetrics } from "../api/read/request-metrics.ts";
import { isConverted, poll } from "../api/read/watch.ts";
import type { Capacity } from "../api/write/capacity.ts";
import { Operations } from "../api/write/operations.ts";
import type { Change } from "../core/object.ts";
import { CustomDefinitions } from "../api/custom/definitions.ts";
import { RemoteVersions } from "../api/custom/remote-versions.ts";
import { builtin, Registry } from "../api/discovery/registry.ts";
import { imageCatalog } from "../images/index.ts";
import { kubeletServer } from "../kubelet/server/server.ts";
import { podUsage } from "../kubelet/usage.ts";
import { signerWith } from "../api/auth/signer.ts";
import { renewKey, signingKey, type Identity, type SigningKey } from "../api/auth/tokens.ts";
import { createReader, EngineClient, type Now } from "../client/client.ts";
import { signSecretsAnew } from "../controllers/service-account/token.ts";
import { stoppages } from "./control-plane.ts";
import { componentPage } from "./component-pages.ts";
import { createControllers } from "./controllers.ts";
import { SchedulerCounts } from "../scheduler/counts.ts";
import { recordCodecs } from "./record-codecs.ts";
import { Log } from "../core/log.ts";
import { Queue } from "../core/queue.ts";
import { Random } from "../core/random.ts";
import { Store } from "../core/store.ts";
import { Faults } from "../loop/faults.ts";
import { indices } from "../kinds/indices.ts";
import { objectsBytesMax, objectsMax, stateBytesMax } from "../core/limits.ts";
import type { ApiOwed, LogFollow, Subscription } from "../ports/request.ts";
import type { Sql } from "../core/sql.ts";
import { explain } from "../explanations/explain.ts";
import { createStreams, type Streams } from "../streams/index.ts";
import { clockOf } from "../loop/steering.ts";
import { WorkLoop } from "../loop/work-loop.ts";

/** A birth is handed in once: what is stored has its own. Without `bornMs` it is now. */
export interface EngineOptions extends Partial<Birth> {
  /** Wall ms. */
  nowMs: number;
  /** Makes its service accounts' tokens its own. Whoever made it keeps it, and may hand in another (`Engine.renewTokens`). */
  identity: Identity;
  limits?: {
    objectsMax?: number | undefined;
    stateBytesMax?: number | undefined;
    objectsBytesMax?: number | undefined;
  };
}

export interface Components {
  birth: Birth;
  store: Store;
  log: Log;
  now: Now;
  queue: Queue;
  random: Random;
  client: EngineClient;
  context: ApiContext;
  streams: Streams;
  faults: Faults;
  work: WorkLoop;
  definitions: CustomDefinitions;
  held: HeldCalls;
  remote: RemoteVersions;
  /** Signs as another identity from now on, also what Secrets hold: these are written. */
  renewTokens(identity: Identity): void;
}

const renewing = (client: EngineClient, key: SigningKey) => (identity: Identity) => {
  renewKey(key, identity);
  signSecretsAnew(client, key);
};

/** Opens the store and makes all parts of an engine over it, each handed what it needs. */
export function createComponents(sql: Sql, options: EngineOptions): Components {
  const store = new Store(indices, recordCodecs);
  const registry = new Registry(builtin, store);
  const log = logOf(sql, store, registry);
  const birth = birthOf(log, options, options.nowMs);
  const queue = new Queue(store);
  const now = nowOf(queue, store);
  const random = new Random(birth.seed);
  const reader = createReader(store, now, registry);
  const calls = new Calls();
  const operations = new Operations(
    store,
    random,
    reader,
    capacityOf(store, log, options),
    registry,
    (repository) => imageCatalog.repository(repository) !== undefined,
    calls,
  );
  const faults = new Faults(now);
  const key = signingKey(options.identity);
  const client = new EngineClient({
    store,
    operations,
    reader,
    // Pods ask the API, and the API (exec, proxy, webhooks) asks Pods.
    apiServer: (request) => held.answer(request),
    kubelet: (node, request) => kubeletServer(client, node, request),
    component: (name, request) =>
      componentPage({ client, queue, counts: work.counts, scheduling }, name, request),
    pollApi: (open, fresh) => converted(held, registry, context, streams, open, fresh),
    fault: (work, error) => faults.note(work, error),
    tokens: signerWith(key),
  });
  const scheduling = new SchedulerCounts();
  const streams = createStreams(client);
  const context: ApiContext = {
    store,
    log,
    registry,
    operations,
    reader,
    streams,
    podUsage: (pod) => podUsage(client, pod),
    explain: (question) => explain(client, question),
    requests: new RequestMetrics(),
    signingKey: key,
    wallNow: options.nowMs,
  };
  const held = heldCalls(context, client, random, now);
  const controllers = [...createControllers(key, scheduling), held.controller];
  const remember = (): number => log.remember(store.pendingChanges);
  const { follow, ...kinds } = followers(store, registry, calls);
  const told = { faults, stoppages: stoppages(client), remember, follow, stepCalls: held };
  const work = new WorkLoop({ store, queue, client, random, now, controllers, ...told });
  const parts = { birth, store, log, now, queue, random, client, context, streams, faults, work };
  return { ...parts, ...kinds, held, renewTokens: renewing(client, key) };
}

const nowOf = (queue: Queue, store: Store): Now => ({
  ms: 0,
  wallMs: 0,
  nextDueMs: () => queue.nextDue(),
  jumpToMs: () => clockOf(store).jumpToMs,
  stepsLeft: () => clockOf(store).stepsLeft,
});

/** What makes kinds of what is stored. */
function followers(store: Store, registry: Registry, calls: Calls) {
  const definitions = new CustomDefinitions(store, registry, calls);
  const remote = new RemoteVersions(store, registry);
  const follow = (changes: readonly Change[]): void => {
    definitions.see(changes);
    remote.see(changes);
  };
  return { definitions, remote, follow };
}

const logOf = (sql: Sql, store: Store, registry: Registry): Log =>
  new Log(sql, store, (resource, object) => {
    const known = registry.stored(resource);
    return known?.hooks.fields ? fieldsOf(known, object) : undefined;
  });

const capacityOf = (store: Store, log: Log, options: EngineOptions): Capacity => ({
  store,
  limits: limitsOf(options),
  bytesStored: () => log.bytes,
  objectBytes: () => log.objectBytes,
});

const limitsOf = ({ limits }: EngineOptions): Required<NonNullable<typeof limits>> => ({
  objectsMax: limits?.objectsMax ?? objectsMax,
  stateBytesMax: limits?.stateBytesMax ?? stateBytesMax,
  objectsBytesMax: limits?.objectsBytesMax ?? objectsBytesMax,
});

/** What a watch or a followed log of a Pod's is owed; time is the cluster's. */
function owed(
  context: ApiContext,
  streams: Streams,
  open: Subscription | LogFollow,
  fresh: boolean,
): ApiOwed {
  const { log, store } = context;
  if (fresh) log.remember(store.pendingChanges);
  if (!("resource" in open)) {
    const { follow, ...rest } = streams.pollLog(open);
    return { ...rest, open: follow };
  }
  const moved = { ...open };
  const { now } = context.reader;
  const { lines, ended } = poll({ ...context, now, wallNow: now, random: () => 0 }, moved);
  return { text: lines.join(""), open: moved, ended };
}

const heldCalls = (
  context: ApiContext,
  client: EngineClient,
  random: Random,
  now: Now,
): HeldCalls =>
  new HeldCalls({
    store: context.store,
    calls: context.operations.calls,
    client,
    random,
    failure,
    handle: (request, outside) =>
      handle({ ...context, wallNow: outside ? now.wallMs : now.ms }, request),
    context: () => runtimeContext(client),
  });

/** The same, which waits where a webhook has to convert what it tells of. */
function converted(
  held: HeldCalls,
  registry: Registry,
  context: ApiContext,
  streams: Streams,
  open: Subscription | LogFollow,
  fresh: boolean,
): ApiOwed {
  const told = (): ApiOwed => owed(context, streams, open, fresh);
  if (!("resource" in open) || !isConverted(registry, open)) return told();
  const key = `watch ${open.resource} ${open.namespace} ${open.rv} ${open.as}`;
  return held.again(key, told) ?? { text: "", open, ended: false };
}
