/** kubectl version, options, cluster-info. k8s: kubectl/pkg/cmd/{version,options,clusterinfo} */
import { clientVersion, kustomizeVersion } from "../client-version.ts";
import type { Command, Kubectl } from "../command.ts";
import { Failure } from "../errors.ts";
import { structJson } from "../go/json.ts";
import { helpPlace, optionsText } from "../help.ts";
import type { Service } from "../../kinds/service/shape.ts";
import { isList } from "../objects.ts";
import { printYaml } from "../printers/yaml.ts";
import type { Info } from "../result.ts";
import { known, type Outcome, type Work } from "../work.ts";

interface ServerVersion {
  gitVersion: string;
  [field: string]: string;
}

function* run(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  const only = flags.bool("client");
  const output = flags.string("output");
  if (args.length > 0 && !only) k.fail(`extra arguments: [${args.join(" ")}]`);
  if (!["", "yaml", "json"].includes(output)) k.fail("--output must be 'yaml' or 'json'");
  let server: ServerVersion | undefined;
  let failed: Failure | undefined;
  if (!only) {
    try {
      const client = yield* k.client();
      server = yield* client.json<ServerVersion>({ path: "/version" });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed = error;
    }
  }
  const all = { clientVersion, kustomizeVersion, ...(server ? { serverVersion: server } : {}) };
  if (output === "yaml") k.out(`${printYaml(all)}\n`);
  else if (output === "json") k.out(`${orderedJson(all)}\n`);
  else {
    k.out(`Client Version: ${clientVersion.gitVersion}\nKustomize Version: ${kustomizeVersion}\n`);
    if (server) k.out(`Server Version: ${server.gitVersion}\n`);
  }
  if (failed) throw failed;
  if (server) warnOfSkew(k, server);
  return 0;
}

const fields = [
  "major",
  "minor",
  "emulationMajor",
  "emulationMinor",
  "minCompatibilityMajor",
  "minCompatibilityMinor",
  "gitVersion",
  "gitCommit",
  "gitTreeState",
  "buildDate",
  "goVersion",
  "compiler",
  "platform",
];

/** Fields in the order of Go's structs. k8s: apimachinery/pkg/version/types.go */
function orderedJson(all: Record<string, unknown>): string {
  const parts = Object.entries(all).map(([name, value]) => {
    if (typeof value === "string") return [name, value];
    const info = value as Record<string, string>;
    const rows = fields.filter((field) => info[field] !== undefined);
    return [name, Object.fromEntries(rows.map((field) => [field, info[field]]))];
  });
  return structJson(Object.fromEntries(parts), "  ");
}

/** k8s: version/skew_warning.go */
function warnOfSkew(k: Kubectl, server: ServerVersion): void {
  const minor = Number.parseInt(server["minor"] ?? "", 10);
  const own = Number(clientVersion.minor);
  if (Number.isNaN(minor) || Math.abs(own - minor) <= 1) return;
  k.err(
    `WARNING: version difference between client (${clientVersion.major}.${own}) and server (${server["major"]}.${minor}) exceeds the supported minor version skew of +/-1\n`,
  );
}

export const version: Command = { path: "version", run };

export const options: Command = {
  path: "options",
  *run(k) {
    k.out(optionsText(...(yield* helpPlace())));
    return 0;
  },
};

/** `scheme:name:port` as a proxy's path has it. */
function proxiedName({ metadata, spec }: Service): string {
  const [port] = spec?.ports ?? [];
  const name = metadata?.name ?? "";
  if (!port) return name;
  const scheme = port.name === "https" || port.port === 443 ? "https" : "";
  if (scheme) return `${scheme}:${name}:${port.name ?? ""}`;
  return port.name ? `${name}:${port.name}` : name;
}

export const clusterInfo: Command = {
  path: "cluster-info",
  *run(k) {
    const { server } = (yield* k.client()).config;
    const line = (name: string, link: string): void => k.out(`${name} is running at ${link}\n`);
    const end =
      "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n";
    try {
      const result = yield* k.build({
        args: ["services"],
        namespace: k.flags.string("namespace") || "kube-system",
        labelSelector: "kubernetes.io/cluster-service=true",
        latest: true,
        flatten: false,
      });
      const show = ({ object }: Info): void => {
        line("Kubernetes control plane", server);
        for (const service of (object && isList(object)
          ? object.items
          : []) as unknown as Service[]) {
          const { namespace = "", name = "", labels } = service.metadata ?? {};
          const [ingress] = service.status?.loadBalancer?.ingress ?? [];
          const link = ingress
            ? (service.spec?.ports ?? [])
                .map(({ port }) => `http://${ingress.ip || ingress.hostname}:${port} `)
                .join("")
            : `${server}/api/v1/namespaces/${namespace}/services/${proxiedName(service)}/proxy`;
          line(labels?.["kubernetes.io/name"] || name, link);
        }
      };
      yield* result.visit((info) => known(show(info)));
    } catch (error) {
      k.out(end);
      throw error;
    }
    k.out(end);
    return 0;
  },
};
