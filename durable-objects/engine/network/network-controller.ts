/** Pushes on what is under way in the network: keys are those of records in the table "network". */
import { objectKey } from "../core/object.ts";
import type { Controller } from "../controllers/define.ts";
import { runtimeContext } from "../kubelet/sync.ts";
import { networkTable, stepAny, type Exchange } from "./exchange.ts";
import { stepDatagram } from "./udp.ts";

export const networkController: Controller = {
  name: "network",
  wakesOn: {
    // Whoever asked a Pod that is gone must hear of it.
    pods(change) {
      return change.op === "delete" ? [`gone ${objectKey(change.namespace, change.name)}`] : undefined;
    },
  },
  reconcile(key, client) {
    const context = runtimeContext(client);
    if (key.startsWith("u")) return stepDatagram(context, key);
    if (!key.startsWith("gone ")) return stepAny(context, key);
    const pod = key.slice("gone ".length);
    for (const id of client.records.keys(networkTable)) {
      if (client.records.get<Exchange>(networkTable, id)?.to === pod) client.wake("network", id);
    }
    return undefined;
  },
};
