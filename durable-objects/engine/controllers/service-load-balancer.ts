/** Addresses for Services of type LoadBalancer, from a pool in place of a cloud's. k8s: cloud-provider/controllers/service */
import { objectKey, splitKey } from "../core/object.ts";
import { loadBalancerMs } from "../core/limits.ts";
import type { Client, Controller } from "../ports/controller.ts";
import type { Service } from "../kinds/service/shape.ts";
import { freeAddress } from "../network/load-balancers.ts";

const finalizer = "service.kubernetes.io/load-balancer-cleanup";
const component = "service-controller";
/** When a Service's load balancer was asked for, by key. */
const orders = "load-balancer-orders";

export const loadBalancerController: Controller = {
  name: "service",
  component,
  wakesOn: {
    services: (change) => [objectKey(change.namespace, change.name)],
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const service = client.get<Service>("services", namespace, name);
    if (!service) {
      client.records.delete(orders, key);
      return undefined;
    }
    if (isWanted(service)) return ensure(client, key, service);
    if (service.metadata.finalizers?.includes(finalizer)) release(client, key, service);
    return undefined;
  },
};

/** One with a class is another controller's. k8s: wantsLoadBalancer */
const isWanted = ({ metadata, spec }: Service): boolean =>
  spec?.type === "LoadBalancer" && !spec.loadBalancerClass && !metadata.deletionTimestamp;

const ingressOf = (service: Service): string | undefined =>
  service.status?.loadBalancer?.ingress?.[0]?.ip;

function ensure(client: Client, key: string, service: Service): number | undefined {
  const { namespace = "", name } = service.metadata;
  if (ingressOf(service)) return undefined;
  const asked = client.records.get<number>(orders, key);
  if (asked === undefined) {
    client.records.put(orders, key, client.now);
    client.event(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer", {
      component,
    });
    client.modify<Service>("services", namespace, name, (current) => withFinalizers(current, true));
    return client.now + loadBalancerMs;
  }
  const readyAt = asked + loadBalancerMs;
  if (client.now < readyAt) return readyAt;
  const ip = freeAddress(client, service.spec?.loadBalancerIP);
  if (!ip) {
    const message =
      "Error syncing load balancer: failed to ensure load balancer: no address is left in the pool";
    client.event(service, "Warning", "SyncLoadBalancerFailed", message, { component });
    // An address given back wakes nobody: ask again, as rarely as upstream's longest back-off.
    return client.now + 300_000;
  }
  client.records.delete(orders, key);
  const ingress = [{ ip, ipMode: "VIP" }];
  client.update<Service>(
    "services",
    { ...service, status: { ...service.status, loadBalancer: { ingress } } },
    "status",
  );
  client.event(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer", { component });
  return undefined;
}

function release(client: Client, key: string, service: Service): void {
  const { namespace = "", name } = service.metadata;
  client.records.delete(orders, key);
  client.event(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer", { component });
  if (ingressOf(service)) {
    client.update<Service>(
      "services",
      { ...service, status: { ...service.status, loadBalancer: {} } },
      "status",
    );
  }
  client.modify<Service>("services", namespace, name, (current) => withFinalizers(current, false));
  client.event(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer", { component });
}

function withFinalizers(service: Service, present: boolean): Service {
  const others = (service.metadata.finalizers ?? []).filter((f) => f !== finalizer);
  const { finalizers: _before, ...metadata } = service.metadata;
  const finalizers = present ? [...others, finalizer] : others;
  return { ...service, metadata: finalizers.length ? { ...metadata, finalizers } : metadata };
}
