/** crictl: what the node's container runtime runs. cri-tools: cmd/crictl */
import { rfc3339, rfc3339Nano } from "../../../core/clock.ts";
import type { Node } from "../../../kinds/node.ts";
import { encodeUtf8 } from "../../bytes.ts";
import { readLogRecord } from "../../logs/logs.ts";
import { nodeProcesses } from "../../kernel/process-view.ts";
import type { Program } from "../../kernel/types.ts";
import type { LogRecord, PodRecord } from "../../kernel/state.ts";
import { type NodeContainer, nodeContainers, type NodeSandbox } from "../../node/containers.ts";
import { removeContainer } from "../../remove-container.ts";
import { options } from "../options.ts";
import { beginExec, goOn, type RunningExec } from "./crictl-exec.ts";
import { ago, size, table } from "./crictl-display.ts";
import { type Io, steps, ToolExit } from "../tool.ts";

interface CrictlState {
  exec?: RunningExec;
  /** Log that is followed, and from where on. */
  log?: { id: string; position: number };
  done?: number;
  output?: [number, string][];
  exitCode?: number;
}

const nodeOf = (io: Io): string => io.sys.kernel.pod.pod.node;
const all = (io: Io): NodeContainer[] => nodeContainers(io.sys.kernel.context, nodeOf(io));

function fatal(io: Io, text: string): never {
  io.err(`time="${rfc3339(io.sys.now)}" level=fatal msg=${JSON.stringify(text)}\n`);
  throw new ToolExit(1);
}

const short = (id: string): string => id.replace(/^.*sha256:/, "").slice(0, 13);

/** The one container, or sandbox, whose id begins so. */
function one<T extends { id: string }>(io: Io, list: T[], id: string | undefined, what: string): T {
  if (id === undefined) return fatal(io, "ID cannot be empty");
  const found = list.filter((item) => item.id.startsWith(id));
  if (found.length === 1) return found[0] as T;
  const reason = `rpc error: code = NotFound desc = an error occurred when try to find ${what} "${id}": not found`;
  return fatal(io, `getting the status of the ${what} "${id}": ${reason}`);
}

const sandboxes = (io: Io): NodeSandbox[] => {
  const byId = new Map(all(io).map(({ sandbox }) => [sandbox.id, sandbox]));
  return [...byId.values()].sort((a, b) => b.createdAtMs - a.createdAtMs);
};

function ps(io: Io): void {
  const opts = options(io, "aqp:s:n:L:", {
    all: "a",
    quiet: "q",
    pod: "p",
    state: "s",
    name: "n",
    label: "L",
  });
  const labels = opts.values("L").map((label) => label.split(/=(.*)/s));
  const wanted = opts.value("s")?.toLowerCase();
  const name = opts.value("n");
  const pod = opts.value("p");
  const shown = all(io).filter(
    (one) =>
      (wanted === undefined
        ? opts.has("a") || !one.exit
        : wanted === (one.exit ? "exited" : "running")) &&
      (name === undefined || one.name.includes(name)) &&
      (pod === undefined || one.sandbox.id.startsWith(pod)) &&
      hasLabels(labelsOf(one, one.name), labels),
  );
  if (opts.has("q")) return io.out(shown.map(({ id }) => `${id}\n`).join(""));
  const head = ["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD"];
  table(io, [
    [...head, "NAMESPACE"],
    ...shown.map((one) => [
      short(one.id),
      short(one.imageID ?? one.image),
      ago(io.sys.now - one.startedAtMs),
      one.exit ? "Exited" : "Running",
      one.name,
      String(one.attempt),
      short(one.sandbox.id),
      one.sandbox.name,
      one.sandbox.namespace,
    ]),
  ]);
}

function pods(io: Io): void {
  const names = { quiet: "q", name: "n", namespace: "s", label: "L" };
  const opts = options(io, "qn:s:L:", names);
  const labels = opts.values("L").map((label) => label.split(/=(.*)/s));
  const [name, namespace] = [opts.value("n"), opts.value("s")];
  const shown = sandboxes(io).filter(
    (one) =>
      (name === undefined || one.name.includes(name)) &&
      (namespace === undefined || one.namespace === namespace) &&
      hasLabels(labelsOf({ sandbox: one }), labels),
  );
  if (opts.has("q")) return io.out(shown.map(({ id }) => `${id}\n`).join(""));
  table(io, [
    ["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"],
    ...shown.map((one) => [
      short(one.id),
      ago(io.sys.now - one.createdAtMs),
      one.ready ? "Ready" : "NotReady",
      one.name,
      one.namespace,
      "0",
      "(default)",
    ]),
  ]);
}

interface NodeImages {
  present?: Record<string, { sizeBytes?: number; imageID?: string }>;
}

function images(io: Io): void {
  const { records } = io.sys.kernel.context;
  const present = records.get<NodeImages>("images", nodeOf(io))?.present ?? {};
  const known = new Map(all(io).map(({ image, imageID }) => [image, imageID]));
  const rows = Object.entries(present).map(([reference, { sizeBytes, imageID }]) => {
    const [, name = reference, tag = "<none>"] =
      /^([^@]*?)(?::([^:/@]+))?(?:@.*)?$/.exec(reference) ?? [];
    const id = imageID ?? known.get(reference) ?? "";
    return [name, tag, short(id), sizeBytes === undefined ? "" : size(sizeBytes)];
  });
  rows.sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1));
  table(io, [["IMAGE", "TAG", "IMAGE ID", "SIZE"], ...rows]);
}

function pidOf(io: Io, container: NodeContainer): number {
  const record = io.sys.kernel.context.records.get<PodRecord>("runtime", container.pod);
  const root = record?.containers[container.key]?.root;
  const found = nodeProcesses(io.sys.kernel).find(
    ({ pod, key }) => pod === container.pod && key === root,
  );
  return found?.process.pid ?? 0;
}

const labelsOf = ({ sandbox }: Pick<NodeContainer, "sandbox">, name?: string) => ({
  ...(name === undefined ? sandbox.labels : { "io.kubernetes.container.name": name }),
  "io.kubernetes.pod.name": sandbox.name,
  "io.kubernetes.pod.namespace": sandbox.namespace,
  "io.kubernetes.pod.uid": sandbox.uid,
});

const hasLabels = (all: Record<string, string>, wanted: string[][]): boolean =>
  wanted.every(([name = "", value]) => all[name] === value);

function inspect(io: Io, id: string | undefined): void {
  const found = one(io, all(io), id, "container");
  const { exit, sandbox, startedAtMs } = found;
  const at = rfc3339Nano(startedAtMs);
  const folder = `${sandbox.namespace}_${sandbox.name}_${sandbox.uid}`;
  const status = {
    id: found.id,
    metadata: { attempt: found.attempt, name: found.name },
    state: exit ? "CONTAINER_EXITED" : "CONTAINER_RUNNING",
    createdAt: at,
    startedAt: at,
    finishedAt: exit ? rfc3339Nano(exit.at) : "0001-01-01T00:00:00Z",
    exitCode: exit?.code ?? 0,
    image: { image: found.image },
    imageRef: found.imageID ?? "",
    reason: exit?.reason ?? "",
    message: exit?.message ?? "",
    labels: labelsOf(found, found.name),
    logPath: `/var/log/pods/${folder}/${found.name}/${found.attempt}.log`,
  };
  const info = { sandboxID: sandbox.id, ...(exit ? {} : { pid: pidOf(io, found) }) };
  io.out(`${JSON.stringify({ info, status }, null, 2)}\n`);
}

function inspectp(io: Io, id: string | undefined): void {
  const sandbox = one(io, sandboxes(io), id, "sandbox");
  const status = {
    id: sandbox.id,
    metadata: { attempt: 0, name: sandbox.name, namespace: sandbox.namespace, uid: sandbox.uid },
    state: sandbox.ready ? "SANDBOX_READY" : "SANDBOX_NOTREADY",
    createdAt: rfc3339Nano(sandbox.createdAtMs),
    labels: labelsOf({ sandbox }),
    network: { additionalIps: [], ip: sandbox.ip },
  };
  io.out(`${JSON.stringify({ status }, null, 2)}\n`);
}

function stop(io: Io): void {
  const opts = options(io, "t:a", { timeout: "t" });
  if (opts.rest.length === 0) fatal(io, "ID cannot be empty");
  for (const id of opts.rest) {
    const found = one(io, all(io), id, "container");
    const { kernel } = io.sys;
    const other = kernel.otherPod(found.pod);
    const root = other?.pod.containers[found.key]?.root;
    if (other && root !== undefined && !found.exit) {
      // Without a grace period, as the command's default has it, or with one that its program does not live through.
      if (Number(opts.value("t") ?? 0) > 0)
        other.kill(root, other.container(found.key).image.stopSignal ?? 15, true);
      else other.kill(root, 9, true);
      other.run();
      other.save();
      kernel.context.wakePod(found.pod);
    }
    io.out(`${id}\n`);
  }
}

function stats(io: Io): void {
  const rows = all(io)
    .filter(({ exit }) => !exit)
    .map((found) => {
      const other = io.sys.kernel.otherPod(found.pod);
      let bytes = 0;
      let milli = 0;
      for (const process of Object.values(other?.pod.processes ?? {})) {
        if (process.container !== found.key || process.exitStatus !== undefined || !other) continue;
        bytes += other.memoryOf(process);
        milli += other.program(process).idleCpuMilli?.(process.state) ?? 0;
      }
      return [short(found.id), found.name, (milli / 10).toFixed(2), size(bytes)];
    });
  table(io, [["CONTAINER", "NAME", "CPU %", "MEM"], ...rows]);
}

function logs(io: Io, state: CrictlState): void {
  const opts = options(io, "ft:pn:", { follow: "f", tail: "n", timestamps: "p", previous: "p" });
  const found = one(io, all(io), opts.rest[0], "container");
  const tail = opts.value("n");
  state.log = { id: found.id, position: 0 };
  readOn(io, state, tail === undefined ? undefined : Number(tail));
  if (!opts.has("f")) state.done = 0;
}

/** Prints what a log has beyond what was shown. */
function readOn(io: Io, state: CrictlState, tail?: number): void {
  const { context } = io.sys.kernel;
  const found = all(io).find(({ id }) => id === state.log?.id);
  const record = found && context.records.get<PodRecord>("runtime", found.pod);
  const kept: LogRecord[] = record?.logs[found?.name ?? ""] ?? [];
  const log = kept.find(({ id }) => found?.id.startsWith(id)) ?? kept.at(-1);
  if (!found || !log || !state.log) {
    state.done = 0;
    return;
  }
  const { position } = state.log;
  const read = readLogRecord(context, found.pod, log, {
    nowMs: context.now,
    position,
    ...(tail === undefined ? {} : { tail }),
  });
  io.out(encodeUtf8(read.text));
  state.log.position = read.next;
  if (found.exit) state.done = 0;
}

function exec(io: Io, state: CrictlState): void {
  const names = { interactive: "i", tty: "t", sync: "s", quiet: "q" };
  const opts = options(io, "itsq", names, true);
  const [id, ...command] = opts.rest;
  const found = one(io, all(io), id, "container");
  if (found.exit || command.length === 0)
    fatal(io, `execing command in container: container is not running, or no command was given`);
  const streams = { tty: opts.has("t"), stdin: opts.has("i") };
  const begun = beginExec(io, found, command, streams);
  if ("error" in begun)
    return fatal(
      io,
      `execing command in container: rpc error: code = Unknown desc = failed to exec in container: ${begun.error}`,
    );
  state.exec = begun;
}

/** Removes what has ended; with -f what runs, too, which the kubelet then starts anew. */
function rm(io: Io): void {
  const opts = options(io, "fak", { force: "f", all: "a", "keep-logs": "k" });
  const ids = opts.has("a") ? all(io).map(({ id }) => id) : opts.rest;
  if (ids.length === 0 && !opts.has("a")) fatal(io, "ID cannot be empty");
  const { kernel } = io.sys;
  let failed = false;
  for (const id of ids) {
    const found = one(io, all(io), id, "container");
    if (!found.exit && !opts.has("f")) {
      io.err(
        `time="${rfc3339(io.sys.now)}" level=error msg=${JSON.stringify(`removing container "${id}" failed: container "${id}" is running, please stop it first`)}\n`,
      );
      failed = true;
      continue;
    }
    const other = kernel.otherPod(found.pod);
    if (other) removeContainer(other, found.key);
    kernel.context.wakePod(found.pod);
    io.out(`${id}\n`);
  }
  if (failed) fatal(io, "unable to remove container(s)");
}

function version(io: Io): void {
  const { reader } = io.sys.kernel.context;
  const info = reader.get<Node>("nodes", "", nodeOf(io))?.status?.nodeInfo;
  const [name, number] = (info?.containerRuntimeVersion ?? "").split("://");
  io.out(
    `Version:  0.1.0\nRuntimeName:  ${name}\nRuntimeVersion:  v${number}\nRuntimeApiVersion:  v1\n`,
  );
}

const refused =
  "rmp rmi stopp run runp create start pull update port-forward attach checkpoint".split(" ");

function begin(io: Io, state: CrictlState): void {
  while (/^(-r|--runtime-endpoint|-i|--image-endpoint|--config|-c)$/.test(io.args[0] ?? ""))
    io.args.splice(0, 2);
  const verb = io.args.shift() ?? "help";
  if (io.sys.who.uid !== 0)
    fatal(
      io,
      'validate service connection: validate CRI v1 runtime API for endpoint "unix:///run/containerd/containerd.sock": rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: permission denied"',
    );
  const actions: Record<string, () => void> = {
    ps: () => ps(io),
    pods: () => pods(io),
    images: () => images(io),
    img: () => images(io),
    image: () => images(io),
    inspect: () =>
      inspect(
        io,
        io.args.find((word) => !word.startsWith("-")),
      ),
    inspectp: () =>
      inspectp(
        io,
        io.args.find((word) => !word.startsWith("-")),
      ),
    stop: () => stop(io),
    rm: () => rm(io),
    stats: () => stats(io),
    version: () => version(io),
    info: () =>
      io.out(
        '{\n  "status": {\n    "conditions": [\n      {\n        "type": "RuntimeReady",\n        "status": true\n      },\n      {\n        "type": "NetworkReady",\n        "status": true\n      }\n    ]\n  }\n}\n',
      ),
    logs: () => logs(io, state),
    exec: () => exec(io, state),
  };
  const act = actions[verb];
  if (!act && refused.includes(verb))
    fatal(
      io,
      `Podyard's crictl knows no ${verb}: containers and images here come and go by the kubelet alone`,
    );
  if (!act) fatal(io, `No help topic for '${verb}'`);
  act?.();
  if (state.exec === undefined && state.log === undefined) state.done = 0;
}

export const crictl: Program<CrictlState> = steps<CrictlState>("crictl", {
  first: () => ({}),
  begin,
  step(sys, io, state) {
    const { exec: running } = state;
    if (running && state.done === undefined) {
      const code = goOn(sys, io, running);
      if (code !== undefined) state.done = code;
    } else if (state.log && state.done === undefined) readOn(io, state);
    if (state.done !== undefined) {
      state.exitCode = state.done;
      return undefined;
    }
    const untilMs = sys.now + (running?.pollMs ?? 1_000);
    return { wait: { untilMs, ...(running?.reads && { readable: [0] }) } };
  },
});
