/** Environment variables for the Services a Pod finds. k8s: pkg/kubelet/envvars/envvars.go FromServices */
import type { Service } from "../../kinds/service/shape.ts";
import type { KubeObject } from "../../core/object.ts";
import type { Reader } from "../../ports/controller.ts";

const upper = (name: string): string => name.replaceAll("-", "_").toUpperCase();

/** Made once per Service as it stands: thousands of Pods share the texts. */
const known = new WeakMap<Service, [string, string][]>();

function variablesOf(service: Service): [string, string][] {
  let found = known.get(service);
  if (!found) known.set(service, (found = makeVariables(service)));
  return found;
}

function makeVariables(service: Service): [string, string][] {
  const ip = service.spec?.clusterIP ?? "";
  const ports = service.spec?.ports ?? [];
  const first = ports[0];
  if (!first) return [];
  const name = upper(service.metadata.name);
  const out: [string, string][] = [
    [`${name}_SERVICE_HOST`, ip],
    [`${name}_SERVICE_PORT`, String(first.port)],
  ];
  for (const port of ports) {
    if (port.name) out.push([`${name}_SERVICE_PORT_${upper(port.name)}`, String(port.port)]);
  }
  ports.forEach((port, index) => {
    const protocol = port.protocol ?? "TCP";
    const url = `${protocol.toLowerCase()}://${ip}:${port.port}`;
    const stem = `${name}_PORT_${port.port}_${protocol.toUpperCase()}`;
    if (index === 0) out.push([`${name}_PORT`, url]);
    out.push(
      [stem, url],
      [`${stem}_PROTO`, protocol.toLowerCase()],
      [`${stem}_PORT`, String(port.port)],
      [`${stem}_ADDR`, ip],
    );
  });
  return out;
}

export interface ServiceVariables {
  /** In their order. */
  texts: ReadonlyMap<string, string>;
  /** The same as a container has them that declares none of its own. */
  env: { name: string; value: string }[];
}

const noServices: readonly Service[] = [];
const ofNamespace = new WeakMap<
  readonly KubeObject[],
  { kubernetes: Service | undefined; made: ServiceVariables }
>();

/** Sorted by Service; those without an IP are left out; `kubernetes` of the default namespace is always in. */
export function serviceVariables(
  reader: Reader,
  namespace: string,
  links: boolean,
): ServiceVariables {
  const list = links ? reader.list<Service>("services", namespace) : noServices;
  const kubernetes = reader.get<Service>("services", "default", "kubernetes");
  // A list stays the same one until something in it changes.
  const known = ofNamespace.get(list);
  if (known && known.kubernetes === kubernetes) return known.made;
  const texts = variablesOfAll(list, kubernetes);
  const made = { texts, env: [...texts].map(([name, value]) => ({ name, value })) };
  ofNamespace.set(list, { kubernetes, made });
  return made;
}

function variablesOfAll(
  list: readonly Service[],
  kubernetes: Service | undefined,
): Map<string, string> {
  const services = new Map<string, Service>();
  const add = (service: Service | undefined): void => {
    const ip = service?.spec?.clusterIP;
    if (service && ip && ip !== "None") services.set(service.metadata.name, service);
  };
  for (const service of list) add(service);
  add(kubernetes);
  const out = new Map<string, string>();
  for (const name of [...services.keys()].sort()) {
    for (const [key, text] of variablesOf(services.get(name) as Service)) out.set(key, text);
  }
  return out;
}
