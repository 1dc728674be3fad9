/** minikube, as far as the official tutorial asks it. minikube: cmd/minikube/cmd/{ip,service,status}.go */
import { encodeUtf8 } from "../../bytes.ts";
import type { Node } from "../../../kinds/node.ts";
import { hasKubelet, hasPower } from "../../../kinds/node-machine.ts";
import { internalIp } from "../../../kinds/node-machine.ts";
import type { Service } from "../../../kinds/service/shape.ts";
import type { Program } from "../../kernel/types.ts";
import { options } from "../options.ts";
import { type Io, tool } from "../tool.ts";

const controls = (node: Node): boolean =>
  node.metadata.labels?.["node-role.kubernetes.io/control-plane"] !== undefined;

const nodes = (io: Io): Node[] =>
  [...io.sys.kernel.context.reader.list<Node>("nodes")].sort(
    (a, b) => Number(controls(b)) - Number(controls(a)),
  );

function service(io: Io): number {
  const opts = options(io, "n:u", { namespace: "n", url: "u" });
  const [, name] = opts.rest;
  const namespace = opts.value("n") ?? "default";
  if (name === undefined) return io.fail("you must specify a service name");
  const found = io.sys.kernel.context.reader.get<Service>("services", namespace, name);
  if (!found) {
    io.err(
      `X Exiting due to SVC_NOT_FOUND: Service '${name}' was not found in '${namespace}' namespace.\n` +
        `You may select another namespace by using 'minikube service ${name} -n <namespace>'. Or list out all the services using 'minikube service list'\n`,
    );
    return 65;
  }
  const ports = (found.spec?.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : []));
  if (ports.length === 0) {
    io.err(`* service ${namespace}/${name} has no node port\n`);
    return 1;
  }
  const ip = internalIp(nodes(io)[0]);
  for (const port of ports) io.out(`http://${ip}:${port}\n`);
  return 0;
}

function status(io: Io): number {
  const blocks = nodes(io).map((node) => {
    const running = (is: boolean): string => (is ? "Running" : "Stopped");
    const lines = [
      node.metadata.name,
      `type: ${controls(node) ? "Control Plane" : "Worker"}`,
      `host: ${running(hasPower(node))}`,
      `kubelet: ${running(hasKubelet(node))}`,
    ];
    if (controls(node)) lines.push("apiserver: Running", "kubeconfig: Configured");
    return `${lines.join("\n")}\n`;
  });
  io.out(blocks.join("\n"));
  return 0;
}

export const minikube: Program = tool("minikube", (io) => {
  const code = run(io);
  for (const part of io.pending) part[1] = encodeUtf8(part[1]);
  return code;
});

function refuse(io: Io, why: string): number {
  io.err(`X Exiting: ${why}\n`);
  return 1;
}

/** What comes with every cluster here, by the names that minikube has for it. */
const comesWith = ["default-storageclass", "ingress", "metrics-server", "storage-provisioner"];

function addons(io: Io): number {
  const [, verb, name = ""] = io.args;
  if (verb === "list") {
    io.out(comesWith.map((one) => `${one.padEnd(24)}enabled (comes with the cluster)\n`).join(""));
    return 0;
  }
  const isThere = comesWith.includes(name);
  if (verb === "enable" && isThere) {
    io.out(`* ${name} comes with the cluster, and is enabled\n`);
    return 0;
  }
  return refuse(
    io,
    verb === "disable" && isThere
      ? `${name} comes with the cluster, and stays enabled`
      : `Podyard's addons are ${comesWith.join(", ")}, and nothing is added to them`,
  );
}

function run(io: Io): number {
  switch (io.args[0]) {
    case "ip":
      io.out(`${internalIp(nodes(io)[0])}\n`);
      return 0;
    case "service":
      return service(io);
    case "status":
      return status(io);
    case "version":
      io.out("minikube version: none (this cluster is Podyard's, which answers for minikube)\n");
      return 0;
    case "start":
      io.out("* The cluster is Podyard's, and runs already\n");
      return 0;
    case "addons":
      return addons(io);
    case "dashboard":
      return refuse(
        io,
        "the dashboard of this cluster is its page at Podyard; minikube's is not in it",
      );
    case "stop":
    case "delete":
      return refuse(io, `this cluster is Podyard's: its page has what ${io.args[0]}s it`);
    default:
      return refuse(
        io,
        "this cluster is Podyard's: minikube answers addons, ip, service, start, status and version here",
      );
  }
}
