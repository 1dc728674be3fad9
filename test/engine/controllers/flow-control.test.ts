/** Flow control's objects: those that a cluster begins with, and FlowSchemas without a priority level. */
import { beforeAll, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const group = "/apis/flowcontrol.apiserver.k8s.io/v1";
const schemas = `${group}/flowschemas`;
const levels = `${group}/prioritylevelconfigurations`;
let world: World;
beforeAll(() => {
  world = new World({ nodes: 1 });
});

const printed = (url: string): string[] =>
  world
    .print(url)
    .split("\n")
    .map((line) => line.replaceAll(/ +/g, " ").replace(/ \d+[ms]/, ""));

test("a cluster begins with upstream's", () => {
  expect(printed(schemas)).toEqual([
    "NAME PRIORITYLEVEL MATCHINGPRECEDENCE DISTINGUISHERMETHOD AGE MISSINGPL",
    "catch-all catch-all 10000 ByUser False",
    "exempt exempt 1 <none> False",
    "global-default global-default 9900 ByUser False",
    "kube-controller-manager workload-high 800 ByNamespace False",
    "kube-scheduler workload-high 800 ByNamespace False",
    "kube-system-service-accounts workload-high 900 ByNamespace False",
    "probes exempt 2 <none> False",
    "service-accounts workload-low 9000 ByUser False",
    "system-leader-election leader-election 100 ByUser False",
    "system-node-high node-high 400 ByUser False",
    "system-nodes system 500 ByUser False",
  ]);
  expect(printed(levels)).toEqual([
    "NAME TYPE NOMINALCONCURRENCYSHARES QUEUES HANDSIZE QUEUELENGTHLIMIT AGE",
    "catch-all Limited 5 <none> <none> <none>",
    "exempt Exempt <none> <none> <none> <none>",
    "global-default Limited 20 128 6 50",
    "leader-election Limited 10 16 4 50",
    "node-high Limited 40 64 6 50",
    "system Limited 30 64 6 50",
    "workload-high Limited 40 128 6 50",
    "workload-low Limited 100 128 6 50",
  ]);
});

test("a schema tells whether its level is there", () => {
  world.create({
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name: "lost" },
    spec: {
      priorityLevelConfiguration: { name: "later" },
      rules: [
        {
          subjects: [{ kind: "Group", group: { name: "g" } }],
          resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"] }],
        },
      ],
    },
  });
  world.settle();
  const told = (): object => world.get(`${schemas}/lost`).status.conditions[0];
  expect(world.get(`${schemas}/lost`).spec.matchingPrecedence).toBe(1000);
  expect(told()).toMatchObject({
    type: "Dangling",
    status: "True",
    reason: "NotFound",
    message:
      'This FlowSchema references the PriorityLevelConfiguration object named "later" but there is no such object',
  });
  world.create({
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "PriorityLevelConfiguration",
    metadata: { name: "later" },
    spec: { type: "Limited", limited: { limitResponse: { type: "Queue", queuing: {} } } },
  });
  world.settle();
  expect(told()).toMatchObject({ status: "False", reason: "Found" });
  expect(world.get(`${levels}/later`).spec.limited).toEqual({
    nominalConcurrencyShares: 30,
    lendablePercent: 0,
    limitResponse: {
      type: "Queue",
      queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 },
    },
  });
});

test("what is deleted of the first ones comes back within a minute; what is suggested may change", () => {
  world.delete(`${schemas}/probes`);
  const annotations = { "apf.kubernetes.io/autoupdate-spec": "false" };
  const spec = { matchingPrecedence: 777 };
  world.patch(`${schemas}/service-accounts`, { metadata: { annotations }, spec });
  world.patch(`${schemas}/kube-scheduler`, { spec });
  expect(world.request("GET", `${schemas}/probes`).status).toBe(404);
  world.advance(60_000);
  expect(world.get(`${schemas}/probes`).spec.matchingPrecedence).toBe(2);
  expect(world.get(`${schemas}/service-accounts`).spec.matchingPrecedence).toBe(777);
  expect(world.get(`${schemas}/kube-scheduler`).spec.matchingPrecedence).toBe(800);
});

test("bad ones, in upstream's words", () => {
  const patch = (url: string, spec: object): string =>
    world.request("PATCH", url, { spec }, { type: "application/merge-patch+json" }).body.message;
  expect(patch(`${schemas}/exempt`, { matchingPrecedence: 2 })).toMatch(
    /^FlowSchema\.flowcontrol\.apiserver\.k8s\.io "exempt" is invalid: spec: Invalid value: \{.*\}: spec of 'exempt' must equal the fixed value$/,
  );
  expect(patch(`${schemas}/lost`, { matchingPrecedence: 1 })).toBe(
    "FlowSchema.flowcontrol.apiserver.k8s.io \"lost\" is invalid: spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
  );
  const rules = [{ subjects: [{ kind: "Robot" }], resourceRules: [] }];
  expect(patch(`${schemas}/lost`, { rules })).toBe(
    'FlowSchema.flowcontrol.apiserver.k8s.io "lost" is invalid: [spec.rules[0].subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User", spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty]',
  );
  const limited = { limitResponse: { queuing: { handSize: 20, queues: 16 } } };
  expect(patch(`${levels}/later`, { limited })).toBe(
    'PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io "later" is invalid: spec.limited.limitResponse.queuing.handSize: Invalid value: 20: should not be greater than queues (16)',
  );
  expect(patch(`${levels}/later`, { type: "Exempt" })).toMatch(
    "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'",
  );
});
