/** To which flow requests belong. k8s: test/e2e/apimachinery/flowcontrol.go */
import { expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const api = "/apis/flowcontrol.apiserver.k8s.io/v1";

function configured(): World {
  const world = new World({ nodes: 1 });
  const make = (path: string, body: object): void => {
    const answer = world.request("POST", `${api}/${path}`, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  };
  make("prioritylevelconfigurations", {
    metadata: { name: "mine" },
    spec: {
      type: "Limited",
      limited: {
        nominalConcurrencyShares: 1,
        lendablePercent: 50,
        borrowingLimitPercent: 100,
        limitResponse: { type: "Reject" },
      },
    },
  });
  make("flowschemas", {
    metadata: { name: "mine" },
    spec: {
      matchingPrecedence: 1000,
      priorityLevelConfiguration: { name: "mine" },
      rules: [
        {
          subjects: [{ kind: "User", user: { name: "noxu" } }],
          nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
          resourceRules: [
            { verbs: ["get"], apiGroups: [""], resources: ["pods"], namespaces: ["default"] },
          ],
        },
      ],
    },
  });
  return world;
}

/** The names of the schema and the level that an answer's headers name. */
function flow(world: World, path: string, user?: string, method = "GET"): [string, string] {
  const headers: Record<string, string> = user
    ? { "impersonate-user": user, "impersonate-group": "system:authenticated" }
    : {};
  const told = world.request(method, path, undefined, { headers }).headers;
  const named = (resource: string, uid: string | undefined): string =>
    world
      .get(`${api}/${resource}`)
      .items.find((one: { metadata: { uid: string } }) => one.metadata.uid === uid)?.metadata.name;
  return [
    named("flowschemas", told["x-kubernetes-pf-flowschema-uid"]),
    named("prioritylevelconfigurations", told["x-kubernetes-pf-prioritylevel-uid"]),
  ];
}

test("headers name the flow of each request, whether it is allowed or not", () => {
  const world = configured();
  const pods = "/api/v1/namespaces/default/pods";
  expect(flow(world, pods)).toEqual(["exempt", "exempt"]);
  expect(flow(world, "/version", "noxu")).toEqual(["mine", "mine"]);
  expect(flow(world, "/version", "foo")).toEqual(["global-default", "global-default"]);
  expect(flow(world, `${pods}/a`, "noxu")).toEqual(["mine", "mine"]);
  expect(flow(world, pods, "noxu")).toEqual(["global-default", "global-default"]);
  expect(flow(world, `${pods}/a`, "system:serviceaccount:kube-system:x")).toEqual([
    "kube-system-service-accounts",
    "workload-high",
  ]);
  expect(flow(world, "/healthz", "foo")).toEqual(["probes", "exempt"]);
  expect(flow(world, `${pods}/a/log`)).toEqual([undefined, undefined]);
  world.request("DELETE", `${api}/prioritylevelconfigurations/mine`);
  expect(flow(world, "/version", "noxu")).toEqual(["global-default", "global-default"]);
});

test("/metrics tells the seats of each level and how many requests went which way", () => {
  const world = configured();
  world.request("GET", "/api/v1/pods");
  const lines = world.request("GET", "/metrics").text.split("\n");
  const seats = (bound: string, level: string): string | undefined =>
    lines
      .find((line) =>
        line.startsWith(`apiserver_flowcontrol_${bound}_limit_seats{priority_level="${level}"} `),
      )
      ?.split(" ")[1];
  expect([
    seats("nominal", "mine"),
    seats("nominal", "system"),
    seats("nominal", "exempt"),
  ]).toEqual(["3", "74", "0"]);
  expect([seats("lower", "mine"), seats("upper", "mine")]).toEqual(["1", "6"]);
  expect([seats("lower", "system"), seats("upper", "system")]).toEqual(["50", "674"]);
  expect(lines.join("\n")).toMatch(
    /\napiserver_flowcontrol_dispatched_requests_total\{flow_schema="exempt",priority_level="exempt"\} \d+\n/,
  );
});
