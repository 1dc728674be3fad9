/** kubectl expose. k8s: kubectl/pkg/cmd/expose/expose.go */
import { goQuote } from "../../machinery/field.ts";
import type { Command, Kubectl } from "../command.ts";
import { Failure } from "../errors.ts";
import { fileOptions } from "../files.ts";
import { byText } from "../go/json.ts";
import { createObject } from "../mutate/generate.ts";
import {
  annotateApplied,
  dryRunOf,
  placeIn,
  printerFor,
  typedPrinter,
} from "../mutate/mutation.ts";
import { overridden } from "../mutate/overrides.ts";
import { podSpecOf } from "../mutate/pod-specs.ts";
import { record } from "../mutate/record.ts";
import type { Info } from "../result.ts";
import type { KubeObject } from "../objects.ts";
import type { Work } from "../work.ts";
import { intOrString } from "./create/policy.ts";

const exposable = ["ReplicationController", "Service", "Pod", "Deployment.apps", "ReplicaSet.apps"];

/** `a=b,c=d` as a table. k8s: expose.go parseLabels */
export function parseLabels(text: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const one of text.split(",")) {
    const [key = "", value = "", ...rest] = one.split("=");
    if (rest.length > 0 || !one.includes("=")) throw new Failure(`unexpected label spec: ${one}`);
    if (key === "") throw new Failure("unexpected empty label key");
    out[key] = value;
  }
  return out;
}

interface Selecting {
  selector?: Record<string, string> & {
    matchLabels?: Record<string, string>;
    matchExpressions?: unknown[];
  };
  ports?: { port: number; protocol?: string }[];
}

/** k8s: polymorphichelpers/mapbasedselectorforobject.go */
function selectorOf(object: KubeObject): Record<string, string> {
  const fail = (why: string): never => {
    throw new Failure(`couldn't retrieve selectors via --selector flag or introspection: ${why}`);
  };
  const { selector } = (object["spec"] ?? {}) as Selecting;
  switch (object.kind) {
    case "Pod": {
      const { labels = {} } = object.metadata ?? {};
      if (Object.keys(labels).length === 0) fail("the pod has no labels and cannot be exposed");
      return labels;
    }
    case "Service":
      return selector ?? fail("the service has no pod selector set");
    case "ReplicationController":
      return selector ?? {};
  }
  const labels = selector?.matchLabels ?? {};
  if (Object.keys(labels).length === 0)
    fail(`invalid ${object.kind?.toLowerCase()}: no selectors, therefore cannot be exposed`);
  if (selector?.matchExpressions?.length)
    fail(
      `couldn't convert expressions - "${JSON.stringify(selector.matchExpressions)}" to map-based selector format`,
    );
  return labels;
}

/** Ports with their protocols, in order. */
function portsOf(object: KubeObject): Map<string, string[]> {
  const out = new Map<string, string[]>();
  const found =
    object.kind === "Service"
      ? ((object["spec"] as Selecting).ports ?? []).map(({ port, protocol }) => [port, protocol])
      : podSpecOf(object).containers.flatMap(({ ports = [] }) =>
          ports.map(({ containerPort, protocol }) => [containerPort, protocol]),
        );
  for (const [port, protocol = "TCP"] of found)
    out.set(String(port), [...(out.get(String(port)) ?? []), String(protocol)]);
  return out;
}

function numberOf(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new Failure(`strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`);
}

/** The ports of the Service. k8s: expose.go createService */
function servicePorts(
  k: Kubectl,
  text: string,
  known: Map<string, string[]>,
): Record<string, unknown>[] {
  const given = k.flags.string("protocol");
  const target = k.flags.string("target-port");
  const words = text === "" ? [] : text.split(",");
  return words.flatMap((word, i) => {
    const port = numberOf(word);
    const protocols = given ? [given] : (known.get(word) ?? ["TCP"]);
    const several = !given && protocols.length > 1;
    return protocols.map((protocol) => {
      const name = several
        ? `port-${i + 1}-${protocol.toLowerCase()}`
        : words.length > 1
          ? `port-${i + 1}`
          : "";
      const targetPort = target ? intOrString(target) : port;
      return { ...(name ? { name } : {}), protocol, port, targetPort };
    });
  });
}

const labelsText = (labels: Record<string, string>): string =>
  Object.keys(labels)
    .toSorted(byText)
    .map((key) => `${key}=${labels[key]}`)
    .join(",");

function serviceOf(
  k: Kubectl,
  info: Info,
  before: { selector?: string; labels?: string; port?: string },
): KubeObject {
  const { flags } = k;
  const object = info.object as KubeObject;
  const headless = flags.string("cluster-ip") === "None";
  const selector = (before.selector ||= flags.string("selector") || labelsText(selectorOf(object)));
  const known = portsOf(object);
  if (!before.port) {
    before.port = flags.string("port") || [...known.keys()].join(",");
    if (!before.port && !headless)
      throw new Failure("couldn't find port via --port flag or introspection");
  }
  const labels = (before.labels ||=
    flags.string("labels") || labelsText(object.metadata?.labels ?? {}));
  if (selector === "") throw new Failure("selector must be specified");
  const meant = parseLabels(selector);
  const own = labels ? parseLabels(labels) : undefined;
  const ports = servicePorts(k, before.port ?? "", known);
  const affinity = flags.string("session-affinity");
  if (!["", "None", "ClientIP"].includes(affinity))
    throw new Failure(`unknown session affinity: ${affinity}`);
  const [type, clusterIP, externalIP, balancer] = [
    "type",
    "cluster-ip",
    "external-ip",
    "load-balancer-ip",
  ].map((flag) => flags.string(flag));
  const spec = {
    ...(ports.length ? { ports } : {}),
    selector: meant,
    ...(clusterIP ? { clusterIP } : {}),
    ...(type ? { type } : {}),
    ...(externalIP ? { externalIPs: [externalIP] } : {}),
    ...(affinity ? { sessionAffinity: affinity } : {}),
    ...(type === "LoadBalancer" && balancer ? { loadBalancerIP: balancer } : {}),
  };
  return {
    kind: "Service",
    apiVersion: "v1",
    metadata: {
      name: flags.string("name") || info.name.slice(0, 63),
      ...(own ? { labels: own } : {}),
    },
    spec,
    status: { loadBalancer: {} },
  };
}

export const expose: Command = {
  path: "expose",
  *run(k) {
    const { flags, args } = k;
    const dryRun = yield* dryRunOf(k);
    // Only what was not sent is still a Go type.
    const print = yield* (dryRun === "client" ? typedPrinter : printerFor)(k, dryRun, "exposed");
    const place = yield* placeIn(k);
    const result = yield* k.build({
      args,
      files: fileOptions(flags),
      namespace: place.namespace,
      enforceNamespace: place.explicit,
      continueOnError: true,
    });
    // What the first object told holds for those after it.
    const before = {};
    yield* result.visit(function* (info): Work<void> {
      const kind = `${info.type.kind}${info.type.group ? `.${info.type.group}` : ""}`;
      if (!exposable.includes(kind)) throw new Failure(`cannot expose a ${kind}`);
      const object = overridden(k, serviceOf(k, info, before));
      record(k, object);
      if (dryRun === "client") {
        if (place.explicit) object.metadata = { ...object.metadata, namespace: place.namespace };
        k.out(print(object));
        return;
      }
      annotateApplied(k, object, Object.keys);
      k.out(print(yield* createObject(k, { object, plural: "services" }, place.namespace, dryRun)));
    });
  },
};
