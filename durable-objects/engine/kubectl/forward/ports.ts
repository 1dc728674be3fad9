/** `LOCAL:REMOTE` of port-forward, numbers and names. k8s: kubectl/pkg/cmd/portforward/portforward.go, client-go/tools/portforward */
import { goQuote } from "../../machinery/field.ts";
import { parseIp } from "../../machinery/ip.ts";
import type { Service } from "../../kinds/service/shape.ts";
import { Failure } from "../errors.ts";
import type { KubeObject } from "../objects.ts";
import type { PodContainer, PodObject } from "../pods.ts";

export interface PortPair {
  local: number;
  remote: number;
}

interface ContainerPort {
  name?: string;
  containerPort: number;
  protocol?: string;
}

const portsOf = (container: PodContainer): ContainerPort[] =>
  (container["ports"] ?? []) as ContainerPort[];

function split(text: string): [local: string, remote: string] {
  const parts = text.split(":");
  const [first = "", second = ""] = parts;
  return parts.length === 2 ? [first, second] : [first, first];
}

/** strconv.Atoi */
const numberOf = (text: string): number | undefined =>
  /^[+-]?\d+$/.test(text) ? Number(text) : undefined;

/** k8s: kubectl/pkg/util/pod_port.go */
function namedPodPort(pod: PodObject, name: string): number {
  for (const container of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])])
    for (const port of portsOf(container))
      if ((port.name ?? "") === name) return port.containerPort;
  throw new Failure(`Pod '${pod.metadata?.name}' does not have a named port '${name}'`);
}

/** k8s: kubectl/pkg/util/service_port.go */
function namedServicePort({ metadata, spec }: Service, name: string): number {
  const found = spec?.ports?.find((port) => (port.name ?? "") === name);
  if (found) return found.port;
  throw new Failure(`Service '${metadata?.name}' does not have a named port '${name}'`);
}

function targetPort({ metadata, spec }: Service, pod: PodObject, number: number): number {
  const found = spec?.ports?.find(({ port }) => port === number);
  if (!found) throw new Failure(`Service ${metadata?.name} does not have a service port ${number}`);
  if (spec?.clusterIP === "None") return number;
  const { targetPort: target } = found;
  if (typeof target === "string") return namedPodPort(pod, target);
  return target || found.port;
}

function checkUdp(
  all: readonly { number: number; protocol?: string | undefined }[],
  given: readonly string[],
  named: (name: string) => number,
): void {
  const of = (wanted: string): Set<number> =>
    new Set(all.filter(({ protocol = "TCP" }) => protocol === wanted).map(({ number }) => number));
  const [udp, tcp] = [of("UDP"), of("TCP")];
  for (const text of given) {
    const [, remote] = split(text);
    const number = numberOf(remote) ?? named(remote);
    if (udp.has(number) && !tcp.has(number))
      throw new Failure(`UDP protocol is not supported for ${remote}`);
  }
}

const pairText = (local: string, remote: string): string =>
  local === remote ? remote : `${local}:${remote}`;

/** The ports as numbers of the Pod, as text still: a Service's are led to its targets. */
export function resolvePorts(
  object: KubeObject,
  pod: PodObject,
  given: readonly string[],
): string[] {
  if (object.kind === "Service") {
    const service = object as unknown as Service;
    const all = (service.spec?.ports ?? []).map(({ port, protocol }) => ({
      number: port,
      protocol,
    }));
    checkUdp(all, given, (name) => namedServicePort(service, name));
    return given.map((text) => {
      const [local, remote] = split(text);
      const number = numberOf(remote);
      const port = number ?? namedServicePort(service, remote);
      const from = number === undefined && local === remote ? String(port) : local;
      return pairText(from, String(targetPort(service, pod, port)));
    });
  }
  const all = pod.spec.containers
    .flatMap(portsOf)
    .map(({ containerPort, protocol }) => ({ number: containerPort, protocol }));
  checkUdp(all, given, (name) => namedPodPort(pod, name));
  return given.map((text) => {
    const [local, remote] = split(text);
    if (remote === "") throw new Failure("remote port cannot be empty");
    const port = numberOf(remote) === undefined ? String(namedPodPort(pod, remote)) : remote;
    return local === remote ? port : `${local}:${port}`;
  });
}

/** strconv.ParseUint of 16 bits. */
function portNumber(what: string, text: string): number {
  const failed = (why: string): Failure =>
    new Failure(
      `error parsing ${what} port '${text}': strconv.ParseUint: parsing ${goQuote(text)}: ${why}`,
    );
  if (!/^\d+$/.test(text)) throw failed("invalid syntax");
  if (Number(text) > 65_535) throw failed("value out of range");
  return Number(text);
}

export function parsePorts(given: readonly string[]): PortPair[] {
  return given.map((text) => {
    const parts = text.split(":");
    if (parts.length > 2) throw new Failure(`invalid port format '${text}'`);
    const [first = "", second] = parts;
    const local = portNumber("local", second === undefined ? first : first || "0");
    const remote = portNumber("remote", second ?? first);
    if (remote === 0) throw new Failure("remote port must be > 0");
    return { local, remote };
  });
}

/** An address to listen at. With `localhost` one of its two is enough. */
export interface ListenAddress {
  address: string;
  network: "tcp4" | "tcp6";
  mode: "all" | "any";
}

export function parseAddresses(given: readonly string[]): ListenAddress[] {
  const out = new Map<string, ListenAddress>();
  for (const text of given) {
    if (text === "localhost") {
      for (const [address, network] of [
        ["127.0.0.1", "tcp4"],
        ["::1", "tcp6"],
      ] as const)
        if (!out.has(address)) out.set(address, { address, network, mode: "all" });
    } else if (parseIp(text) === undefined) throw new Failure(`${text} is not a valid IP`);
    else {
      const network = text.includes(":") ? "tcp6" : "tcp4";
      out.set(text, { address: text, network, mode: "any" });
    }
  }
  return [...out.values()].toSorted((a, b) => (a.address < b.address ? -1 : 1));
}

/** net.JoinHostPort */
export const hostPort = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
