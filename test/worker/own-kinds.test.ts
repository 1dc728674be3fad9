import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { kube, post } from "./edge.ts";
import { byKey, json, newcomer, sandboxOf, type Sandboxed } from "./people/people.ts";

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const group = "stable.example.com";
const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `tabs.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { plural: "tabs", kind: "Tab" },
    versions: [
      { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } },
    ],
  },
};

async function groups(made: Sandboxed): Promise<string[]> {
  const found = (await (await kube(made, "/apis")).json()) as { groups: { name: string }[] };
  return found.groups.map(({ name }) => name);
}

test("a cluster's own kinds are discovered at once, by its forks too, and no longer once they are gone", async () => {
  const { made } = await newcomer({ name: "kinds" });
  expect(await groups(made)).not.toContain(group);
  expect((await kube(made, crds, post(definition))).status).toBe(201);
  await expect.poll(() => groups(made), { timeout: 20_000 }).toContain(group);
  const documents = (await (await kube(made, "/openapi/v3")).json()) as { paths: object };
  expect(Object.keys(documents.paths)).toContain(`apis/${group}/v1`);
  const fork = byKey(made.secret).ask(`/api/sandboxes/${made.id}/fork`, json({}));
  expect(await groups(await sandboxOf(await fork))).toContain(group);
  const gone = await kube(made, `${crds}/tabs.${group}`, { method: "DELETE" });
  expect(gone.status).toBe(200);
  await gone.arrayBuffer();
  await expect.poll(() => groups(made), { timeout: 20_000 }).not.toContain(group);
  // From then on it is as any cluster: nobody is woken for it.
  await (await kube(made, crds)).arrayBuffer();
  const woken = vi.spyOn(env.SANDBOX, "getByName");
  await groups(made);
  expect(woken).not.toHaveBeenCalled();
});

test("so are the group versions behind Services", async () => {
  const { made } = await newcomer({ name: "behind" });
  const services = "/apis/apiregistration.k8s.io/v1/apiservices";
  const name = "v1alpha1.wardle.example.com";
  const spec = {
    group: "wardle.example.com",
    version: "v1alpha1",
    service: { namespace: "default", name: "sample-api" },
    insecureSkipTLSVerify: true,
    groupPriorityMinimum: 2000,
    versionPriority: 200,
  };
  const service = {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name },
    spec,
  };
  expect((await kube(made, services, post(service))).status).toBe(201);
  await expect.poll(() => groups(made), { timeout: 20_000 }).toContain(spec.group);
  const gone = await kube(made, `${services}/${name}`, { method: "DELETE" });
  expect(gone.status).toBe(200);
  await gone.arrayBuffer();
  await expect.poll(() => groups(made), { timeout: 20_000 }).not.toContain(spec.group);
});
