/** Admission webhooks: their configurations, their server in a Pod, and writes that they look at. */
import { serverObjects, hook, rule, service } from "../../engine/api/webhooks/webhook-world.ts";
import type { Chance } from "../chance.ts";
import type { Any, Simulation } from "../simulation.ts";
import { namespace, path, type OperationRow } from "../operations/targets.ts";
import { markKey } from "../writers.ts";
import { applied, disturb, disturbances, inLab, type Theme } from "./theme.ts";

const group = "admissionregistration.k8s.io";
/** Where the server is: its certificate names no other place. */
export const home = "default";

export const sorts = ["validating", "mutating"] as const;
export type Sort = (typeof sorts)[number];
export const configurations = (sort: Sort): string => `${sort}webhookconfigurations.${group}`;
const urlOf = (sort: Sort): string => `/apis/${group}/v1/${sort}webhookconfigurations`;

/** What agnhost's server does at each path, and for whom it is meant. */
const paths: { sort: Sort; resource: string; path: string }[] = [
  { sort: "validating", resource: "configmaps", path: "/configmaps" },
  { sort: "validating", resource: "configmaps", path: "/configmaps" },
  { sort: "validating", resource: "configmaps", path: "/always-deny" },
  { sort: "validating", resource: "configmaps", path: "/always-allow-delay-5s" },
  { sort: "validating", resource: "configmaps", path: "/none" },
  { sort: "validating", resource: "pods", path: "/pods" },
  { sort: "validating", resource: "pods", path: "/always-allow-delay-5s" },
  { sort: "mutating", resource: "configmaps", path: "/mutating-configmaps" },
  { sort: "mutating", resource: "configmaps", path: "/mutating-configmaps" },
  { sort: "mutating", resource: "pods", path: "/add-label" },
  { sort: "mutating", resource: "pods", path: "/add-label" },
];

function drawn(chance: Chance): Any {
  const { sort, resource, path: at } = chance.pick(paths);
  const operations = resource === "pods" ? ["CREATE"] : ["CREATE", "UPDATE", "DELETE"];
  if (resource === "pods" && chance.in100(15)) operations.push("UPDATE");
  const scope = { matchLabels: { "kubernetes.io/metadata.name": namespace } };
  const made = hook("h", at, {
    clientConfig: service(at, chance.in100(8) ? "nobody" : undefined),
    rules: [rule(resource, operations)],
    failurePolicy: chance.in100(65) ? "Fail" : "Ignore",
    timeoutSeconds: chance.pick([1, 3, 10]),
    ...(chance.in100(88) ? { namespaceSelector: scope } : {}),
    ...(sort === "mutating" && chance.in100(40) ? { reinvocationPolicy: "IfNeeded" } : {}),
  });
  return { sort, name: `h-${chance.below(2)}`, hook: made };
}

const said = "webhook-e2e-test";

/** What servers look for in it. */
function data(chance: Chance): Record<string, string> {
  return {
    text: `told ${chance.below(100)}`,
    ...(chance.in100(50) ? { "mutation-start": "yes" } : {}),
    ...(chance.in100(20)
      ? { [said]: chance.pick(["webhook-disallow", "webhook-nondeletable"]) }
      : {}),
  };
}

const configMaps = `/api/v1${inLab}/configmaps`;

/** A write of a ConfigMap with a mark; who does not wait, goes on while it is under way. */
function write(sim: Simulation, { name, how, data: fields, waits, dry }: Any): void {
  const query = dry ? "?dryRun=All" : "";
  if (how === "delete") return void sim.request("DELETE", `${configMaps}/${name}${query}`);
  const mark = sim.writers.mark();
  const metadata = { name, annotations: { [markKey]: mark } };
  const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata, data: fields };
  const url = `${configMaps}/${name}${query}`;
  if (how === "create") sim.writers.send("POST", `${configMaps}${query}`, manifest, mark);
  else if (how === "replace") sim.writers.send("PUT", url, manifest, mark);
  else
    sim.writers.send(
      "PATCH",
      url,
      { metadata: { annotations: { [markKey]: mark } }, data: fields },
      mark,
      {
        type: "application/merge-patch+json",
      },
    );
  if (waits) sim.advance(1_000);
}

const operations: OperationRow[] = [
  {
    what: "configure a webhook",
    weight: 8,
    make: drawn,
    run: (sim, { sort, name, hook: made }: Any) => {
      const kind = `${sort === "mutating" ? "Mutating" : "Validating"}WebhookConfiguration`;
      const manifest = { apiVersion: `${group}/v1`, kind, metadata: { name }, webhooks: [made] };
      applied(sim, `${urlOf(sort)}/${name}`, manifest);
    },
  },
  {
    what: "remove a webhook",
    weight: 2,
    make: (chance) => ({ sort: chance.pick(sorts), name: `h-${chance.below(2)}` }),
    run: (sim, { sort, name }) => void sim.request("DELETE", `${urlOf(sort)}/${name}`),
  },
  {
    what: "disturb the server of webhooks",
    weight: 4,
    make: (chance) => ({ how: chance.pick(disturbances) }),
    run: (sim, { how }) => disturb(sim, home, how),
  },
  {
    what: "write what webhooks look at",
    weight: 12,
    make: (chance) => ({
      name: `m-${chance.below(2)}`,
      how: chance.pick(["create", "create", "create", "replace", "patch", "patch", "delete"]),
      data: data(chance),
      waits: chance.in100(40),
      dry: chance.in100(8),
    }),
    run: write,
  },
  {
    what: "make a Pod that webhooks look at",
    weight: 4,
    make: (chance) => ({
      name: `w-${chance.below(3)}`,
      label: chance.pick([undefined, "webhook-disallow", "wait-forever"]),
    }),
    run: (sim, { name, label }) => {
      const mark = sim.writers.mark();
      const labels = label ? { [said]: label } : {};
      const metadata = { name, labels, annotations: { [markKey]: mark } };
      const containers = [{ name: "main", image: "nginx:1.27" }];
      const manifest = { apiVersion: "v1", kind: "Pod", metadata, spec: { containers } };
      sim.writers.send("POST", path("pods"), manifest, mark);
    },
  },
];

export const webhooks: Theme = {
  name: "webhooks",
  weight: 2,
  births: 1,
  prepare: (world) => {
    world.create(...serverObjects(["webhook"]));
    world.advance(60_000);
  },
  operations,
  share: 45,
  heal: (sim) => {
    for (const sort of sorts) {
      for (const { metadata } of sim.all(configurations(sort)))
        sim.request("DELETE", `${urlOf(sort)}/${metadata.name}`);
    }
    disturb(sim, home, { replicas: 1 });
  },
};
