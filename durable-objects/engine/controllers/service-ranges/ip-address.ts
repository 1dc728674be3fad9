/**
 * An IPAddress for each ClusterIP. Upstream's API server writes it with the Service; here it follows in the same turn. Who
 * meddles with one is told of it, as upstream's repair loop does.
 * k8s: pkg/registry/core/service/ipallocator, its controller/repairip.go
 */
import { parseTime } from "../../core/clock.ts";
import type { Change } from "../../core/object.ts";
import {
  addressManager,
  addressOf,
  managedByLabel,
  type IPAddress,
} from "../../kinds/networking/ip-address.ts";
import type { Service } from "../../kinds/service/shape.ts";
import { leakedAddressMs } from "../../core/limits.ts";
import type { Client, Controller, EventSource } from "../../ports/controller.ts";

const addresses = "ipaddresses.networking.k8s.io";
const component = "ipallocator-repair-controller";

/** An address whose Service changed, and one that somebody wrote or deleted. */
const ofService = "service/";
const ofAddress = "address/";

const ipsOf = (service: Service | undefined): string[] =>
  (service?.spec?.clusterIPs ?? []).filter((ip) => ip !== "None" && ip !== "");

function* serviceKeys({ op, object, previous }: Change): Iterable<string> {
  const now = op === "delete" ? [] : ipsOf(object as Service);
  const before = op === "delete" ? ipsOf(object as Service) : ipsOf(previous as Service);
  for (const ip of now) if (!before.includes(ip)) yield ofService + ip;
  for (const ip of before) if (!now.includes(ip)) yield ofService + ip;
}

const isManaged = ({ metadata }: IPAddress): boolean =>
  metadata.labels?.[managedByLabel] === addressManager;

const refersTo = ({ spec }: IPAddress, { metadata }: Service): boolean => {
  const { group, resource, namespace, name } = spec?.parentRef ?? {};
  return (
    !group && resource === "services" && namespace === metadata.namespace && name === metadata.name
  );
};

function make(client: Client, ip: string, service: Service): void {
  client.create(addresses, addressOf(ip, service.metadata));
}

function tell(
  client: Client,
  about: Service | IPAddress,
  [reason, action]: readonly [string, string],
  message: string,
): void {
  const source: EventSource = { component, action };
  client.event(about, "Warning", reason, message, source);
}

const notAllocated = ["ClusterIPNotAllocated", "ClusterIPAllocation"] as const;

/** k8s: syncService */
function repairService(client: Client, ip: string, service: Service, found?: IPAddress): void {
  if (!found) {
    tell(client, service, notAllocated, `Cluster IP [IPv4]: ${ip} is not allocated; repairing`);
    return make(client, ip, service);
  }
  if (isManaged(found) && refersTo(found, service)) return;
  const { namespace, name } = service.metadata;
  tell(
    client,
    service,
    notAllocated,
    `the ClusterIP [IPv4]: ${ip} for Service ${namespace}/${name} has a wrong reference; repairing`,
  );
  client.delete(addresses, "", ip);
  make(client, ip, service);
}

/** One that belongs to no Service. k8s: syncIPAddress */
function clean(client: Client, address: IPAddress): number | undefined {
  if (!isManaged(address)) return undefined;
  const { group, resource, namespace = "", name = "" } = address.spec?.parentRef ?? {};
  const ip = address.metadata.name;
  const lost = ["IPAddressNotAllocated", "IPAddressAllocation"] as const;
  if (!group && resource === "services") {
    const due = parseTime(address.metadata.creationTimestamp) + leakedAddressMs;
    if (client.now < due) return due;
    const whose = `IPAddress: ${ip} for Service ${namespace}/${name}`;
    if (client.get("services", namespace, name))
      tell(
        client,
        address,
        ["IPAddressWrongReference", "IPAddressAllocation"],
        `${whose} has a wrong reference; cleaning up`,
      );
    else tell(client, address, lost, `${whose} appears to have leaked: cleaning up`);
  } else {
    const reference = `&ParentReference{Group:${group ?? ""},Resource:${resource ?? ""},Namespace:${namespace},Name:${name},}`;
    tell(
      client,
      address,
      lost,
      `IPAddress ${ip} appears to have been modified, not referencing a Service ${reference}: cleaning up`,
    );
  }
  client.delete(addresses, "", ip);
  return undefined;
}

export const ipAddressController: Controller = {
  name: "ipaddress",
  component,
  wakesOn: {
    services: serviceKeys,
    [addresses]: ({ name }) => [ofAddress + name],
  },
  reconcile(key, client) {
    const ip = key.slice(key.indexOf("/") + 1);
    const [service] = client.byIndex<Service>("service.ip", ip);
    const found = client.get<IPAddress>(addresses, "", ip);
    if (key.startsWith(ofAddress)) {
      if (service) repairService(client, ip, service, found);
      return service || !found ? undefined : clean(client, found);
    }
    if (service && found && isManaged(found) && !refersTo(found, service)) {
      // Another Service got it in the turn in which its own went.
      client.delete(addresses, "", ip);
      make(client, ip, service);
    } else if (service && !found) make(client, ip, service);
    else if (!service && found && isManaged(found)) client.delete(addresses, "", ip);
    return undefined;
  },
};
