/**
 * What kinds cost, by Pod, object, write or request: `node test/bench/kinds.ts NAME` prints, as JSON, the figures of a small number of
 * them and of a large one. Where cost follows what changes, both are alike.
 */
import { pathToFileURL } from "node:url";
import { compile } from "../../durable-objects/engine/cel/compile.ts";
import { Program } from "../../durable-objects/engine/cel/program.ts";
import {
  gatewayOf,
  GatewayWorld,
  http,
  routeOf,
} from "../engine/controllers/gateway/gateway-world.ts";
import {
  hook,
  validating,
  validatingConfiguration,
  webhookWorld,
} from "../engine/api/webhooks/webhook-world.ts";
import { sleeper, told } from "../engine/network/network-world.ts";
import { World } from "../helpers/world.ts";
import { clusterOf, countAlarms, cpuMs, deployment, type Figures } from "./clusters.ts";

/** Of one of what was counted. */
export interface Each extends Figures {
  us: number;
  steps: number;
  rows: number;
  bytes: number;
  alarms: number;
}

export type Costs = Record<string, Each>;

export interface Compared {
  small: Costs;
  large: Costs;
}

function each(world: World, count: number, body: () => void): Each {
  const { engine } = world;
  const { rowsWritten, bytes } = engine.log;
  const { steps } = engine;
  const alarms = countAlarms(world);
  const us = (1_000 * cpuMs(body)) / count;
  return {
    us,
    steps: (engine.steps - steps) / count,
    rows: (engine.log.rowsWritten - rowsWritten) / count,
    bytes: (engine.log.bytes - bytes) / count,
    alarms: alarms() / count,
  };
}

const times = (count: number, body: (i: number) => void): void => {
  for (let i = 0; i < count; i++) body(i);
};

/** Pods of one node are at most 110. */
const nodesFor = (pods: number): number => Math.max(3, Math.ceil(pods / 84));
/** Longer nobody looks for, and time would stand. */
const lookMs = 590_000;

// Workloads

function jobOf(completions: number, parallelism: number): Each {
  const container = { name: "c", image: "nginx:1.27", command: ["sh", "-c", "sleep 5"] };
  const template = { spec: { restartPolicy: "Never", containers: [container] } };
  const spec = { parallelism, completions, template };
  const world = clusterOf(nodesFor(parallelism));
  const isDone = (): boolean => {
    const { status } = world.engine.store.get("jobs.batch", "default", "bench") as {
      status?: { completionTime?: string };
    };
    return status?.completionTime !== undefined;
  };
  return each(world, completions, () => {
    world.create({ apiVersion: "batch/v1", kind: "Job", metadata: { name: "bench" }, spec });
    world.until(isDone, lookMs);
  });
}

/** To its completion: all Pods at once, or fifty. */
const job = (pods: number): Costs => ({ atOnce: jobOf(pods, pods), byFifty: jobOf(pods, 50) });

/** One Pod after the other, until the last is ready. */
function statefulSet(replicas: number): Costs {
  const { spec } = deployment(replicas) as { spec: object };
  const world = clusterOf(nodesFor(replicas));
  const isReady = (): boolean => {
    const { status } = world.engine.store.get("statefulsets.apps", "default", "web") as {
      status?: { readyReplicas?: number };
    };
    return status?.readyReplicas === replicas;
  };
  const metadata = { name: "web" };
  const set = { apiVersion: "apps/v1", kind: "StatefulSet", metadata };
  const ordered = each(world, replicas, () => {
    world.create({ ...set, spec: { ...spec, serviceName: "web" } });
    world.until(isReady, lookMs);
  });
  return { ordered };
}

// Custom resources

const widgets = "/apis/bench.example.com/v1/namespaces/default/widgets";
const bounds = { type: "integer", minimum: 0, maximum: 1_000 };

const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.bench.example.com" },
  spec: {
    group: "bench.example.com",
    scope: "Namespaced",
    names: { plural: "widgets", singular: "widget", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: "Least", type: "integer", jsonPath: ".spec.least" },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                required: ["least", "most"],
                "x-kubernetes-validations": [
                  { rule: "self.least <= self.most" },
                  { rule: "self.most >= oldSelf.most" },
                ],
                properties: {
                  least: bounds,
                  most: bounds,
                  mode: { type: "string", enum: ["slow", "fast"], default: "slow" },
                  ports: {
                    type: "array",
                    maxItems: 20,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    items: {
                      type: "object",
                      required: ["name", "port"],
                      "x-kubernetes-validations": [{ rule: "self.port > 0" }],
                      properties: {
                        name: { type: "string", maxLength: 20, pattern: "^[a-z0-9-]+$" },
                        port: bounds,
                      },
                    },
                  },
                },
              },
              status: { type: "object", properties: { seen: { type: "integer" } } },
            },
          },
        },
      },
    ],
  },
};

const ports = Array.from({ length: 5 }, (_, i) => ({ name: `p-${i}`, port: 80 + i }));

const tableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/** Made, changed and deleted one by one before a watcher's eyes, who hears of each; listed whole. */
function customResources(count: number): Costs {
  const world = new World({ nodes: 1, seed: "bench" });
  world.create(definition);
  world.advance(10_000);
  const watch = world.watch(`${widgets}?watch=1`);
  const heard = (expected: string): void => {
    const told = watch.read().map(({ type }) => type);
    if (`${told}` !== expected) throw new Error(`${told} instead of ${expected}`);
  };
  const must = (answer: { status: number; text: string }): void => {
    if (answer.status > 201) throw new Error(answer.text);
  };
  const made = each(world, count, () =>
    times(count, (i) => {
      const metadata = { name: `w-${i}` };
      const object = { apiVersion: "bench.example.com/v1", kind: "Widget", metadata };
      must(world.request("POST", widgets, { ...object, spec: { least: i, most: 1_000, ports } }));
      heard("ADDED");
    }),
  );
  const changed = each(world, count, () =>
    times(count, (i) => {
      world.patch(`${widgets}/w-${i}`, { spec: { mode: "fast" } });
      heard("MODIFIED");
    }),
  );
  const lists = 5;
  const listed = each(world, lists * count, () =>
    times(lists, () => {
      const { items } = world.get(widgets);
      if (items.length !== count) throw new Error(`${items.length} of ${count}`);
    }),
  );
  const shown = each(world, lists * count, () =>
    times(lists, () => void world.request("GET", widgets, undefined, { accept: tableAccept })),
  );
  const deleted = each(world, count, () =>
    times(count, (i) => {
      must(world.delete(`${widgets}/w-${i}`));
      heard("DELETED");
    }),
  );
  return { made, changed, listed, shown, deleted };
}

// Admission

const configs = "/api/v1/namespaces/default/configmaps";
const policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";

/** A policy of four expressions, bound. */
const policy = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name: "bench" },
  spec: {
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: [""],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["configmaps"],
        },
      ],
    },
    variables: [{ name: "keys", expression: "object.data.map(k, k)" }],
    validations: [
      { expression: "variables.keys.all(k, k.matches('^[a-z]+-[0-9]+$'))" },
      { expression: "size(variables.keys) <= 20" },
      { expression: "object.metadata.name.startsWith('c-') || request.userInfo.username == 'x'" },
    ],
  },
};

/** ConfigMaps, made one by one. */
function writes(world: World, count: number): Each {
  const data = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`key-${i}`, "x"]));
  const cost = each(world, count, () =>
    times(count, (i) => {
      const metadata = { name: `c-${i}` };
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
      const { status, text } = world.request("POST", configs, object);
      if (status !== 201) throw new Error(text);
    }),
  );
  world.delete(configs);
  return cost;
}

/** Writes without a policy and with one, and what a million units of an expression's cost take. */
function policied(count: number): Costs {
  const world = new World({ nodes: 1, seed: "bench" });
  writes(world, count);
  const plain = writes(world, count);
  world.request("POST", policies, policy);
  world.request("POST", policies.replace("policies", "policybindings"), {
    ...policy,
    kind: "ValidatingAdmissionPolicyBinding",
    spec: { policyName: "bench", validationActions: ["Deny"] },
  });
  writes(world, count);
  return { plain, asked: writes(world, count), unit: units(world) };
}

function units(world: World): Each {
  const ten = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
  const loops = ["a", "b", "c", "d"].reduce(
    (inner, name) => `${ten}.all(${name}, ${inner})`,
    "a + b + c + d > 0",
  );
  const compiled = compile(loops, { variables: new Map(), field: () => null });
  if ("error" in compiled) throw new Error(compiled.error);
  const program = new Program(compiled.e);
  const { cost } = program.evaluate(() => undefined);
  return each(world, 50 * cost, () => times(50, () => void program.evaluate(() => undefined)));
}

/** Writes without a webhook and with one, whose server runs in the cluster. */
function hooked(count: number): Costs {
  const world = webhookWorld();
  writes(world, count);
  const plain = writes(world, count);
  world.make(validating, validatingConfiguration("bench", hook("bench", "/configmaps")));
  return { plain, asked: writes(world, count) };
}

// Gateways

/** As many routes of one Gateway, made one by one; requests from outside by all of them in turn, and from a Pod by the Service. */
function routes(count: number, asks = 500): Costs {
  const world = new GatewayWorld();
  world.serve("a");
  world.create(sleeper("client"), gatewayOf("web", [http()]));
  world.advance(60_000);
  const made = each(world, count, () => {
    times(count, (i) => {
      const rules = [{ backendRefs: [{ name: "a", port: 80 }] }];
      world.create(routeOf(`r-${i}`, { hostnames: [`h-${i}.test`], rules }));
    });
    world.settle();
  });
  const host = world.address();
  const byGateway = (i: number): void => {
    const found = world.ask("outside", { host, headers: { host: `h-${i % count}.test` } });
    if (!told(found).startsWith("200 ")) throw new Error(told(found));
  };
  const byService = (): void => void world.ask({ pod: "default/client" }, "a");
  times(asks, byGateway);
  times(asks, byService);
  return {
    made,
    routed: each(world, asks, () => times(asks, byGateway)),
    direct: each(world, asks, () => times(asks, byService)),
  };
}

const sets: Record<string, { of(count: number): Costs; small: number; large: number }> = {
  job: { of: job, small: 100, large: 1_000 },
  statefulSet: { of: statefulSet, small: 20, large: 100 },
  customResources: { of: customResources, small: 100, large: 1_000 },
  policied: { of: policied, small: 100, large: 1_000 },
  hooked: { of: hooked, small: 100, large: 1_000 },
  routes: { of: routes, small: 1, large: 100 },
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const set = sets[process.argv[2] ?? ""];
  if (set) {
    // What is compiled by then is not measured.
    set.of(set.small);
    console.log(JSON.stringify({ small: set.of(set.small), large: set.of(set.large) }));
  }
}
