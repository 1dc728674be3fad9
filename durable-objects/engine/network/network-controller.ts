/** Pushes on what is under way in the network: keys are those of records in the table "network". */
import { objectKey } from "../core/object.ts";
import type { RuntimeContext } from "../runtime/define.ts";
import { powerAnnotation } from "../kubelet/node-address.ts";
import { forgetAffinity } from "./services.ts";
import type { Controller } from "../controllers/define.ts";
import { runtimeContext } from "../kubelet/sync.ts";
import { networkTable, type Exchange } from "./exchange.ts";
import { stepAny } from "./steps.ts";
import { close, type Stream } from "./tcp.ts";
import { stepDatagram } from "./udp.ts";

export const networkController: Controller = {
  name: "network",
  wakesOn: {
    // Whoever asked a Pod that is gone must hear of it.
    pods(change) {
      return change.op === "delete"
        ? [`gone ${objectKey(change.namespace, change.name)}`]
        : undefined;
    },
    nodes(change) {
      const power = (o: typeof change.previous): string | undefined =>
        o?.metadata.annotations?.[powerAnnotation];
      const same = change.op === "update" && power(change.object) === power(change.previous);
      return same ? undefined : ["power"];
    },
    services(change) {
      return change.op === "delete"
        ? [`unstick ${objectKey(change.namespace, change.name)}`]
        : undefined;
    },
  },
  reconcile(key, client) {
    const [what = "", object = ""] = key.split(" ");
    const context = runtimeContext(client);
    if (what === "gone") podGone(context, object);
    else if (what === "power") wakeAll(context);
    else if (what === "unstick") forgetAffinity(context, object);
    else return key.startsWith("u") ? stepDatagram(context, key) : stepAny(context, key);
    return undefined;
  },
};

function podGone(context: RuntimeContext, pod: string): void {
  for (const id of context.records.keys(networkTable)) {
    const record = context.records.get<Exchange | Stream>(networkTable, id);
    if (record?.to === pod) context.wake?.("network", id);
    if (record?.from.pod === pod && id.startsWith("s")) close(context, id);
  }
}

/** A node lost or got its power: what is under way stands still or goes on. */
function wakeAll(context: RuntimeContext): void {
  for (const id of context.records.keys(networkTable)) context.wake?.("network", id);
}
