/**
 * The kubelet as a service of its machine: started, it reads its configuration, and ends again where that is broken, to be
 * started anew by systemd after ten seconds. k8s: cmd/kubelet/app/server.go, build/rpms kubelet.service RestartSec
 */
import type { Client } from "../ports/controller.ts";
import type { Node } from "../kinds/node.ts";
import { runtimeContext } from "../cri/runtime.ts";
import type { Runtime } from "../runtime/runtime-port.ts";
import { journal, klog } from "../runtime/node/journal.ts";
import { kubeletConfigPath } from "../runtime/node/kubelet-configuration.ts";
import { putService, serviceRecord, type ServiceRecord } from "../runtime/node/services.ts";
import { hostTreeKey } from "../runtime/volumes/node-files.ts";
import { DecodeError } from "../schema/decode.ts";
import { parseYaml } from "../schema/yaml.ts";

/** systemd: RestartSec of kubelet.service */
const restartMs = 10_000;
const unit = "kubelet";

/** Whether a node's kubelet runs, and if not, when it is to be tried again. */
export function syncService(
  client: Client,
  runtime: Runtime,
  node: string,
): { up: boolean; dueAtMs?: number } {
  const known = serviceRecord(client.records, node, unit);
  if (!known) return { up: true };
  if (known.state === "inactive") return stopped(client, node);
  if (known.state === "active" && !known.starting) return { up: true };
  const { retryAtMs = 0 } = known;
  if (known.state === "auto-restart" && client.now < retryAtMs)
    return { ...stopped(client, node), dueAtMs: retryAtMs };
  const files = runtime.hostFiles?.(runtimeContext(client), node) ?? {};
  // On a node that nobody changed the file is as kubeadm wrote it.
  const changed = kubeletConfigPath in files || client.records.get("trees", hostTreeKey(node));
  const problem = changed ? configProblem(files[kubeletConfigPath]) : undefined;
  const outcome =
    problem === undefined ? started(client, node, known) : failed(client, node, known, problem);
  client.wake("nodemachine", node);
  return outcome;
}

/** Its Node is told by who speaks for the machine. */
function stopped(client: Client, node: string): { up: boolean } {
  client.wake("nodemachine", node);
  return { up: false };
}

function started(client: Client, node: string, known: ServiceRecord): { up: boolean } {
  const { starting: _starting, retryAtMs: _retry, ...kept } = known;
  const again = known.state === "auto-restart";
  const starts = kept.starts + (again ? 1 : 0);
  const sinceMs = again ? Math.round(client.now) : kept.sinceMs;
  putService(client.records, node, unit, { ...kept, state: "active", starts, sinceMs });
  if (again) systemd(client, node, [`Started ${title}.`]);
  const { kubeletVersion = "" } = client.get<Node>("nodes", "", node)?.status?.nodeInfo ?? {};
  const lines = [
    klog(
      "I",
      client.now,
      kept.pid,
      "server.go:529",
      `"Kubelet version" kubeletVersion="${kubeletVersion}"`,
    ),
    klog("I", client.now, kept.pid, "server.go:1262", `"Started kubelet"`),
  ];
  journal(client, node, lines, { unit, identifier: unit, pid: kept.pid });
  return { up: true };
}

const title = "kubelet.service - kubelet: The Kubernetes Node Agent";

function systemd(client: Client, node: string, lines: string[]): void {
  journal(client, node, lines, { unit, identifier: "systemd", pid: 1 });
}

function failed(
  client: Client,
  node: string,
  known: ServiceRecord,
  problem: string,
): { up: boolean; dueAtMs: number } {
  const { starting: _starting, ...kept } = known;
  const again = known.state === "auto-restart";
  const starts = kept.starts + (again ? 1 : 0);
  const retryAtMs = client.now + restartMs;
  if (again)
    systemd(client, node, [
      `kubelet.service: Scheduled restart job, restart counter is at ${starts}.`,
      `Started ${title}.`,
    ]);
  const error = `failed to load kubelet config file, path: ${kubeletConfigPath}, error: failed to load Kubelet config file ${kubeletConfigPath}, error ${problem}`;
  const line = klog(
    "E",
    client.now,
    kept.pid,
    "run.go:72",
    `"command failed" err=${JSON.stringify(error)}`,
  );
  journal(client, node, [line], { unit, identifier: unit, pid: kept.pid });
  systemd(client, node, [
    "kubelet.service: Main process exited, code=exited, status=1/FAILURE",
    "kubelet.service: Failed with result 'exit-code'.",
  ]);
  const sinceMs = Math.round(client.now);
  putService(client.records, node, unit, {
    ...kept,
    state: "auto-restart",
    starts,
    sinceMs,
    retryAtMs,
  });
  return { up: false, dueAtMs: retryAtMs };
}

/** Why a kubelet cannot load its configuration. k8s: pkg/kubelet/kubeletconfig/configfiles/configfiles.go, util/codec/codec.go */
function configProblem(text: string | undefined): string | undefined {
  if (text === undefined)
    return `failed to read kubelet config file "${kubeletConfigPath}", error: open ${kubeletConfigPath}: no such file or directory`;
  if (text === "") return `kubelet config file "${kubeletConfigPath}" was empty`;
  let value: unknown;
  try {
    ({ value } = parseYaml(text));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return `failed to decode: ${error.message.replace("error converting YAML to JSON: ", "")}`;
  }
  const { kind, apiVersion } = (value ?? {}) as { kind?: string; apiVersion?: string };
  if (!kind) return `failed to decode: Object 'Kind' is missing in '${text}'`;
  const [group, version] = (apiVersion ?? "").split("/");
  if (group === "kubelet.config.k8s.io" && version === "v1beta1" && kind === "KubeletConfiguration")
    return undefined;
  return `failed to decode: no kind "${kind}" is registered for version "${apiVersion ?? ""}" in scheme "pkg/kubelet/apis/config/scheme/scheme.go:33"`;
}
