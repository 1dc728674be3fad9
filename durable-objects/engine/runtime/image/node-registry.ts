/**
 * The registry that upstream's tests run in a Pod: agnhost's `fake-registry-server`, which a node asks at a port of its
 * own. k8s: test/e2e/framework/registry, test/images/agnhost/fakeregistryserver
 */
import type { Container, Pod } from "../../kinds/pod/types.ts";
import type { PullCredential } from "../runtime-port.ts";
import type { Lookup } from "./image-object-lookup.ts";

/** Who a private one lets in. */
export const registryUser: PullCredential = { username: "user", password: "password" };

/** What it serves: the image behind each reference. k8s: fakeregistryserver/images.txt */
export const registryImages: ReadonlyMap<string, string> = new Map([
  ["pause:testing", "registry.k8s.io/pause:3.10.1"],
]);

const subcommand = "fake-registry-server";
const defaultPort = 5000;

const argsOf = ({ command = [], args = [] }: Container): string[] => [...command, ...args];

function portOf(container: Container): number {
  const args = argsOf(container);
  const given = args.find((word) => word.startsWith("--port="))?.slice("--port=".length);
  return Number(given ?? defaultPort);
}

/** The container runs such a server, which the node's port leads to. */
function serves(pod: Pod, container: Container, port: number): boolean {
  if (!/\/agnhost(:|@|$)/.test(container.image ?? "") || !argsOf(container).includes(subcommand))
    return false;
  const status = pod.status?.containerStatuses?.find(({ name }) => name === container.name);
  if (!status?.state?.running) return false;
  const own = portOf(container);
  if (pod.spec.hostNetwork) return own === port;
  return (container.ports ?? []).some((p) => p.hostPort === port && p.containerPort === own);
}

/** The registry at a port of a node; undefined: nobody answers there. */
export function nodeRegistry(
  reader: Lookup | undefined,
  node: string | undefined,
  port: number,
): { private: boolean } | undefined {
  if (node === undefined) return undefined;
  for (const pod of reader?.byIndex<Pod>("pod.node", node) ?? [])
    for (const container of pod.spec.containers)
      if (serves(pod, container, port)) return { private: argsOf(container).includes("--private") };
  return undefined;
}
