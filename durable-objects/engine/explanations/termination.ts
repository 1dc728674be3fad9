/** What is on its way out and does not go: grace, finalizers, objects left in a namespace. */
import { parseTime } from "../core/clock.ts";
import type { KubeObject } from "../core/object.ts";
import type { Pod } from "../kinds/pod/types.ts";
import { hasKubelet } from "../kinds/node-machine.ts";
import { containersOf } from "./containers.ts";
import {
  about,
  inNamespace,
  kindOf,
  listed,
  mend,
  nameOf,
  plural,
  seconds,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";

const since = ({ now }: Scope, object: KubeObject): string => {
  const { deletionTimestamp = "", deletionGracePeriodSeconds = 0 } = object.metadata;
  return seconds(now - (parseTime(deletionTimestamp) - deletionGracePeriodSeconds * 1000));
};

/** Its node's kubelet, which would end it, does not run. */
function nodeSilent(scope: Scope, pod: Pod): Found | undefined {
  const node = scope.client.get("nodes", "", pod.spec.nodeName ?? "");
  if (!pod.metadata.deletionTimestamp || !node || hasKubelet(node)) return undefined;
  const name = node.metadata.name;
  return {
    sentence: `${nameOf(pod)} has been Terminating for ${since(scope, pod)}, since the kubelet of ${name} that would end it does not answer.`,
    evidence: [
      about(pod, `deleted ${since(scope, pod)} ago`, { field: "metadata.deletionTimestamp" }),
      about(node, `${name} gives no sign of life`, { field: "status.conditions" }),
    ],
    mend: [
      mend("Start the node", `kubectl annotate node ${name} podyard.dev/power=on --overwrite`),
      mend(
        "Or forget the Pod (what ran there may still run)",
        `kubectl delete pod ${pod.metadata.name}${inNamespace(pod)} --force --grace-period=0`,
      ),
    ],
    decidedBy: "kubelet",
    reason: `${name} does not answer`,
  };
}

/** A process that goes on when it is told to end. */
function graceful(scope: Scope, pod: Pod): Found | undefined {
  if (!pod.metadata.deletionTimestamp || pod.metadata.finalizers?.length) return undefined;
  const view = containersOf(scope, pod).find(({ record }) => record.state === "running");
  if (!view) return undefined;
  const kill = view.record.kill;
  const grace = kill?.graceSeconds ?? pod.metadata.deletionGracePeriodSeconds ?? 30;
  const at = kill?.killAtMs ?? parseTime(pod.metadata.deletionTimestamp);
  const hook = kill?.stage === "preStop";
  return {
    sentence: `${nameOf(pod)} has been Terminating for ${since(scope, pod)}: ${hook ? `container ${view.container.name} runs its preStop hook` : `process 1 of container ${view.container.name} got SIGTERM and goes on, as one without a handler does`}; SIGKILL (exit code 137) comes in ${seconds(at - scope.now)}, at the end of its grace period of ${grace}s.`,
    evidence: [
      about(pod, `grace period ${grace}s`, { field: "metadata.deletionGracePeriodSeconds" }),
      about(pod, `container ${view.container.name} still runs`, {
        field: "status.containerStatuses",
      }),
    ],
    mend: [
      mend(
        "Handle SIGTERM (trap, exec, an init as process 1), or give a shorter terminationGracePeriodSeconds",
        `kubectl explain pod.spec.terminationGracePeriodSeconds`,
      ),
      mend(
        "Or do not wait",
        `kubectl delete pod ${pod.metadata.name}${inNamespace(pod)} --grace-period=1`,
      ),
    ],
    decidedBy: "kubelet",
    reason: "grace period",
  };
}

const owners: [pattern: RegExp, who: string][] = [
  [/^kubernetes\.io\/pv(c)?-protection$/, "the protection controller, once nothing uses it"],
  [/^(foregroundDeletion|orphan)$/, "the garbage collector, once its dependents are dealt with"],
  [/^batch\.kubernetes\.io\//, "the Job controller"],
  [/./, "whoever put it there; no component of this cluster knows it"],
];

function finalizers(scope: Scope, object: KubeObject): Found | undefined {
  const { deletionTimestamp, finalizers: left = [], namespace, name } = object.metadata;
  if (!deletionTimestamp || left.length === 0) return undefined;
  const first = left[0] ?? "";
  const who = owners.find(([pattern]) => pattern.test(first))?.[1] ?? "";
  const users =
    first === "kubernetes.io/pvc-protection"
      ? scope.client
          .list<Pod>("pods", namespace)
          .filter((pod) =>
            pod.spec.volumes?.some((v) => v.persistentVolumeClaim?.claimName === name),
          )
          .filter((pod) => mayRead(scope, pod))
      : [];
  const used = users.length
    ? ` ${plural(users.length, "Pod")} still ${users.length === 1 ? "uses" : "use"} it: ${listed(users.map(nameOf))}.`
    : "";
  const target = `${kindOf(object).toLowerCase()}/${name}${inNamespace(object)}`;
  return {
    sentence: `${nameOf(object)} has been Terminating for ${since(scope, object)}: it keeps ${plural(left.length, "finalizer")}, ${listed(left)}, which is taken off by ${who}.${used}`,
    evidence: [
      ...left.map((finalizer, i) =>
        about(object, `finalizer ${finalizer}`, { field: `metadata.finalizers[${i}]` }),
      ),
      ...users.map((pod) => about(pod, `${nameOf(pod)} uses it`, { field: "spec.volumes" })),
    ],
    mend: [
      ...(users[0]
        ? [
            mend(
              "Delete who uses it",
              `kubectl delete pod ${users[0].metadata.name}${inNamespace(object)}`,
            ),
          ]
        : []),
      mend(
        "Let its controller finish; or, where there is none, take it off: what it guards is then not cleaned up",
        `kubectl patch ${target} --type=json -p '[{"op":"remove","path":"/metadata/finalizers/0"}]'`,
      ),
    ],
    decidedBy: "kube-apiserver",
    reason: `finalizer ${first}`,
  };
}

/** What the asker may not read is not told of. */
function mayRead({ client, mayRead: may }: Scope, object: KubeObject): boolean {
  const known = client.resources.ofKind(object.apiVersion, object.kind);
  const { namespace = "", name } = object.metadata;
  return known !== undefined && may(known.id, namespace, name);
}

function namespaceGoes(scope: Scope, namespace: KubeObject): Found | undefined {
  if (!namespace.metadata.deletionTimestamp) return undefined;
  const { name } = namespace.metadata;
  const all = scope.client.inNamespace(name).filter((object) => mayRead(scope, object));
  const counts = new Map<string, number>();
  for (const object of all) counts.set(kindOf(object), (counts.get(kindOf(object)) ?? 0) + 1);
  const held = all.filter(({ metadata }) => metadata.finalizers?.length);
  const texts = [...counts].map(([kind, count]) => plural(count, kind));
  const first = held[0] ?? all[0];
  const why = held.length
    ? ` ${listed(held.map((o) => `${nameOf(o)} keeps ${listed(o.metadata.finalizers ?? [])}`))}.`
    : "";
  return {
    sentence: `${nameOf(namespace)} has been Terminating for ${since(scope, namespace)} and still holds ${plural(all.length, "object")}: ${listed(texts) || "none"}.${why}`,
    evidence: [
      about(namespace, "it is deleted with everything in it", {
        field: "metadata.deletionTimestamp",
      }),
      ...(held.length ? held : all)
        .slice(0, 6)
        .map((object) =>
          about(object, `${nameOf(object)} is left`, { field: "metadata.finalizers" }),
        ),
    ],
    mend: [
      first
        ? mend(
            "See why that one does not go",
            `kubectl why ${kindOf(first).toLowerCase()}/${first.metadata.name} -n ${name}`,
          )
        : mend("Wait", `kubectl get namespace ${name} --watch`),
    ],
    decidedBy: "namespace-controller",
    reason: "namespace is deleted",
  };
}

/** Rows about deletion. */
export const termination: Situation[] = [
  { name: "namespace is deleted", of: ["namespaces"], find: namespaceGoes },
  { name: "its node does not answer", of: ["pods"], find: nodeSilent },
  { name: "ends slowly", of: ["pods"], find: graceful },
  { name: "finalizer", find: finalizers },
];
