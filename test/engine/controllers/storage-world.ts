/** Helpers of the storage tests: a look into a container, Pods that mount something. */
import { imageCatalog } from "../../../durable-objects/engine/images/index.ts";
import { runtime } from "../../../durable-objects/engine/cri/runtime.ts";
import { signerWith } from "../../../durable-objects/engine/api/auth/signer.ts";
import { signingKey } from "../../../durable-objects/engine/api/auth/tokens.ts";
import type { RuntimeContext } from "../../../durable-objects/engine/runtime/kernel/types.ts";
import type { World } from "../../helpers/world.ts";

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs `sh -c` in a container and returns at once; what it writes stays, but nobody is woken by it. */
export function sh(
  w: World,
  pod: string,
  script: string,
  container?: string,
  namespace = "default",
): Ran {
  const statuses = w.pod(pod, namespace).status.containerStatuses as {
    name: string;
    containerID: string;
  }[];
  const status = container ? statuses.find((s) => s.name === container) : statuses[0];
  const id = status?.containerID.split("//")[1] ?? "";
  const key = `${namespace}/${pod}`;
  const { store } = w.engine;
  const context = {
    now: w.engine.virtualNow,
    records: {
      get: (table: string, k: string) => store.record(table, k),
      put: (table: string, k: string, value: unknown) => store.putRecord(table, k, value),
      delete: (table: string, k: string) => store.putRecord(table, k, undefined),
      keys: (table: string) => [...store.recordKeys(table)].sort(),
    },
    reader: {
      now: w.engine.virtualNow,
      get: (resource: string, namespace: string, name: string) =>
        store.get(resource, namespace, name),
      list: (resource: string, namespace?: string) => store.list(resource, namespace),
      byIndex: (index: string, value: string) => store.byIndex(index, value),
    },
    images: imageCatalog,
    random: () => 0.5,
    tokens: signerWith(signingKey(w.options.identity)),
    wakePod: () => undefined,
    wake: () => undefined,
  } as unknown as RuntimeContext;
  const result = w.engine.session(w.now, () => {
    const handle = runtime.exec(context, key, id, ["sh", "-c", script]);
    if (typeof handle !== "string") throw new Error(handle.error);
    const pending = runtime.execResult(context, key, handle);
    if (!pending.done) throw new Error(`still running: ${script}`);
    return pending.result;
  });
  return { code: result.exitCode, out: result.stdout, err: result.stderr };
}

interface MountShape {
  name: string;
  mountPath: string;
  [field: string]: unknown;
}

/** A Pod of one busybox container that runs a script, then sleeps. */
export function boxPod(
  name: string,
  volumes: object[],
  mounts: MountShape[],
  more: { script?: string; spec?: object; env?: object[] } = {},
): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      ...more.spec,
      volumes,
      containers: [
        {
          name: "c",
          image: "busybox:1.36",
          command: ["sh", "-c", `${more.script ?? "true"}; sleep 1000000`],
          volumeMounts: mounts,
          ...(more.env ? { env: more.env } : {}),
        },
      ],
    },
  };
}
