/** kubectl top node, top pod. k8s: kubectl/pkg/cmd/top, kubectl/pkg/metricsutil */
import type { Node, Pod } from "kubernetes-types/core/v1";
import { parseTime } from "../../core/clock.ts";
import { goDuration } from "../../machinery/duration.ts";
import {
  addQuantity,
  milliValue,
  parseQuantity,
  quantityMilliValue,
  quantityValue,
  value,
  zeroQuantity,
  type Quantity,
} from "../../machinery/quantity.ts";
import { parseLabelSelector } from "../../machinery/selectors.ts";
import { now } from "../asks.ts";
import type { ApiClient, ApiCall } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { Failure } from "../errors.ts";
import { goSorted, goSortedBy } from "../go/sort.ts";
import { TabWriter } from "../printers/tab-writer.ts";
import { section, type Outcome, type Work } from "../work.ts";

type Usage = Record<string, string>;

interface NodeMetrics {
  metadata: { name: string };
  usage: Usage;
}
interface PodMetrics {
  metadata: { name: string; namespace: string };
  containers?: { name: string; usage: Usage }[];
}
/** Thousandths of a CPU; bytes. */
interface Amounts {
  cpu: number;
  memory: number;
  /** What they were rounded from. */
  exact: { cpu: Quantity; memory: Quantity };
}
interface Line extends Amounts {
  namespace: string;
  pod: string;
  name: string;
}

const swapUnknown = "<unknown>\t<unknown>\t";
const mebi = 1024 * 1024;
/** From this age on, a Pod without metrics is told. */
const metricsDelayMs = 120_000;

const amountsOf = (exact: Amounts["exact"]): Amounts => ({
  cpu: quantityMilliValue(exact.cpu),
  memory: quantityValue(exact.memory),
  exact,
});

const usedOf = ({ cpu, memory }: Usage): Amounts =>
  amountsOf({
    cpu: parseQuantity(cpu ?? "0") ?? zeroQuantity,
    memory: parseQuantity(memory ?? "0") ?? zeroQuantity,
  });

const cells = ({ cpu, memory }: Amounts): string => `${cpu}m\t${Math.trunc(memory / mebi)}Mi\t`;

function usageOf(k: Kubectl): never {
  const { path } = k.facts;
  return k.usage(path === "top node" ? "node [NAME | -l label]" : "pod [NAME | -l label]");
}

/** k8s: labels.Parse */
function checkedSelector(text: string): string {
  try {
    return parseLabelSelector(text).toString();
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : "");
  }
}

function* ready(k: Kubectl, clash: string, selected: boolean): Work<ApiClient> {
  const { flags, args } = k;
  const client = yield* k.client();
  if (!["", "cpu", "memory"].includes(flags.string("sort-by")))
    k.fail("--sort-by accepts only cpu or memory");
  if (args.length > 0 && selected) k.fail(clash);
  return client;
}

function* checkServed(k: Kubectl, client: ApiClient): Work<void> {
  const served = yield* section(function* () {
    const { groups = [] } = yield* client.json<{
      groups?: { name: string; versions: { version: string }[] }[];
    }>({ path: "/apis" });
    const group = groups.find(({ name }) => name === "metrics.k8s.io");
    return group?.versions.some(({ version }) => version === "v1beta1") ?? false;
  });
  if (!served) k.fail("Metrics API not available");
}

function* read<T>(
  client: ApiClient,
  path: string,
  name: string | undefined,
  query: ApiCall["query"] = [],
): Work<T[]> {
  if (name !== undefined) return [yield* client.json<T>({ path: `${path}/${name}` })];
  return (yield* client.json<{ items?: T[] }>({ path, query })).items ?? [];
}

function sorted<T extends Amounts>(lines: readonly T[], by: string, key: (line: T) => string): T[] {
  if (by === "cpu" || by === "memory") return goSortedBy(lines, (line) => -line[by]);
  return goSorted(lines, (a, b) => key(a) < key(b));
}

// Nodes

function* topNode(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  if (args.length > 1) usageOf(k);
  const given = flags.string("selector");
  const client = yield* ready(k, "only one of NAME or --selector can be provided", given !== "");
  const labelSelector = checkedSelector(given);
  yield* checkServed(k, client);
  const query = [["labelSelector", labelSelector]] as const;
  const root = "/apis/metrics.k8s.io/v1beta1/nodes";
  const metrics = yield* read<NodeMetrics>(client, root, args[0], query);
  if (metrics.length === 0) k.fail("metrics not available yet");
  const nodes = yield* read<Node>(client, "/api/v1/nodes", args[0], query);
  const shows = flags.bool("show-capacity") ? "capacity" : "allocatable";
  const available = new Map(
    nodes.map(({ metadata, status }) => [metadata?.name ?? "", status?.[shows] ?? {}]),
  );
  const swap = flags.bool("show-swap");
  const writer = new TabWriter();
  if (!flags.bool("no-headers"))
    writer.write(
      `NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\t${swap ? "SWAP(bytes)\tSWAP(%)\t" : ""}\n`,
    );
  const lines = metrics.map((one) => ({ name: one.metadata.name, ...usedOf(one.usage) }));
  for (const line of sorted(lines, flags.string("sort-by"), ({ name }) => name)) {
    const all = available.get(line.name);
    available.delete(line.name);
    const [cpu, memory] = [share(line.cpu, all, "cpu"), share(line.memory, all, "memory")];
    const used = `${line.cpu}m\t${cpu}${Math.trunc(line.memory / mebi)}Mi\t${memory}`;
    writer.write(`${line.name}\t${used}${swap ? swapUnknown : ""}\n`);
  }
  for (const name of available.keys())
    writer.write(`${name}\t${"<unknown>\t".repeat(swap ? 6 : 4)}\n`);
  k.out(writer.flush());
  return 0;
}

function share(used: number, available: Usage | undefined, name: "cpu" | "memory"): string {
  const text = available?.[name];
  if (text === undefined) return "";
  const all = name === "cpu" ? milliValue(text) : value(text);
  return `${all === 0 ? 0 : Math.trunc((used / all) * 100)}%\t`;
}

// Pods

function* topPod(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  if (args.length > 1) usageOf(k);
  const namespace = yield* k.namespace();
  const [labels, fields] = [flags.string("selector"), flags.string("field-selector")];
  const client = yield* ready(
    k,
    "only one of NAME or selector can be provided",
    labels !== "" || fields !== "",
  );
  const query = [
    ["labelSelector", checkedSelector(labels)],
    ["fieldSelector", fields],
  ] as const;
  yield* checkServed(k, client);
  const everywhere = flags.bool("all-namespaces");
  const root = "/apis/metrics.k8s.io/v1beta1";
  const path = everywhere ? `${root}/pods` : `${root}/namespaces/${namespace}/pods`;
  const metrics = yield* read<PodMetrics>(client, path, args[0], query);
  if (metrics.length === 0) {
    yield* checkEmpty(client, namespace, query);
    k.err(everywhere ? "No resources found\n" : `No resources found in ${namespace} namespace.\n`);
    return 0;
  }
  k.out(podTable(k, metrics));
  return 0;
}

/** Why there are no metrics. Failure unless there are no Pods. */
function* checkEmpty(client: ApiClient, namespace: string, query: ApiCall["query"]): Work<void> {
  const pods = yield* read<Pod>(client, `/api/v1/namespaces/${namespace}/pods`, undefined, query);
  if (pods.length === 0) return;
  const moment = yield* now();
  for (const { metadata } of pods) {
    const age = moment - parseTime(metadata?.creationTimestamp);
    if (age > metricsDelayMs)
      throw new Failure(
        `Metrics not available for pod ${metadata?.namespace}/${metadata?.name}, age: ${goDuration(age)}`,
      );
  }
  throw new Failure("metrics not available yet");
}

const sumOf = (all: readonly Amounts[]): Amounts =>
  amountsOf({
    cpu: all.reduce((sum, { exact }) => addQuantity(sum, exact.cpu), zeroQuantity),
    memory: all.reduce((sum, { exact }) => addQuantity(sum, exact.memory), zeroQuantity),
  });

function podTable({ flags }: Kubectl, metrics: readonly PodMetrics[]): string {
  const containers = flags.bool("containers");
  const withNamespace = flags.bool("all-namespaces");
  const swap = flags.bool("show-swap");
  const noHeaders = flags.bool("no-headers");
  const by = flags.string("sort-by");
  const writer = new TabWriter();
  const own = ["NAME", "CPU(cores)", "MEMORY(bytes)", ...(swap ? ["SWAP(bytes)"] : [])];
  const heads = [...(withNamespace ? ["NAMESPACE"] : []), ...(containers ? ["POD"] : []), ...own];
  if (!noHeaders) writer.write(heads.map((head) => `${head}\t`).join("") + "\n");
  const pods = metrics.map(({ metadata: { name, namespace }, containers: within = [] }) => {
    const lines = within.map((one): Line => ({
      namespace,
      pod: name,
      name: one.name,
      ...usedOf(one.usage),
    }));
    return { namespace, name, lines, ...sumOf(lines) };
  });
  const key = (pod: { namespace: string; name: string }): string =>
    withNamespace ? `${pod.namespace}/${pod.name}` : pod.name;
  const end = swap ? "0Mi\t\n" : "\n";
  for (const pod of sorted(pods, by, key)) {
    const place = withNamespace ? `${pod.namespace}\t` : "";
    if (!containers) writer.write(`${place}${pod.name}\t${cells(pod)}${end}`);
    else
      for (const line of sorted(pod.lines, by, ({ name }) => name))
        writer.write(`${place}${pod.name}\t${line.name}\t${cells(line)}${end}`);
  }
  if (flags.bool("sum")) {
    const columns = noHeaders ? own.length : heads.length;
    writer.write(`${"\t".repeat(columns - 2)}________\t________\t\n`);
    writer.write(`${"\t".repeat(columns - 3)}\t${cells(sumOf(pods))}${end}`);
  }
  return writer.flush();
}

export const topCommands: readonly Command[] = [
  { path: "top node", run: topNode },
  { path: "top pod", run: topPod },
];
