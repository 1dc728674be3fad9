/** Gives served Ingresses their address and records an Event, as ingress-nginx does. */
import { objectKey, splitKey, type Change } from "../core/object.ts";
import { parseTime } from "../core/clock.ts";
import type { Controller, Reader } from "../ports/controller.ts";
import type { Ingress } from "../kinds/networking/ingress.ts";
import { ingressStatusMs } from "../core/limits.ts";
import { ingressIp } from "../network/addresses.ts";
import { ingresses, isServed } from "../network/ingress.ts";

const component = "nginx-ingress-controller";

const everyIngress = (_change: Change, reader: Reader): string[] =>
  reader
    .list<Ingress>(ingresses)
    .map(({ metadata }) => objectKey(metadata.namespace, metadata.name));

export const ingressController: Controller = {
  name: "ingress",
  wakesOn: {
    [ingresses]: (change) =>
      change.op === "delete" ? undefined : [objectKey(change.namespace, change.name)],
    "ingressclasses.networking.k8s.io": everyIngress,
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const ingress = client.get<Ingress>(ingresses, namespace, name);
    if (!ingress || ingress.metadata.deletionTimestamp) return undefined;
    const has = ingress.status?.loadBalancer?.ingress?.some(({ ip }) => ip === ingressIp) ?? false;
    const served = isServed(client, ingress);
    if (has === served) return undefined;
    if (served) {
      const due = parseTime(ingress.metadata.creationTimestamp) + ingressStatusMs;
      if (client.now < due) {
        client.event(ingress, "Normal", "Sync", "Scheduled for sync", { component });
        return due;
      }
    }
    const loadBalancer = served ? { ingress: [{ ip: ingressIp }] } : {};
    client.update<Ingress>(ingresses, { ...ingress, status: { loadBalancer } }, "status");
    return undefined;
  },
};
