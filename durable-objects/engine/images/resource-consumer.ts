/** What the autoscaling tests load a cluster with: cores and memory used up on request. k8s: test/images/resource-consumer */
import { buildLayer } from "../runtime/fs/layer.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import type { HttpRequest, HttpResponse } from "../runtime/kernel/state.ts";
import { debianFiles, debianReleases, runtimeFiles } from "../runtime/image/base-files.ts";
import type { ImageDefinition } from "./define.ts";
import { answer, flagOf, goListen, goLog, targetOf, type Target } from "./serving/small-server.ts";

/** `[amount, until]`: milli cores, megabytes, or a metric's delta. */
type Load = [amount: number, untilMs: number];

interface State {
  /** Exit code of a bad start. */
  exitCode?: number;
  cpu: Load[];
  mem: Load[];
  /** By name; a metric stays when its loads are over. */
  metrics: [name: string, loads: Load[]][];
}

const ownBytes = 8 * 1024 * 1024;
const sum = (loads: readonly Load[]): number => loads.reduce((all, [amount]) => all + amount, 0);

/** Go's http.Error */
export const goFailure = (text: string, status = 400): HttpResponse =>
  answer(`${text}\n`, undefined, status, { "x-content-type-options": "nosniff" });

export const notPost = "Bad request. Not a POST request";
export const notGiven = "not given function argument";
export const incorrect = "incorrect function argument";

/** Go's strconv.Atoi. */
export const wholeNumber = (text: string): number | undefined =>
  /^[+-]?\d+$/.test(text) ? Number(text) : undefined;

interface Consumption {
  /** Query parameter of the amount. */
  unit: "millicores" | "megabytes" | "delta";
  consume(state: State, load: Load, target: Target): void;
}

const consumptions: Record<string, Consumption> = {
  "/ConsumeCPU": { unit: "millicores", consume: (state, load) => state.cpu.push(load) },
  "/ConsumeMem": { unit: "megabytes", consume: (state, load) => state.mem.push(load) },
  "/BumpMetric": {
    unit: "delta",
    consume(state, load, { query }) {
      const name = query.get("metric") ?? "";
      const known = state.metrics.find(([known]) => known === name);
      if (known) known[1].push(load);
      else state.metrics.push([name, [load]]);
    },
  },
};

function consume(sys: Sys, state: State, target: Target, { unit, consume }: Consumption) {
  const { query, path } = target;
  const seconds = query.get("durationSec") ?? "";
  const amount = query.get(unit) ?? "";
  const metric = unit === "delta" ? (query.get("metric") ?? "") : undefined;
  if (seconds === "" || amount === "" || metric === "") return goFailure(notGiven);
  const duration = wholeNumber(seconds);
  const number = unit === "delta" ? Number(amount) : wholeNumber(amount);
  if (duration === undefined || number === undefined || Number.isNaN(number))
    return goFailure(incorrect);
  if (unit !== "delta") goLog(sys, `${path.slice(1)} ${unit}: ${number}, durationSec: ${duration}`);
  consume(state, [number, sys.now + duration * 1000], target);
  // Its next step knows of the new end.
  delete sys.process.wait;
  sys.kernel.touch();
  const lines = [path.slice(1), ...(metric === undefined ? [] : [`${metric} metric`])];
  return answer(`${[...lines, `${number} ${unit}`, `${duration} durationSec`].join("\n")}\n`);
}

/** Prometheus' text. */
function metricsOf(state: State): HttpResponse {
  const texts = state.metrics.map(
    ([name, loads]) =>
      `# HELP ${name} info message.\n# TYPE ${name} gauge\n${name} ${sum(loads).toFixed(6)}\n`,
  );
  return answer(texts.join(""));
}

function respond(sys: Sys, state: State, request: HttpRequest): HttpResponse {
  const target = targetOf(request);
  if (target.path === "/metrics") return metricsOf(state);
  if (request.method !== "POST") return goFailure(notPost);
  if (target.path === "/GetCurrentStatus")
    return answer("Warning: not implemented!\nGetCurrentStatus");
  const known = consumptions[target.path];
  return known
    ? consume(sys, state, target, known)
    : goFailure(`unknown function: ${target.path}`, 404);
}

const consumer: Program<State> = {
  name: "e2e-resource-consumer",
  storedNames: { fields: { exitCode: "x" } },
  start(sys) {
    const state: State = { cpu: [], mem: [], metrics: [] };
    const port = Number(flagOf(sys, "port") ?? 8080);
    return goListen(sys, port) ? state : { ...state, exitCode: 1 };
  },
  step(sys, state) {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    const live = (loads: Load[]): Load[] => loads.filter(([, until]) => until > sys.now);
    state.cpu = live(state.cpu);
    state.mem = live(state.mem);
    state.metrics = state.metrics.map(([name, loads]) => [name, live(loads)]);
    const all = [...state.cpu, ...state.mem, ...state.metrics.flatMap(([, loads]) => loads)];
    return { wait: all.length ? { untilMs: Math.min(...all.map(([, until]) => until)) } : {} };
  },
  http: (sys, state, request) => ({ response: respond(sys, state, request) }),
  memoryBytes: (state) => ownBytes + sum(state?.mem ?? []) * 1024 * 1024,
  idleCpuMilli: (state) => sum(state?.cpu ?? []),
};

const layer = buildLayer(
  debianFiles(debianReleases["bookworm"]!),
  {
    "/consumer": { program: "e2e-resource-consumer" },
    "/usr/bin/stress": { program: "stress" },
  },
  runtimeFiles,
);

export const resourceConsumer: ImageDefinition = {
  repositories: [
    "registry.k8s.io/e2e-test-images/resource-consumer",
    "k8s.gcr.io/e2e-test-images/resource-consumer",
    "gcr.io/kubernetes-e2e-test-images/resource-consumer",
  ],
  resolveTag: (tag) => (/^\d+\.\d+(\.\d+)?$/.test(tag) ? tag : undefined),
  version: (version) => ({
    version,
    entrypoint: ["/consumer"],
    cmd: [],
    env: {},
    layer,
    sizeBytes: 48_500_000,
  }),
  programs: [consumer],
};
