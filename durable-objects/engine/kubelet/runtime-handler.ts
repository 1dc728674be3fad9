/** Which runtime a Pod's sandbox wants, and whether the node has it. */
import type { RuntimeClass } from "../kinds/runtime-class.ts";
import { goQuote } from "../machinery/field.ts";
import { type Sync, containerId } from "./sync.ts";

/** Runtimes that containerd knows on a node of kind's: one in use, and one under another name for tests of classes. */
const configured: ReadonlySet<string> = new Set(["", "runc", "test-handler"]);

/**
 * Why a sandbox cannot be made, undefined where it can.
 * k8s: pkg/kubelet/runtimeclass LookupRuntimeHandler; containerd: internal/cri/server/sandbox_run.go RunPodSandbox
 */
export function runtimeProblem(sync: Sync): string | undefined {
  const name = sync.pod.spec.runtimeClassName;
  if (!name) return undefined;
  const found = sync.client.get<RuntimeClass>("runtimeclasses.node.k8s.io", "", name);
  if (!found) return `runtimeclass.node.k8s.io ${goQuote(name)} not found`;
  const { handler = "" } = found;
  if (configured.has(handler)) return undefined;
  const sandbox = goQuote(containerId(sync.client));
  return `rpc error: code = Unknown desc = unable to get OCI runtime for sandbox ${sandbox}: no runtime for ${goQuote(handler)} is configured`;
}
