/** Custom resources of two versions that a webhook converts; its server is agnhost's. */
import { caBundle, serverObjects } from "../../engine/api/webhooks/webhook-world.ts";
import type { Any, Simulation } from "../simulation.ts";
import type { OperationRow } from "../operations/targets.ts";
import { markKey } from "../writers.ts";
import { disturb, disturbances, inLab, type Theme } from "./theme.ts";

/** Its certificate names this namespace too. */
const home = "markers";
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
export const customId = "e2e-test-crds.stable.example.com";
export const definitionId = "customresourcedefinitions.apiextensions.k8s.io";
const versions = ["v1", "v2"] as const;

const urlOf = (version: string): string =>
  `/apis/stable.example.com/${version}${inLab}/e2e-test-crds`;

const fieldsOf = { v1: ["hostPort"], v2: ["host", "port"] };

const versionOf = (name: "v1" | "v2", stored: string): object => ({
  name,
  served: true,
  storage: name === stored,
  schema: {
    openAPIV3Schema: {
      type: "object",
      properties: Object.fromEntries(fieldsOf[name].map((field) => [field, { type: "string" }])),
    },
  },
});

const versionsStoredAs = (stored: string): object[] =>
  versions.map((name) => versionOf(name, stored));

const service = { namespace: home, name: "e2e-test-webhook", path: "/crdconvert", port: 8443 };

const definition = (stored: string): object => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: customId },
  spec: {
    group: "stable.example.com",
    scope: "Namespaced",
    names: { plural: "e2e-test-crds", singular: "e2e-test-crd", kind: "E2eTestCrd" },
    versions: versionsStoredAs(stored),
    conversion: {
      strategy: "Webhook",
      webhook: { clientConfig: { caBundle, service }, conversionReviewVersions: ["v1"] },
    },
  },
});

function write(sim: Simulation, { name, version, how, port, waits }: Any): void {
  const url = urlOf(version);
  if (how === "delete") return void sim.request("DELETE", `${url}/${name}`);
  const mark = sim.writers.mark();
  const fields = version === "v1" ? { hostPort: `h:${port}` } : { host: "h", port: `${port}` };
  const metadata = { name, annotations: { [markKey]: mark } };
  const apiVersion = `stable.example.com/${version}`;
  if (how === "create")
    sim.writers.send("POST", url, { apiVersion, kind: "E2eTestCrd", metadata, ...fields }, mark);
  else {
    const patch = { metadata: { annotations: metadata.annotations }, ...fields };
    sim.writers.send("PATCH", `${url}/${name}`, patch, mark, {
      type: "application/merge-patch+json",
    });
  }
  if (waits) sim.advance(1_000);
}

/** One after the other: what is written in between shows by the revision. */
function read(sim: Simulation, name: string): void {
  const [one, other] = versions.map((version) => sim.request("GET", `${urlOf(version)}/${name}`));
  if (one?.status === 200 && other?.status === 200)
    sim.look("versions", { one: one.body, other: other.body });
}

const operations: OperationRow[] = [
  {
    what: "write a custom object",
    weight: 12,
    make: (chance) => ({
      name: `x-${chance.below(2)}`,
      version: chance.pick(versions),
      how: chance.pick(["create", "create", "patch", "patch", "delete"]),
      port: chance.below(100),
      waits: chance.in100(40),
    }),
    run: write,
  },
  {
    what: "read a custom object in both versions",
    weight: 8,
    make: (chance) => ({ name: `x-${chance.below(2)}` }),
    run: (sim, { name }) => read(sim, name),
  },
  {
    what: "list custom objects",
    weight: 3,
    make: (chance) => ({ version: chance.pick(versions) }),
    run: (sim, { version }) => void sim.list(urlOf(version)),
  },
  {
    what: "store custom objects otherwise",
    weight: 4,
    make: (chance) => ({ stored: chance.pick(versions) }),
    run: (sim, { stored }) =>
      void sim.patch(`${definitions}/${customId}`, {
        spec: { versions: versionsStoredAs(stored) },
      }),
  },
  {
    what: "define, or no more",
    weight: 3,
    make: (chance) => ({ there: chance.in100(75), stored: chance.pick(versions) }),
    run: (sim, { there, stored }) =>
      void (there
        ? sim.request("POST", definitions, definition(stored))
        : sim.request("DELETE", `${definitions}/${customId}`)),
  },
  {
    what: "disturb the converting server",
    weight: 3,
    make: (chance) => ({ how: chance.pick(disturbances) }),
    run: (sim, { how }) => disturb(sim, home, how),
  },
];

export const customs: Theme = {
  name: "customs",
  weight: 1,
  births: 1,
  prepare: (world) => {
    world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: home } });
    world.advance(2_000);
    for (const object of serverObjects(["crd-conversion-webhook"]) as Any[])
      world.create({ ...object, metadata: { ...object.metadata, namespace: home } });
    world.create(definition("v1"));
    world.advance(60_000);
  },
  operations,
  share: 50,
  heal: (sim) => disturb(sim, home, { replicas: 1 }),
};
