/** NetworkPolicy: a table of policies and who then gets through. Denied is silence. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { NetworkWorld, sleeper, serviceOf, told, whoami } from "./network-world.ts";

let world: NetworkWorld;

beforeAll(() => {
  world = new NetworkWorld();
  const at = (node: string): object => ({ spec: { nodeName: node } });
  world.create(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "front", labels: { team: "front" } } },
    sleeper("friend", { labels: { role: "friend" }, ...at("node-2") }),
    sleeper("stranger", at("node-2")),
    sleeper("ally", { namespace: "front", labels: { role: "friend" }, ...at("node-2") }),
    sleeper("hosted", { spec: { nodeName: "node-2", hostNetwork: true } }),
    whoami("api", {
      ...at("node-1"),
      container: { ports: [{ name: "web", containerPort: 8080 }] },
    }),
    serviceOf("api", { selector: { app: "api" }, ports: [{ port: 80, targetPort: 8080 }] }),
  );
  world.settle();
});

afterEach(() => {
  for (const { metadata } of world.get(
    "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies",
  ).items) {
    world.delete(`/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/${metadata.name}`);
  }
});

const policy = (spec: object, name = "p"): object => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, namespace: "default" },
  spec,
});

const api = { podSelector: { matchLabels: { app: "api" } } };
const dns = { ports: [{ protocol: "UDP", port: 53 }] };

const askers = {
  friend: { pod: "default/friend" },
  stranger: { pod: "default/stranger" },
  ally: { pod: "front/ally" },
  hosted: { pod: "default/hosted" },
  node: { node: "node-1" },
  "other node": { node: "node-2" },
} as const;

/** Who reaches the Pod `api` by its address. */
function allowed(): string {
  const target = { host: world.ip("api"), port: 8080 };
  return Object.entries(askers)
    .filter(([, from]) => told(world.ask(from, target)) === "200 api")
    .map(([name]) => name)
    .join(", ");
}

const all = "friend, stranger, ally, hosted, node, other node";

describe("ingress", () => {
  const cases: [name: string, spec: object, expected: string][] = [
    ["another Pod's policy changes nothing", { podSelector: { matchLabels: { app: "x" } } }, all],
    ["default deny: its own node still reaches it", { podSelector: {} }, "node"],
    ["an empty rule allows everybody", { ...api, ingress: [{}] }, all],
    [
      "podSelector is of this namespace",
      { ...api, ingress: [{ from: [{ podSelector: { matchLabels: { role: "friend" } } }] }] },
      "friend, node",
    ],
    [
      "namespaceSelector",
      { ...api, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: "front" } } }] }] },
      "ally, node",
    ],
    [
      "all namespaces",
      { ...api, ingress: [{ from: [{ namespaceSelector: {} }] }] },
      "friend, stranger, ally, node",
    ],
    [
      "both selectors in one peer: both must match",
      {
        ...api,
        ingress: [
          {
            from: [
              {
                namespaceSelector: { matchLabels: { team: "front" } },
                podSelector: { matchLabels: { role: "x" } },
              },
            ],
          },
        ],
      },
      "node",
    ],
    [
      "in two peers: either",
      {
        ...api,
        ingress: [
          {
            from: [
              { namespaceSelector: { matchLabels: { team: "front" } } },
              { podSelector: { matchLabels: { app: "stranger" } } },
            ],
          },
        ],
      },
      "stranger, ally, node",
    ],
    [
      "ipBlock",
      { ...api, ingress: [{ from: [{ ipBlock: { cidr: "172.18.0.0/16" } }] }] },
      "hosted, node, other node",
    ],
    [
      "ipBlock with an exception",
      {
        ...api,
        ingress: [{ from: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.244.0.0/16"] } }] }],
      },
      "hosted, node, other node",
    ],
    ["the right port", { ...api, ingress: [{ ports: [{ port: 8080 }] }] }, all],
    ["another port", { ...api, ingress: [{ ports: [{ port: 8081 }] }] }, "node"],
    ["a named port", { ...api, ingress: [{ ports: [{ port: "web" }] }] }, all],
    ["a named port it does not have", { ...api, ingress: [{ ports: [{ port: "sql" }] }] }, "node"],
    ["a range of ports", { ...api, ingress: [{ ports: [{ port: 8000, endPort: 8090 }] }] }, all],
    [
      "a range beside it",
      { ...api, ingress: [{ ports: [{ port: 8081, endPort: 8090 }] }] },
      "node",
    ],
    [
      "the other protocol",
      { ...api, ingress: [{ ports: [{ port: 8080, protocol: "UDP" }] }] },
      "node",
    ],
    [
      "expressions",
      {
        ...api,
        ingress: [
          {
            from: [
              { podSelector: { matchExpressions: [{ key: "role", operator: "DoesNotExist" }] } },
            ],
          },
        ],
      },
      "stranger, node",
    ],
    ["policyTypes Egress alone leaves ingress open", { ...api, policyTypes: ["Egress"] }, all],
  ];
  test.each(cases)("%s", (_name, spec, expected) => {
    world.create(policy(spec));
    expect(allowed()).toBe(expected);
  });
  test("policies add up", () => {
    world.create(
      policy({ podSelector: {} }, "deny"),
      policy(
        { ...api, ingress: [{ from: [{ podSelector: { matchLabels: { role: "friend" } } }] }] },
        "friends",
      ),
      policy(
        { ...api, ingress: [{ from: [{ podSelector: { matchLabels: { app: "stranger" } } }] }] },
        "strangers",
      ),
    );
    expect(allowed()).toBe("friend, stranger, node");
  });
  test("a Pod reaches itself whatever stands", () => {
    world.create(policy({ podSelector: {}, policyTypes: ["Ingress", "Egress"] }));
    const target = { host: world.ip("api"), port: 8080 };
    expect(told(world.ask({ pod: "default/api" }, target))).toBe("200 api");
  });
  test("denied is a timeout, and the hops name the policy", () => {
    world.create(policy({ podSelector: {} }, "deny"));
    const result = world.ask(askers.friend, "api");
    expect([told(result), result.tookMs]).toEqual(["timeout", 127_000]);
    expect(result.hops.at(-1)).toMatchObject({
      kind: "policy",
      name: "default/deny",
      detail: "ingress is denied",
      failed: true,
    });
  });
});

describe("egress", () => {
  const friend = { podSelector: { matchLabels: { role: "friend" } }, policyTypes: ["Egress"] };
  const cases: [name: string, spec: object, target: string, expected: string][] = [
    ["default deny stops DNS first", friend, "api", "timeout"],
    ["DNS alone finds the name, no more", { ...friend, egress: [dns] }, "api", "timeout"],
    [
      "to a Pod behind a Service, by its labels",
      { ...friend, egress: [dns, { to: [api] }] },
      "api",
      "200 api",
    ],
    [
      "the port is the Pod's, not the Service's",
      { ...friend, egress: [dns, { ports: [{ port: 80 }] }] },
      "api",
      "timeout",
    ],
    ["the Pod's port", { ...friend, egress: [dns, { ports: [{ port: 8080 }] }] }, "api", "200 api"],
    [
      "the world by ipBlock",
      {
        ...friend,
        egress: [dns, { to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } }] }],
      },
      "info.cern.ch",
      "200",
    ],
    [
      "but for the exception",
      {
        ...friend,
        egress: [dns, { to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } }] }],
      },
      "api",
      "timeout",
    ],
    [
      "the world stays closed to the others' rule",
      { ...friend, egress: [dns, { to: [api] }] },
      "info.cern.ch",
      "timeout",
    ],
  ];
  test.each(cases)("%s", (_name, spec, target, expected) => {
    world.create(policy(spec));
    expect(told(world.ask(askers.friend, target)).slice(0, expected.length)).toBe(expected);
    expect(told(world.ask(askers.stranger, target)).slice(0, 3)).toBe("200");
  });
  test("egress rules without policyTypes isolate both ways", () => {
    world.create(policy({ ...api, egress: [{}] }));
    expect(allowed()).toBe("node");
  });
});
