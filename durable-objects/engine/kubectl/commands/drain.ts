/** kubectl cordon, uncordon, drain. k8s: kubectl/pkg/cmd/drain/drain.go, kubectl/pkg/drain */
import { now, sleep } from "../asks.ts";
import { parseTime } from "../../core/clock.ts";
import { goDuration } from "../../machinery/duration.ts";
import { goQuote } from "../../machinery/field.ts";
import { parseLabelSelector } from "../../machinery/selectors.ts";
import { strategicPatchType } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { Failure, Failures, isNotFound, isReason } from "../errors.ts";
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
  const skip = flags.int("skip-wait-for-delete-timeout");
  const since = pod.metadata?.deletionTimestamp;
  if (skip > 0 && since && ((yield* now()) - parseTime(since)) / 1000 > skip)
    return { goes: false };
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

interface Found {
  pods: { namespace: string; name: string; uid: string }[];
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
      const { namespace = "", name = "", uid = "" } = pod.metadata ?? {};
      if (verdict.goes) out.pods.push({ namespace, name, uid });
      if (verdict.warning) note(warned, verdict.warning, pod);
      if (verdict.problem) note(failed, verdict.problem, pod);
    }
    const lines = (map: Map<string, string[]>): string[] =>
      [...map].map(([text, pods]) => `${text}: ${pods.join(", ")}`);
    out.warnings = lines(warned).join("; ");
    out.problems = lines(failed).map((line) => `cannot delete ${line}`);
    return out;
  });

type Target = Found["pods"][number];

/** Asks for a Pod to go; false: it has to be asked again later. */
function* evict(k: Kubectl, pod: Target, dryRun: DryRun): Work<boolean> {
  const { flags } = k;
  const { namespace, name } = pod;
  const eviction = !flags.bool("disable-eviction");
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  const grace = flags.int("grace-period");
  const options = {
    ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}),
    ...(dryRun === "server" ? { dryRun: ["All"] } : {}),
  };
  if (eviction)
    k.out(`evicting pod ${namespace}/${name}${dryRun === "server" ? " (server dry run)" : ""}\n`);
  const client = yield* k.client();
  const body = eviction
    ? {
        kind: "Eviction",
        apiVersion: "policy/v1",
        metadata: { name, namespace },
        deleteOptions: options,
      }
    : { kind: "DeleteOptions", apiVersion: "v1", ...options };
  try {
    yield* client.ok(
      eviction
        ? { method: "POST", path: `${path}/eviction`, body }
        : { method: "DELETE", path, body },
    );
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (isNotFound(error)) return true;
    if (!eviction) throw error;
    const what = `error when evicting pods/${goQuote(name)} -n ${goQuote(namespace)}`;
    if (!isReason(error, "TooManyRequests")) throw new Failure(`${what}: ${error.message}`);
    k.err(`${what} (will retry after 5s): ${error.message}\n`);
    return false;
  }
}

/** Whether a Pod is gone. */
const isGone = (k: Kubectl, { namespace, name, uid }: Target): Work<boolean> =>
  section<boolean>(function* () {
    const client = yield* k.client();
    try {
      const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
      return (yield* client.json<KubeObject>({ path })).metadata?.uid !== uid;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return true;
    }
  });

const retryMs = 5000;

function* removePods(k: Kubectl, pods: readonly Target[], dryRun: DryRun): Work<void> {
  const begun = yield* now();
  const timeout = k.flags.duration("timeout");
  const verb = k.flags.bool("disable-eviction") ? "deleted" : "evicted";
  const errors: Failure[] = [];
  let left = pods.map((pod) => ({ pod, asked: false, next: begun }));
  for (;;) {
    const at = yield* now();
    const over = timeout > 0 && at - begun >= timeout;
    const still: typeof left = [];
    for (const one of left) {
      const { namespace, name } = one.pod;
      if (over) {
        const why = `global timeout reached: ${goDuration(timeout)}`;
        errors.push(
          new Failure(
            one.asked
              ? `error when waiting for pod ${goQuote(name)} in namespace ${goQuote(namespace)} to terminate: ${why}`
              : `error when evicting pods/${goQuote(name)} -n ${goQuote(namespace)}: ${why}`,
          ),
        );
        continue;
      }
      if (!one.asked && at >= one.next) {
        try {
          one.asked = yield* evict(k, one.pod, dryRun);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          errors.push(error);
          continue;
        }
        if (!one.asked) one.next = at + retryMs;
        else if (dryRun === "server") continue;
      }
      if (one.asked && (yield* isGone(k, one.pod))) {
        const print = yield* printerFor(k, dryRun, verb);
        k.out(print({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace } }));
        continue;
      }
      still.push(one);
    }
    left = still;
    if (left.length === 0) break;
    yield* sleep(1000);
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
