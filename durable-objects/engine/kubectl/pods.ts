/** Pods and containers that commands mean. k8s: kubectl/pkg/cmd/util/podcmd, kubectl/pkg/polymorphichelpers, util/podutils */
import { now } from "./asks.ts";
import type { Kubectl } from "./command.ts";
import { Failure } from "./errors.ts";
import { nextEvents, openWatch } from "./watch.ts";
import type { KubeObject, ListObject } from "./objects.ts";
import type { Work } from "./work.ts";
import { closeStream } from "./http.ts";

export interface PodContainer {
  name: string;
  image?: string;
  tty?: boolean;
  stdin?: boolean;
  [field: string]: unknown;
}

export interface ContainerStatus {
  name?: string;
  restartCount?: number;
  state?: {
    running?: object;
    waiting?: { reason?: string; message?: string };
    terminated?: { exitCode: number; reason?: string; message?: string };
  };
}

/** What commands look at in a Pod. */
interface PodParts {
  spec: {
    nodeName?: string;
    containers: PodContainer[];
    initContainers?: PodContainer[];
    ephemeralContainers?: PodContainer[];
    [field: string]: unknown;
  };
  status?: {
    phase?: string;
    conditions?: { type?: string; status?: string; lastTransitionTime?: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
    ephemeralContainerStatuses?: ContainerStatus[];
    [field: string]: unknown;
  };
}

export type PodObject = KubeObject & PodParts;

const defaultContainer = "kubectl.kubernetes.io/default-container";

/** Names of a Pod's containers, as errors list them. */
export const allContainerNames = ({ spec }: PodObject): string =>
  [
    ...spec.containers.map(({ name }) => name),
    ...(spec.initContainers ?? []).map(({ name }) => `${name} (init)`),
    ...(spec.ephemeralContainers ?? []).map(({ name }) => `${name} (ephem)`),
  ].join(", ");

/** All containers of a Pod; those that prepare come after those that run. */
export const containersOf = ({ spec }: PodObject): PodContainer[] => [
  ...spec.containers,
  ...(spec.initContainers ?? []),
  ...(spec.ephemeralContainers ?? []),
];

export const findContainer = (pod: PodObject, name: string): PodContainer | undefined =>
  containersOf(pod).find((one) => one.name === name);

const invalid = (pod: PodObject, name: string): Failure =>
  new Failure(
    `container ${name} is not valid for pod ${pod.metadata?.name} out of: ${allContainerNames(pod)}`,
  );

export const namedContainer = (pod: PodObject, name: string): PodContainer => {
  const found = findContainer(pod, name);
  if (!found) throw invalid(pod, name);
  return found;
};

export const defaultContainerOf = (pod: PodObject): string =>
  pod.metadata?.annotations?.[defaultContainer] ?? "";

/** The container of a name, else the one that the Pod says or its first, of which is told unless `quiet`. */
export function containerOrDefault(
  k: Pick<Kubectl, "err">,
  pod: PodObject,
  name: string,
  quiet: boolean,
): PodContainer {
  const wanted = name || defaultContainerOf(pod);
  if (wanted) return namedContainer(pod, wanted);
  const first = pod.spec.containers[0] as PodContainer;
  if (containersOf(pod).length > 1 && !quiet)
    k.err(`Defaulted container "${first.name}" out of: ${allContainerNames(pod)}\n`);
  return first;
}

interface Selecting {
  spec?: { selector?: Record<string, unknown> };
}

interface SelectorTerms {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

const equalities = (labels: Record<string, string> = {}): string[] =>
  Object.keys(labels)
    .toSorted()
    .map((key) => `${key}=${labels[key]}`);

function selectorText({ matchLabels, matchExpressions = [] }: SelectorTerms): string {
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === "Exists") return key;
    if (operator === "DoesNotExist") return `!${key}`;
    return `${key} ${operator === "In" ? "in" : "notin"} (${values.toSorted().join(",")})`;
  });
  return [...equalities(matchLabels), ...expressions].join(",");
}

/** Go's types of kinds: `*v1.ConfigMap`. */
const goTypeOf = ({ apiVersion = "", kind = "" }: KubeObject): string =>
  `*${apiVersion.slice(apiVersion.indexOf("/") + 1)}.${kind}`;

/** The label selector of what an object's Pods are. k8s: polymorphichelpers SelectorsForObject */
export function selectorFor(object: KubeObject): string {
  const selector = (object as Selecting).spec?.selector;
  switch (object.kind) {
    case "ReplicaSet":
    case "StatefulSet":
    case "DaemonSet":
    case "Deployment":
    case "Job":
      return selectorText((selector ?? {}) as SelectorTerms);
    case "ReplicationController":
      return equalities(selector as Record<string, string>).join(",");
    case "Service":
      if (!selector || Object.keys(selector).length === 0)
        throw new Failure(
          `invalid service '${object.metadata?.name}': Service is defined without a selector`,
        );
      return equalities(selector as Record<string, string>).join(",");
  }
  throw new Failure(`selector for ${goTypeOf(object)} not implemented`);
}

export const typeText = goTypeOf;

const ready = ({ status }: PodObject): string | undefined => {
  const found = status?.conditions?.find(({ type }) => type === "Ready");
  return found?.status === "True" ? (found.lastTransitionTime ?? "") : undefined;
};

const phases: Record<string, number> = { Unknown: 1, Pending: 2 };
const restarts = ({ status }: PodObject): number =>
  Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount = 0 }) => restartCount));

/** The Pod that has most to say comes first. k8s: podutils ByLogging */
export function byLogging(a: PodObject, b: PodObject): number {
  return (
    Number(!a.spec.nodeName) - Number(!b.spec.nodeName) ||
    (phases[a.status?.phase ?? ""] ?? 0) - (phases[b.status?.phase ?? ""] ?? 0) ||
    Number(ready(a) === undefined) - Number(ready(b) === undefined) ||
    compare(ready(a) ?? "", ready(b) ?? "") ||
    restarts(b) - restarts(a) ||
    compare(a.metadata?.creationTimestamp ?? "", b.metadata?.creationTimestamp ?? "")
  );
}

/** The Pod that does most of the work comes first. k8s: podutils ActivePods, reversed */
export function byActivity(a: PodObject, b: PodObject): number {
  return (
    Number(!a.spec.nodeName) - Number(!b.spec.nodeName) ||
    (phases[a.status?.phase ?? ""] ?? 0) - (phases[b.status?.phase ?? ""] ?? 0) ||
    Number(ready(a) === undefined) - Number(ready(b) === undefined) ||
    compare(ready(a) ?? "", ready(b) ?? "") ||
    restarts(a) - restarts(b) ||
    compare(a.metadata?.creationTimestamp ?? "", b.metadata?.creationTimestamp ?? "")
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Pods of a selector in an order; waits until there is one. k8s: polymorphichelpers GetPodList */
export function* podsOf(
  k: Kubectl,
  namespace: string,
  labelSelector: string,
  timeoutMs: number,
  order: (a: PodObject, b: PodObject) => number,
): Work<PodObject[]> {
  const client = yield* k.client();
  const until = (yield* now()) + timeoutMs;
  const type = (yield* k.mapper()).need("pods");
  for (;;) {
    const list = yield* client.json<ListObject>({
      path: `/api/v1/namespaces/${namespace}/pods`,
      query: [["labelSelector", labelSelector]],
    });
    if (list.items.length > 0) return (list.items as PodObject[]).toSorted(order);
    const place = yield* openWatch(client, type, namespace, {
      labelSelector,
      resourceVersion: list.metadata?.resourceVersion ?? "",
    });
    const { late, ended } = yield* nextEvents(place, until);
    if (place.stream !== undefined) yield* closeStream(place.stream);
    if (late || ended) throw new Failure("timed out waiting for the condition");
  }
}
