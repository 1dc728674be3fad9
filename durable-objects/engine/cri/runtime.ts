/** The container runtime with what it is made of: the simulated images and the simulated network. */
import { imageCatalog } from "../images/index.ts";
import { network } from "../network/network.ts";
import type { Client } from "../ports/controller.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { createRuntime } from "../runtime/runtime.ts";

export const runtime = createRuntime(imageCatalog);

/** What the runtime works with on behalf of a client; its `now` is the moment it is made. */
export function runtimeContext(client: Client): RuntimeContext {
  return {
    now: client.now,
    records: client.records,
    reader: client,
    random: () => client.random(),
    wakePod: (podKey, atMs) => client.wake("kubelet", podKey, atMs),
    wake: (controller, key, atMs) => client.wake(controller, key, atMs),
    network,
    images: imageCatalog,
    spend: (microseconds) => client.spend?.(microseconds),
    fault: (work, error) => client.fault?.(work, error),
    ...(client.tokens ? { tokens: client.tokens } : {}),
    ...(client.mayRun ? { mayRun: client.mayRun } : {}),
    ...(client.pollApi ? { pollApi: (open, fresh) => client.pollApi!(open, fresh) } : {}),
    ...(client.kubelet ? { kubelet: (node, request) => client.kubelet!(node, request) } : {}),
    ...(client.component ? { component: (name, asked) => client.component!(name, asked) } : {}),
    ...(client.apiServer ? { apiServer: (request) => client.apiServer!(request) } : {}),
  };
}
