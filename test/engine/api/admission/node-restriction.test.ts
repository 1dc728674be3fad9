/** The Node authorizer and NodeRestriction: what a kubelet's own credentials may. */
import { beforeAll, describe, expect, test } from "vitest";
import { World } from "../../../helpers/world.ts";

let world: World;
beforeAll(() => {
  world = new World({ nodes: 2 });
  const make = (path: string, body: object): void =>
    expect([201, 200]).toContain(world.request("POST", path, body).status);
  for (const name of ["used", "unused"])
    make("/api/v1/namespaces/default/secrets", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name },
    });
  make("/api/v1/namespaces/default/pods", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "here" },
    spec: {
      nodeName: "node-1",
      containers: [{ name: "c", image: "nginx", envFrom: [{ secretRef: { name: "used" } }] }],
    },
  });
  make("/api/v1/namespaces/default/pods", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "there" },
    spec: { nodeName: "node-2", containers: [{ name: "c", image: "nginx" }] },
  });
});

/** What node-1 is told; "" where it may. */
function told(method: string, path: string, body?: object, as = "node-1"): string {
  const user = { name: `system:node:${as}`, groups: ["system:nodes", "system:authenticated"] };
  const answer = world.request(method, path, body, {
    edge: { user },
    ...(method === "PATCH" ? { headers: { "content-type": "application/merge-patch+json" } } : {}),
  });
  if (answer.status < 400) return "";
  expect([answer.status, answer.body.reason]).toEqual([403, "Forbidden"]);
  return answer.body.message;
}

const label = (key: string): object => ({ metadata: { labels: { [key]: "a" } } });
const node = "/api/v1/nodes/node-1";
const who = 'User "system:node:node-1" cannot';

test("a node changes itself and no other", () => {
  expect(told("PATCH", node, label("own"))).toBe("");
  expect(told("PATCH", node, label("topology.kubernetes.io/zone"))).toBe("");
  expect(told("PATCH", "/api/v1/nodes/node-2", label("own"))).toBe(
    'nodes "node-2" is forbidden: node "node-1" is not allowed to modify node "node-2"',
  );
  expect(told("PATCH", node, label("node-restriction.kubernetes.io/x"))).toBe(
    'nodes "node-1" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/x',
  );
  expect(told("PATCH", node, { spec: { taints: [{ key: "a", effect: "NoSchedule" }] } })).toBe(
    'nodes "node-1" is forbidden: node "node-1" is not allowed to modify taints',
  );
});

test("a node reads itself", () => {
  expect(told("GET", node)).toBe("");
  expect(told("GET", "/api/v1/nodes/node-2")).toBe(
    `nodes "node-2" is forbidden: ${who} get resource "nodes" in API group "" at the cluster scope: node 'node-1' cannot read 'node-2', only its own Node object`,
  );
  expect(told("GET", "/api/v1/nodes")).toBe(
    `nodes is forbidden: ${who} list resource "nodes" in API group "" at the cluster scope: node 'node-1' cannot read all nodes, only its own Node object`,
  );
});

test("a node reads what its Pods refer to", () => {
  expect(told("GET", "/api/v1/namespaces/default/secrets/used")).toBe("");
  expect(told("GET", "/api/v1/namespaces/default/secrets/unused")).toBe(
    `secrets "unused" is forbidden: ${who} get resource "secrets" in API group "" in the namespace "default": no relationship found between node 'node-1' and this object`,
  );
  expect(told("GET", "/api/v1/namespaces/default/pods/here")).toBe("");
  expect(told("GET", "/api/v1/namespaces/default/pods/there")).toContain("no relationship found");
});

test("a node deletes its own Pods and creates mirror Pods only", () => {
  expect(told("DELETE", "/api/v1/namespaces/default/pods/there")).toBe(
    'pods "there" is forbidden: node "node-1" can only delete pods with spec.nodeName set to itself',
  );
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "new" },
    spec: { nodeName: "node-1", containers: [{ name: "c", image: "nginx" }] },
  };
  expect(told("POST", "/api/v1/namespaces/default/pods", pod)).toBe(
    'pods "new" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, node "node-1" can only create mirror pods',
  );
});

test("leases and CSINodes are the node's own", () => {
  const lease = (name: string): string => `/apis/coordination.k8s.io/v1/namespaces/${name}`;
  expect(told("GET", lease("kube-node-lease/leases/node-1"))).toBe("");
  expect(told("GET", lease("kube-node-lease/leases/node-2"))).toContain(
    ": can only access node lease with the same name as the requesting node",
  );
  expect(told("GET", lease("default/leases/node-1"))).toContain(
    ': can only access leases in the "kube-node-lease" system namespace',
  );
  expect(told("GET", "/apis/storage.k8s.io/v1/csinodes/node-2")).toContain(
    ": can only access CSINode with the same name as the requesting node",
  );
});

test("other resources are as the role system:node says", () => {
  expect(told("GET", "/api/v1/services")).toBe("");
  expect(told("GET", "/apis/apps/v1/deployments")).toBe(
    `deployments.apps is forbidden: ${who} list resource "deployments" in API group "apps" at the cluster scope`,
  );
});

describe("a node asks for tokens of its Pods alone", () => {
  const ask = (spec: object, account = "default"): string =>
    told("POST", `/api/v1/namespaces/default/serviceaccounts/${account}/token`, { spec });
  const bound = (name: string, more: object = {}): object => {
    const { body } = world.request("GET", `/api/v1/namespaces/default/pods/${name}`);
    const ref = { kind: "Pod", apiVersion: "v1", name, uid: body.metadata.uid, ...more };
    return { boundObjectRef: ref };
  };
  const refusal = (why: string): string => `serviceaccounts "default" is forbidden: ${why}`;

  test("bound to one that is on it", () => {
    expect(ask({})).toBe(refusal("node requested token not bound to a pod"));
    expect(ask({ boundObjectRef: { kind: "Node", apiVersion: "v1", name: "node-1" } })).toBe(
      refusal("node requested token not bound to a pod"),
    );
    expect(ask(bound("here", { uid: "" }))).toBe(
      refusal("node requested token with a pod binding without a uid"),
    );
    expect(ask(bound("here", { uid: "other" }))).toBe(
      refusal(
        "the UID in the bound object reference (other) does not match the UID in record. The object might have been deleted and then recreated",
      ),
    );
    expect(ask(bound("there"))).toBe(
      refusal("node requested token bound to a pod scheduled on a different node"),
    );
    expect(ask(bound("here"))).toBe("");
  });

  test("for an audience that the Pod names, or that a role lets it name", () => {
    const here = bound("here");
    expect(ask({ ...here, audiences: ["a", "b"] })).toBe(
      refusal("node may only request 0 or 1 audiences"),
    );
    const no = refusal(
      'audience "vault" not found in pod spec volume, system:node:node-1 is not authorized to request tokens for this audience',
    );
    expect(ask({ ...here, audiences: ["vault"] })).toBe(no);
    const serviceAccountToken = { audience: "vault", path: "token" };
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "vaulted" },
      spec: {
        nodeName: "node-1",
        containers: [{ name: "c", image: "nginx" }],
        volumes: [{ name: "v", projected: { sources: [{ serviceAccountToken }] } }],
      },
    };
    expect(world.request("POST", "/api/v1/namespaces/default/pods", pod).status).toBe(201);
    expect(ask({ ...bound("vaulted"), audiences: ["vault"] })).toBe("");
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const metadata = { name: "audience" };
    const rule = { apiGroups: [""], resources: ["vault"], resourceNames: ["default"] };
    const verbs = ["request-serviceaccounts-token-audience"];
    world.request("POST", `${rbac}/clusterroles`, { metadata, rules: [{ ...rule, verbs }] });
    const apiGroup = "rbac.authorization.k8s.io";
    world.request("POST", `${rbac}/clusterrolebindings`, {
      metadata,
      roleRef: { apiGroup, kind: "ClusterRole", name: "audience" },
      subjects: [{ apiGroup, kind: "Group", name: "system:nodes" }],
    });
    expect(ask({ ...here, audiences: ["vault"] })).toBe("");
  });

  test("for an audience of a volume's driver", () => {
    const storage = "/apis/storage.k8s.io/v1";
    const driver = { metadata: { name: "csi.example.com" } };
    const spec = { tokenRequests: [{ audience: "csi" }], volumeLifecycleModes: ["Ephemeral"] };
    expect(world.request("POST", `${storage}/csidrivers`, { ...driver, spec }).status).toBe(201);
    const pod = {
      metadata: { name: "csi" },
      spec: {
        nodeName: "node-1",
        containers: [{ name: "c", image: "nginx" }],
        volumes: [{ name: "v", csi: { driver: "csi.example.com" } }],
      },
    };
    expect(world.request("POST", "/api/v1/namespaces/default/pods", pod).status).toBe(201);
    expect(ask({ ...bound("csi"), audiences: ["csi"] })).toBe("");
    expect(ask({ ...bound("csi"), audiences: ["csj"] })).toContain('audience "csj" not found');
  });
});
