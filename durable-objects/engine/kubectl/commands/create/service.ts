/** kubectl create service, ingress. k8s: kubectl/pkg/cmd/create/create_{service,ingress}.go */
import { goQuote } from "../../../machinery/field.ts";
import { dns1123Subdomain, portName, portNumber } from "../../../machinery/names.ts";
import type { Command, Kubectl } from "../../command.ts";
import { Failure } from "../../errors.ts";
import { generator, type Generated } from "../../mutate/generate.ts";
import type { Work } from "../../work.ts";
import { intOrString } from "./policy.ts";

interface Port {
  port: number;
  targetPort: number | string;
}

/** strconv.ParseUint with 16 bits, 0 allowed. k8s: utils/net/parse.go ParsePort */
function portOf(text: string): number {
  if (!/^\d+$/.test(text))
    throw new Failure(`strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`);
  if (Number(text) > 65535)
    throw new Failure(`strconv.ParseUint: parsing ${goQuote(text)}: value out of range`);
  return Number(text);
}

function portsOf(text: string): Port {
  const [first = "", target] = text.split(":");
  const port = portOf(first);
  if (target === undefined) return { port, targetPort: port };
  const number = /^[+-]?\d+$/.test(target) ? Number(target) : undefined;
  const problems = number === undefined ? portName(target) : portNumber(number);
  if (problems.length > 0) throw new Failure(problems.join(","));
  return { port, targetPort: number ?? target };
}

const service = (kind: string, type: string): Command =>
  generator(
    `service ${kind}`,
    // eslint-disable-next-line require-yield
    function* (k: Kubectl, name: string): Work<Generated> {
      const { flags } = k;
      const given = (flag: string): string => (flags.has(flag) ? flags.string(flag) : "");
      const tcp = flags.list("tcp");
      const clusterIP = given("clusterip");
      const externalName = given("external-name");
      if (clusterIP !== "None" && tcp.length === 0 && type !== "ExternalName")
        k.fail("at least one tcp port specifier must be provided");
      if (type === "ExternalName" && dns1123Subdomain(externalName).length > 0)
        k.fail(`invalid service external name ${externalName}`);
      const nodePort = flags.has("node-port") ? flags.int("node-port") : 0;
      const ports = tcp.map((text) => ({
        name: text.replaceAll(":", "-"),
        protocol: "TCP",
        ...portsOf(text),
        ...(nodePort ? { nodePort } : {}),
      }));
      const labels = { app: name };
      const spec = {
        ...(ports.length ? { ports } : {}),
        selector: labels,
        ...(clusterIP ? { clusterIP } : {}),
        type,
        ...(externalName ? { externalName } : {}),
      };
      return {
        plural: "services",
        failure: `failed to create ${type} service: `,
        object: {
          kind: "Service",
          apiVersion: "v1",
          metadata: { name, labels },
          spec,
          status: { loadBalancer: {} },
        },
      };
    },
    kind === "externalname" ? ["external-name"] : [],
  );

/** Nothing is asked of what follows the port. */
const rulePattern = /^[\w*\-.]*\/.*=[\w-]+:[\w-]+/;

/** One backend: `service:port`. */
function backendOf(text: string): Record<string, unknown> {
  const [name = "", port = ""] = text.split(":");
  const value = intOrString(port);
  const meant = typeof value === "number" ? (value ? { number: value } : {}) : { name: value };
  return { service: { name, port: meant } };
}

function tlsOf(rules: readonly string[]): { hosts?: string[]; secretName?: string }[] {
  const out: { hosts?: string[]; secretName?: string }[] = [];
  const seen = new Set<string>();
  for (const rule of rules) {
    const parts = rule.split(",");
    if (parts.length !== 2) continue;
    const host = rule.split("/")[0] as string;
    const secret = (parts[1] as string).split("=")[1] ?? "";
    if (seen.has(host)) continue;
    seen.add(host);
    const known = out.find(({ secretName = "" }) => secretName === secret);
    if (known) known.hosts = [...(known.hosts ?? []), host];
    else if (host || secret)
      out.push({ ...(host ? { hosts: [host] } : {}), ...(secret ? { secretName: secret } : {}) });
  }
  return out;
}

interface Rule {
  host?: string;
  http: { paths: Record<string, unknown>[] };
}

function rulesOf(rules: readonly string[]): Rule[] {
  const out: Rule[] = [];
  for (const rule of rules) {
    const [host = "", rest = ""] = (rule.split(",")[0] as string).split(/\/(.*)/s);
    const [under = "", service = ""] = rest.split("=");
    const prefix = under.endsWith("*");
    const path = {
      path: `/${prefix ? under.slice(0, -1) : under}`,
      pathType: prefix ? "Prefix" : "Exact",
      backend: backendOf(service),
    };
    const known = out.find((one) => (one.host ?? "") === host);
    if (known) known.http.paths.push(path);
    else out.push({ ...(host ? { host } : {}), http: { paths: [path] } });
  }
  return out;
}

// eslint-disable-next-line require-yield
function* ingress(k: Kubectl, name: string): Work<Generated> {
  const { flags } = k;
  const rules = flags.list("rule");
  const backend = flags.string("default-backend");
  const given = flags.list("annotation");
  const className = flags.string("class");
  if (backend === "" && rules.length === 0)
    k.fail(
      "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
    );
  for (const rule of rules)
    if (!rulePattern.test(rule))
      k.fail(
        `rule ${rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`,
      );
  const annotations: Record<string, string> = {};
  for (const one of given) {
    const at = one.indexOf("=");
    if (at < 0) k.fail(`annotation ${one} is invalid and should be in format key=[value]`);
    annotations[one.slice(0, at)] = one.slice(at + 1);
  }
  if (backend !== "" && backend.split(":").length !== 2)
    k.fail("default-backend should be in format servicename:serviceport");
  const tls = tlsOf(rules);
  const routes = rulesOf(rules);
  const spec = {
    ...(className ? { ingressClassName: className } : {}),
    ...(backend ? { defaultBackend: backendOf(backend) } : {}),
    ...(tls.length ? { tls } : {}),
    ...(routes.length ? { rules: routes } : {}),
  };
  return {
    plural: "ingresses",
    failure: "failed to create ingress: ",
    object: {
      kind: "Ingress",
      apiVersion: "networking.k8s.io/v1",
      metadata: { name, ...(given.length ? { annotations } : {}) },
      spec,
      status: { loadBalancer: {} },
    },
  };
}

export const createServices: readonly Command[] = [
  service("clusterip", "ClusterIP"),
  service("nodeport", "NodePort"),
  service("loadbalancer", "LoadBalancer"),
  service("externalname", "ExternalName"),
  generator("ingress", ingress),
];
