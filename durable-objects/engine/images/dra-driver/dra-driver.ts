/**
 * The example driver of dynamic resource allocation: it tells of its node's mock GPUs in ResourceSlices, and prepares claims for
 * the kubelet. kubernetes-sigs/dra-example-driver: cmd/dra-example-kubeletplugin
 */
import { trimEndOf } from "../../core/trim.ts";
import { Errno } from "../../runtime/errno.ts";
import { decodeUtf8, encodeUtf8 } from "../../runtime/bytes.ts";
import { buildLayer } from "../../runtime/fs/layer.ts";
import { runtimeFiles } from "../../runtime/image/base-files.ts";
import { listenAt } from "../../runtime/kernel/special-files.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { ImageDefinition } from "../define.ts";
import { noCluster } from "../serving/cluster-api.ts";
import { answer, flagOf, goListen, goNotFound, json } from "../serving/small-server.ts";
import { prepareAll, unprepareAll, writeCommonSpec } from "./prepare.ts";
import { publish, type Publishing } from "./publish.ts";
import type { Profile } from "./devices.ts";

interface State extends Publishing {
  /** Exit code of a bad start. */
  exitCode?: number;
  profile: Profile;
  cdiRoot: string;
  endpoint: string;
  /** Metrics by name and labels. */
  counts: Record<string, number>;
}

/** A flag, or the variable that stands for it. */
const setting = (sys: Sys, flag: string, absent: string): string =>
  flagOf(sys, flag) ?? (sys.env[flag.toUpperCase().replaceAll("-", "_")] || absent);

function makeFolder(sys: Sys, path: string): void {
  let made = "";
  for (const part of path.split("/").filter(Boolean)) {
    made += `/${part}`;
    if (!sys.peek(made)) sys.mkdir(made, 0o750);
  }
}

/** What an earlier process has left at its place goes. */
function listenAnew(sys: Sys, path: string): void {
  if (sys.peek(path, false)) sys.unlink(path);
  listenAt(sys, path, "h");
}

const failed = (sys: Sys, why: string): State => {
  sys.complain(`Error: ${why}\n`);
  return { exitCode: 1 } as State;
};

function start(sys: Sys): State {
  const nodeName = setting(sys, "node-name", "");
  if (!nodeName) return failed(sys, 'Required flag "node-name" not set');
  if (!sys.env["KUBERNETES_SERVICE_HOST"])
    return failed(sys, `create client: create in-cluster client configuration: ${noCluster}`);
  const kind = setting(sys, "device-profile", "gpu");
  if (kind !== "gpu")
    return failed(
      sys,
      `invalid device profile ${JSON.stringify(kind)}, valid profiles are ["gpu"]`,
    );
  const driver = setting(sys, "driver-name", `${kind}.example.com`);
  const profile: Profile = {
    nodeName,
    driver,
    count: Number(setting(sys, "num-devices", "8")),
    partitions: Number(setting(sys, "gpu-partitions", "0")),
  };
  const folder = (flag: string, absent: string): string =>
    trimEndOf(setting(sys, flag, absent), "/");
  const plugins = `${folder("kubelet-plugins-directory-path", "/var/lib/kubelet/plugins")}/${driver}`;
  const registry = folder("kubelet-registrar-directory-path", "/var/lib/kubelet/plugins_registry");
  const cdiRoot = folder("cdi-root", "/etc/cdi");
  const uid = setting(sys, "pod-uid", "");
  const endpoint = `${plugins}/dra${uid && `-${uid}`}.sock`;
  try {
    for (const path of [plugins, registry, cdiRoot]) makeFolder(sys, path);
    writeCommonSpec(sys, { driver, cdiRoot, nodeName });
    listenAnew(sys, endpoint);
    listenAnew(sys, `${registry}/${driver}${uid && `-${uid}`}-reg.sock`);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return failed(sys, error.message);
  }
  const ports = [
    { port: Number(setting(sys, "metrics-port", "-1")), how: "h" },
    { port: Number(setting(sys, "healthcheck-port", "-1")), how: "g" },
  ] as const;
  for (const { port, how } of ports)
    if (port > 0 && !goListen(sys, port, how)) return { exitCode: 1 } as State;
  return { profile, cdiRoot, endpoint, counts: {} };
}

/** pkg/metrics/driver.go: claims by what came of them. */
const counters = [
  ["prepare", "Total number of resource claim prepare operations handled by the driver."],
  ["unprepare", "Total number of resource claim unprepare operations handled by the driver."],
] as const;

function count(state: State, what: string, answered: object): void {
  const results = Object.values(
    (answered as { claims: Record<string, { error?: string }> }).claims,
  );
  for (const { error } of results) {
    const key = `${what}_claims_total{result="${error === undefined ? "success" : "error"}"}`;
    state.counts[key] = (state.counts[key] ?? 0) + 1;
  }
}

function metricsText({ counts }: State): string {
  let text = "";
  for (const [what, help] of counters) {
    const name = `dra_example_driver_${what}_claims_total`;
    const lines = Object.entries(counts).filter(([key]) => key.startsWith(`${what}_`));
    if (lines.length === 0) continue;
    text += `# HELP ${name} [BETA] ${help}
# TYPE ${name} counter
`;
    for (const [key, value] of lines)
      text += `dra_example_driver_${key} ${value}
`;
  }
  return text;
}

function bodyOf(request: HttpRequest): { claims?: [] } {
  try {
    return JSON.parse(decodeUtf8(request.body)) as { claims?: [] };
  } catch {
    return {};
  }
}

function serve(sys: Sys, state: State, request: HttpRequest): HttpResponse {
  const { driver, nodeName } = state.profile;
  const place = { driver, nodeName, cdiRoot: state.cdiRoot };
  const said = (value: object): HttpResponse => {
    const made = json(value);
    return { ...made, body: encodeUtf8(made.body) };
  };
  const counted = (what: string, value: object): HttpResponse => {
    count(state, what, value);
    sys.kernel.touch();
    return said(value);
  };
  const { claims = [] } = request.socket === undefined ? {} : bodyOf(request);
  switch (request.socket === undefined ? request.path : request.path.split("/").at(-1)) {
    case "GetInfo":
      return said({
        type: "DRAPlugin",
        name: driver,
        endpoint: state.endpoint,
        supportedVersions: ["v1.DRAPlugin", "v1beta1.DRAPlugin"],
      });
    case "NodePrepareResources":
      return counted("prepare", prepareAll(sys, place, claims));
    case "NodeUnprepareResources":
      return counted("unprepare", unprepareAll(sys, place, claims));
    case "/metrics":
      return answer(metricsText(state), "text/plain; version=0.0.4; charset=utf-8");
    default:
      return goNotFound();
  }
}

const program: Program<State> = {
  name: "dra-example-kubeletplugin",
  start,
  step(sys, state) {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    return { wait: publish(sys, state, state.profile) };
  },
  handles: (state, signal) => state.exitCode === undefined && [1, 2, 3, 15].includes(signal),
  signal: () => ({ exit: 0 }),
  http: (sys, state, request) => ({ response: serve(sys, state, request) }),
  grpc: (_sys, _state, service) =>
    service === "" || service === "liveness"
      ? { status: "SERVING" }
      : { error: "rpc error: code = NotFound desc = unknown service" },
  memoryBytes: () => 20 * 1024 * 1024,
  idleCpuMilli: () => 1,
};

const layer = buildLayer(
  { "/usr/bin/dra-example-kubeletplugin": { program: program.name } },
  runtimeFiles,
);

export const draDriver: ImageDefinition = {
  repositories: ["registry.k8s.io/dra-example-driver/dra-example-driver"],
  resolveTag: (tag) => (/^v0\.[1-4]\.\d+$/.test(tag) ? tag : undefined),
  version: (version) => ({
    version,
    entrypoint: [],
    cmd: [],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    layer,
    sizeBytes: 36_400_000,
  }),
  programs: [program],
};
