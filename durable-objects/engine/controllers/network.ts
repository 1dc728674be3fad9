/** Pushes on what is under way in the network: keys are those of records in the table "network". */
import { objectKey } from "../core/object.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { powerAnnotation } from "../kinds/node-machine.ts";
import { forgetAffinity } from "../network/services.ts";
import type { Controller } from "../ports/controller.ts";
import { runtimeContext } from "../cri/runtime.ts";
import { closeStreamsOf, watchersOf } from "../network/api-stream.ts";
import { stepAny } from "../network/steps.ts";
import type { Exchange } from "../network/exchange-record.ts";
import { networkTable, type Stream } from "../runtime/net/stream.ts";
import { close } from "../network/tcp.ts";
import { stepDatagram } from "../network/udp.ts";

export const networkController: Controller = {
  name: "network",
  wakesOn: {
    "*": ({ resource }, { records }) => records && watchersOf(records, resource),
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
    if (what === "gone") {
      podGone(context, object);
      closeStreamsOf(context, object);
    } else if (what === "power") wakeAll(context);
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

/** A node lost or got its power: requests under way stop or go on. */
function wakeAll(context: RuntimeContext): void {
  for (const id of context.records.keys(networkTable)) context.wake?.("network", id);
}
