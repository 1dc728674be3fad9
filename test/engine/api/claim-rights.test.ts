/** Who may change which part of a ResourceClaim's status. k8s: test/e2e/dra, DRAResourceClaimGranularStatusAuthorization */
import { beforeEach, describe, expect, test } from "vitest";
import { World, type Answer } from "../../helpers/world.ts";
import {
  claim,
  deviceClass,
  driver,
  gpu,
  pod,
  request,
  slice,
} from "../scheduler/devices-world.ts";

const group = "resource.k8s.io";
const url = `/apis/${group}/v1/namespaces/default/resourceclaims/one`;
const account = "system:serviceaccount:default:driver";
const rule = (resources: string, verbs: string, more: object = {}): object => ({
  apiGroups: [group],
  resources: [resources],
  verbs: verbs.split(","),
  ...more,
});
const plain = rule("resourceclaims/status", "update,patch");

let w: World;
let claimed: any;
/** What the claim says of its one device. */
const told = (data = "a"): object => {
  const { driver: of, pool, device } = claimed.status.allocation.devices.results[0];
  return { driver: of, pool, device, data: { told: data } };
};

function ask(method: "PUT" | "PATCH", status: object, node?: string): Answer {
  const extra: Record<string, string[]> = node
    ? { "authentication.kubernetes.io/node-name": [node] }
    : {};
  const user = { name: account, groups: ["system:authenticated"], extra };
  const put = method === "PUT";
  const body = put ? { ...w.get(url), status: { ...w.get(url).status, ...status } } : { status };
  const type = put ? "application/json" : "application/merge-patch+json";
  return w.request(method, `${url}/status`, body, { edge: { user }, type });
}

const may = (...rules: object[]): void => {
  w.apply({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "driver" },
    rules: [plain, ...rules],
  });
};

beforeEach(() => {
  w = new World({ nodes: 1 });
  w.create(deviceClass(), slice("node-1", [gpu(0)]), claim("one", [request("gpu")]), {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "driver" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "driver" },
    subjects: [{ kind: "ServiceAccount", name: "driver", namespace: "default" }],
  });
  w.create(pod("uses", { resourceClaimName: "one" }));
  w.advance(10_000);
  claimed = w.get(url);
  may();
});

const cannot = (verb: string, subresource: string, where: string, name = ""): string =>
  `resourceclaims.${group}${name && ` "${name}"`} is forbidden: User "${account}" cannot ${verb} resource "resourceclaims/${subresource}" in API group "${group}" ${where}`;

describe("what is told of devices", () => {
  const inDefault = 'in the namespace "default"';

  test("is for who may write it of that driver on any node", () => {
    const refused = ask("PUT", { devices: [told()] });
    const verb = "arbitrary-node:update";
    const refusal = `Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[${verb}]" permission: ${cannot(verb, "driver", inDefault, driver)}`;
    expect(refused.status).toBe(422);
    expect(refused.body.message).toBe(
      `ResourceClaim.${group} "one" is invalid: status.devices: ${refusal}`,
    );
    may(rule("resourceclaims/driver", verb, { resourceNames: ["other.example.com"] }));
    expect(ask("PUT", { devices: [told()] }).status).toBe(422);
    may(rule("resourceclaims/driver", verb, { resourceNames: [driver] }));
    expect(ask("PUT", { devices: [told()] }).status).toBe(200);
    expect(ask("PATCH", { devices: [told("b")] }).body.message).toContain("arbitrary-node:patch");
    expect(ask("PATCH", { devices: [] }).status).toBe(422);
    expect(ask("PATCH", { devices: [told()] }).status).toBe(200);
  });

  test("is for who is on the claim's node, by its token", () => {
    may(rule("resourceclaims/driver", "associated-node:update"));
    const { nodeSelector } = claimed.status.allocation;
    expect(nodeSelector.nodeSelectorTerms[0].matchFields[0].values).toEqual(["node-1"]);
    expect(ask("PUT", { devices: [told()] }).status).toBe(422);
    expect(ask("PUT", { devices: [told()] }, "node-2").body.message).toContain(
      "cannot arbitrary-node:update",
    );
    expect(ask("PUT", { devices: [told()] }, "node-1").status).toBe(200);
    const both = ask("PATCH", { devices: [told("b")] }, "node-1").body.message;
    expect(both).toContain('verb="[associated-node:patch arbitrary-node:patch]"');
    expect(both).toContain(cannot("associated-node:patch", "driver", inDefault, driver));
  });

  test("goes with the devices", () => {
    w.patch(`${url}/status`, { status: { devices: [told()] } });
    may(rule("resourceclaims/binding", "patch"));
    w.delete("/api/v1/namespaces/default/pods/uses");
    expect(ask("PATCH", { allocation: null, reservedFor: null }).status).toBe(200);
    expect(w.get(url).status.devices).toBeUndefined();
  });
});

test("what is allocated and reserved is for who may bind", () => {
  const reservedFor = [{ resource: "pods", name: "other", uid: "other" }];
  expect(ask("PUT", { reservedFor }).body.message).toBe(
    `ResourceClaim.${group} "one" is invalid: status.allocation: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="update" permission: ${cannot("update", "binding", "at the cluster scope")}`,
  );
  const nothing = ask("PUT", {});
  expect(nothing.status).toBe(200);
  may(rule("resourceclaims/binding", "update"));
  expect(ask("PUT", { reservedFor }).status).toBe(200);
});

test("devices that others use are for namespaces that say so", () => {
  w.create(claim("none", [request("gpu")]));
  const results = [{ request: "gpu", driver, pool: "node-1", device: "gpu-0", adminAccess: true }];
  const status = { allocation: { devices: { results } } };
  const other = url.replace(/one$/, "none");
  const type = "application/merge-patch+json";
  const write = (): Answer => w.request("PATCH", `${other}/status`, { status }, { type });
  expect(write().body.message).toContain(
    "status.allocation.devices.results[0].adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace",
  );
  w.patch("/api/v1/namespaces/default", {
    metadata: { labels: { "resource.kubernetes.io/admin-access": "true" } },
  });
  expect(write().status).toBe(200);
});
