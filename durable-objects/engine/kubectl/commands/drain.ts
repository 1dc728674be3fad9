/** kubectl cordon, uncordon, drain. k8s: kubectl/pkg/cmd/drain/drain.go, kubectl/pkg/drain */
import { now, sleep } from "../asks.ts";
import { parseTime } from "../../core/clock.ts";
import { goDuration } from "../../machinery/duration.ts";
import { goQuote } from "../../machinery/field.ts";
import { parseLabelSelector } from "../../machinery/selectors.ts";
import { strategicPatchType } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { Failure, Failures, isNotFound, isReason, StatusFailure } from "../errors.ts";
import { dryRunOf, patchObject, placeIn, printerFor, type DryRun } from "../mutate/mutation.ts";
import type { Info } from "../result.ts";
import type { KubeObject } from "../objects.ts";
import { section, type Work } from "../work.ts";

interface PodParts {
  spec?: { volumes?: { emptyDir?: unknown }[] };
  status?: { phase?: string };
}

interface Nodes {
  infos: Info[];
  dryRun: DryRun;
}

function* complete(k: Kubectl): Work<Nodes> {
  const { flags, args } = k;
  const selector = flags.string("selector");
  if (args.length === 0 && !flags.changed("selector")) k.usage(`USAGE: ${k.facts.use} [flags]`);
  if (args.length > 0 && selector)
    k.usage("error: cannot specify both a node name and a --selector option");
  const dryRun = yield* dryRunOf(k);
  if (flags.has("pod-selector") && flags.string("pod-selector")) {
    try {
      parseLabelSelector(flags.string("pod-selector"));
    } catch {
      k.fail("--pod-selector=<pod_selector> must be a valid label selector");
    }
  }
  const { namespace } = yield* placeIn(k);
  const result = yield* k.build({
    namespace,
    singleType: true,
    ...(flags.has("chunk-size") ? { chunk: flags.int("chunk-size") } : {}),
    ...(selector
      ? { types: ["nodes"], labelSelector: selector }
      : { names: { type: "nodes", names: args } }),
  });
  const infos: Info[] = [];
  yield* result.visit(function* (info): Work<void> {
    if (info.type.plural !== "nodes")
      throw new Failure(
        `error: expected resource of type node, got ${goQuote(`${info.type.group}/${info.type.version}, Resource=${info.type.plural}`)}`,
      );
    infos.push(info);
  });
  return { infos, dryRun };
}

function* cordon(k: Kubectl, { infos, dryRun }: Nodes, desired: boolean): Work<void> {
  const verb = desired ? "cordon" : "uncordon";
  for (const info of infos) {
    const node = info.object as KubeObject;
    const spec = node["spec"] as { unschedulable?: boolean } | undefined;
    const already = (spec?.unschedulable ?? false) === desired;
    if (!already && dryRun !== "client") {
      try {
        const patch = { spec: { unschedulable: desired ? true : null } };
        yield* patchObject(k, info, patch, { contentType: strategicPatchType, dryRun });
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        k.err(`error: unable to ${verb} node ${goQuote(info.name)}: ${error.message}\n`);
        continue;
      }
    }
    const print = yield* printerFor(k, dryRun, `${already ? "already " : ""}${verb}ed`);
    k.out(print(node));
  }
}

const cordonCommand = (path: string, desired: boolean): Command => ({
  path,
  *run(k) {
    yield* cordon(k, yield* complete(k), desired);
  },
});

type Verdict = { goes: boolean; warning?: string; problem?: string };

const nameOfPod = ({ metadata }: KubeObject): string => `${metadata?.namespace}/${metadata?.name}`;

/** Whether a Pod that goes is waited for no more. k8s: drain/filters.go shouldSkipPod */
function* isLongGone(k: Kubectl, { metadata }: KubeObject): Work<boolean> {
  const skip = k.flags.int("skip-wait-for-delete-timeout");
  const since = metadata?.deletionTimestamp;
  if (skip <= 0 || !since) return false;
  return Math.trunc(((yield* now()) - parseTime(since)) / 1000) > skip;
}

/** k8s: drain/filters.go */
function* verdictOn(k: Kubectl, pod: KubeObject): Work<Verdict> {
  const { flags } = k;
  const parts = pod as PodParts;
  const ended = ["Succeeded", "Failed"].includes(parts.status?.phase ?? "");
  const owners = (pod.metadata?.["ownerReferences"] ?? []) as {
    kind: string;
    name: string;
    controller?: boolean;
  }[];
  const owner = owners.find(({ controller }) => controller);
  if (yield* isLongGone(k, pod)) return { goes: false };
  const problem = (text: string): Verdict => ({ goes: false, problem: text });
  if (owner?.kind === "DaemonSet" && !ended) {
    const client = yield* k.client();
    const path = `/apis/apps/v1/namespaces/${pod.metadata?.namespace}/daemonsets/${owner.name}`;
    try {
      yield* client.json({ path });
      return flags.bool("ignore-daemonsets")
        ? { goes: false, warning: "ignoring DaemonSet-managed Pods" }
        : problem("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)");
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (!isNotFound(error) || !flags.bool("force")) return problem(error.message);
    }
  }
  if (pod.metadata?.annotations?.["kubernetes.io/config.mirror"] !== undefined)
    return { goes: false };
  if (ended) return { goes: true };
  const local = parts.spec?.volumes?.some(({ emptyDir }) => emptyDir !== undefined) ?? false;
  if (local && !flags.bool("delete-emptydir-data"))
    return problem("Pods with local storage (use --delete-emptydir-data to override)");
  if (owner) return { goes: true };
  return flags.bool("force")
    ? { goes: true, warning: "deleting Pods that declare no controller" }
    : problem("Pods that declare no controller (use --force to override)");
}

interface Target {
  namespace: string;
  name: string;
  uid: string;
  goes: boolean;
}

const targetOf = ({ metadata }: KubeObject): Target => {
  const { namespace = "", name = "", uid = "", deletionTimestamp } = metadata ?? {};
  return { namespace, name, uid, goes: deletionTimestamp !== undefined };
};

interface Found {
  pods: Target[];
  warnings: string;
  problems: string[];
}

/** The Pods of a node, and what stands against their going. */
const podsOf = (k: Kubectl, node: string): Work<Found> =>
  section<Found>(function* () {
    const client = yield* k.client();
    const list = yield* client.json<KubeObject>({
      path: "/api/v1/pods",
      query: [
        ["fieldSelector", `spec.nodeName=${node}`],
        ["labelSelector", k.flags.string("pod-selector")],
      ],
    });
    const out: Found = { pods: [], warnings: "", problems: [] };
    const [warned, failed] = [new Map<string, string[]>(), new Map<string, string[]>()];
    const note = (map: Map<string, string[]>, text: string, pod: KubeObject): void => {
      map.set(text, [...(map.get(text) ?? []), nameOfPod(pod)]);
    };
    for (const pod of (list["items"] ?? []) as KubeObject[]) {
      const verdict = yield* verdictOn(k, pod);
      if (verdict.goes) out.pods.push(targetOf(pod));
      if (verdict.warning) note(warned, verdict.warning, pod);
      if (verdict.problem) note(failed, verdict.problem, pod);
    }
    const lines = (map: Map<string, string[]>): string[] =>
      [...map].map(([text, pods]) => `${text}: ${pods.join(", ")}`);
    out.warnings = lines(warned).join("; ");
    out.problems = lines(failed).map((line) => `cannot delete ${line}`);
    return out;
  });

const pathOf = ({ namespace, name }: Target): string =>
  `/api/v1/namespaces/${namespace}/pods/${name}`;

const optionsOf = ({ flags }: Kubectl, dryRun: DryRun): object => {
  const grace = flags.int("grace-period");
  return {
    ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}),
    ...(dryRun === "server" ? { dryRun: ["All"] } : {}),
  };
};

/** Since its namespace goes, nothing can be made in it, evictions neither. */
const namespaceGoes = (error: Failure): boolean =>
  error instanceof StatusFailure &&
  error.reason === "Forbidden" &&
  (error.status.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") ?? false);

/** Asks for a Pod to go: "gone": it is, "later": it has to be asked again. `late`: there is no time left. k8s: drain.go evictPods */
function* evict(
  k: Kubectl,
  pod: Target,
  dryRun: DryRun,
  late: boolean,
): Work<"asked" | "gone" | "later"> {
  const { namespace, name } = pod;
  k.out(`evicting pod ${namespace}/${name}${dryRun === "server" ? " (server dry run)" : ""}\n`);
  const what = `error when evicting pods/${goQuote(name)} -n ${goQuote(namespace)}`;
  const timeout = goDuration(k.flags.duration("timeout"));
  if (late) throw new Failure(`${what}: global timeout reached: ${timeout}`);
  const client = yield* k.client();
  const body = {
    kind: "Eviction",
    apiVersion: "policy/v1",
    metadata: { name, namespace },
    deleteOptions: optionsOf(k, dryRun),
  };
  try {
    yield* client.ok({ method: "POST", path: `${pathOf(pod)}/eviction`, body });
    return "asked";
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (isNotFound(error)) return "gone";
    if (isReason(error, "TooManyRequests"))
      k.err(`${what} (will retry after 5s): ${error.message}\n`);
    else if (!namespaceGoes(error)) throw new Failure(`${what}: ${error.message}`);
    else if (pod.goes) return "asked";
    else
      k.err(
        `error when evicting pod ${goQuote(name)} from terminating namespace ${goQuote(namespace)} (will retry after 5s): ${error.message}\n`,
      );
    return "later";
  }
}

/** A Pod as it is; undefined: it is gone. */
const readPod = (k: Kubectl, pod: Target): Work<KubeObject | undefined> =>
  section<KubeObject | undefined>(function* () {
    const client = yield* k.client();
    try {
      return yield* client.json<KubeObject>({ path: pathOf(pod) });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return undefined;
    }
  });

/** Whether a Pod that was asked to go need not be waited for any more; says why. k8s: drain.go waitForDelete */
function* isOver(k: Kubectl, pod: Target, dryRun: DryRun): Work<boolean> {
  const { namespace, name, uid } = pod;
  const live = yield* readPod(k, pod);
  if (live?.metadata?.uid !== uid) {
    const verb = k.flags.bool("disable-eviction") ? "deleted" : "evicted";
    const print = yield* printerFor(k, dryRun, verb);
    k.out(print({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace } }));
    return true;
  }
  if (!live || !(yield* isLongGone(k, live))) return false;
  const seconds = k.flags.int("skip-wait-for-delete-timeout");
  k.out(`pod ${goQuote(name)} has DeletionTimestamp older than ${seconds} seconds, skipping\n`);
  return true;
}

const retryMs = 5000;
const outOfTime = "context deadline exceeded";

/** A Pod on its way. */
interface Going {
  pod: Target;
  asked: boolean;
  /** When it is asked (again). */
  next: number;
}

/** One step of a Pod's eviction; true: it is over. */
function* evictionStep(k: Kubectl, one: Going, dryRun: DryRun, late: boolean): Work<boolean> {
  const at = yield* now();
  if (!one.asked) {
    if (at < one.next) return false;
    const answer = yield* evict(k, one.pod, dryRun, late);
    if (answer === "gone" || (answer === "asked" && dryRun === "server")) return true;
    one.asked = answer === "asked";
    one.next = at + retryMs;
    if (answer === "later") {
      const fresh = yield* readPod(k, one.pod);
      if (fresh) one.pod = targetOf(fresh);
      return false;
    }
  } else if (late) {
    const { name, namespace } = one.pod;
    const what = `error when waiting for pod ${goQuote(name)} in namespace ${goQuote(namespace)}`;
    throw new Failure(`${what} to terminate: ${outOfTime}`);
  }
  return yield* isOver(k, one.pod, dryRun);
}

/** Deletes Pods without asking for an eviction, and waits. k8s: drain.go deletePods */
function* deletePods(k: Kubectl, pods: readonly Target[], dryRun: DryRun): Work<void> {
  const client = yield* k.client();
  const body = { kind: "DeleteOptions", apiVersion: "v1", ...optionsOf(k, dryRun) };
  for (const pod of pods) {
    try {
      yield* client.ok({ method: "DELETE", path: pathOf(pod), body });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function* removePods(k: Kubectl, pods: readonly Target[], dryRun: DryRun): Work<void> {
  const begun = yield* now();
  const timeout = k.flags.duration("timeout");
  const evicts = !k.flags.bool("disable-eviction");
  if (!evicts) yield* deletePods(k, pods, dryRun);
  if (!evicts && dryRun === "server") return;
  const errors: Failure[] = [];
  let left = pods.map((pod): Going => ({ pod, asked: !evicts, next: begun }));
  while (left.length > 0) {
    const late = timeout > 0 && (yield* now()) - begun >= timeout;
    if (late && !evicts) throw new Failure(outOfTime);
    const still: Going[] = [];
    for (const one of left) {
      try {
        if (!(yield* evictionStep(k, one, dryRun, late))) still.push(one);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        errors.push(error);
      }
    }
    left = still;
    if (left.length > 0) yield* sleep(1000);
  }
  if (errors.length > 0) throw new Failures(errors);
}

function* drainNode(k: Kubectl, info: Info, dryRun: DryRun): Work<void> {
  const found = yield* podsOf(k, info.name);
  if (found.problems.length > 0)
    throw new Failures(found.problems.map((text) => new Failure(text)));
  if (found.warnings) k.err(`Warning: ${found.warnings}\n`);
  if (dryRun === "client") {
    for (const { namespace, name } of found.pods)
      k.out(`evicting pod ${namespace}/${name} (dry run)\n`);
    return;
  }
  try {
    yield* removePods(k, found.pods, dryRun);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const pending = yield* podsOf(k, info.name);
    if (pending.pods.length > 0) {
      k.err(
        `There are pending pods in node ${goQuote(info.name)} when an error occurred: ${error.message}\n`,
      );
      for (const { name } of pending.pods) k.err(`pod/${name}\n`);
    }
    throw error;
  }
}

export const drain: Command = {
  path: "drain",
  *run(k) {
    const nodes = yield* complete(k);
    yield* cordon(k, nodes, true);
    const fatal: Failure[] = [];
    const remaining: string[] = [];
    for (const info of nodes.infos) {
      try {
        yield* drainNode(k, info, nodes.dryRun);
        const print = yield* printerFor(k, nodes.dryRun, "drained");
        k.out(print(info.object as KubeObject));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        k.err(
          `error: unable to drain node ${goQuote(info.name)} due to error: ${error.message}, continuing command...\n`,
        );
        fatal.push(error);
        remaining.push(info.name);
      }
    }
    if (remaining.length > 0) {
      k.err("There are pending nodes to be drained:\n");
      for (const name of remaining) k.err(` ${name}\n`);
      throw new Failures(fatal);
    }
  },
};

export const nodeCommands: readonly Command[] = [
  cordonCommand("cordon", true),
  cordonCommand("uncordon", false),
  drain,
];
