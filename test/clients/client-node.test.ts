import * as k8s from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, makeSandbox } from "../helpers/sandbox.ts";

/** The official JavaScript client: the second real client, which always runs. */

let core: k8s.CoreV1Api;
let apps: k8s.AppsV1Api;
let config: k8s.KubeConfig;
const namespace = "default";

beforeAll(async () => {
  config = new k8s.KubeConfig();
  config.loadFromString((await makeSandbox(inject("url"), { seed: 2, nodes: 2 })).kubeconfig);
  core = config.makeApiClient(k8s.CoreV1Api);
  apps = config.makeApiClient(k8s.AppsV1Api);
});

const web = (replicas: number): k8s.V1Deployment => ({
  metadata: { name: "web" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "nginx", image: "nginx:1.27" }] },
    },
  },
});

const readyReplicas = async (): Promise<number> =>
  (await apps.readNamespacedDeployment({ name: "web", namespace })).status?.readyReplicas ?? 0;

test("the version is a Kubernetes of 1.36", async () => {
  const version = await config.makeApiClient(k8s.VersionApi).getCode();
  expect(version).toMatchObject({ major: "1", minor: "36" });
});

test("lists the nodes", async () => {
  const { items } = await core.listNode();
  expect(items).toHaveLength(3);
  for (const node of items) {
    expect(node.status?.conditions?.find(({ type }) => type === "Ready")?.status).toBe("True");
  }
});

test("a service account's token asks as that service account", async () => {
  const { status } = await core.createNamespacedServiceAccountToken({
    name: "default",
    namespace,
    body: { spec: { audiences: [], expirationSeconds: 3600 } } as k8s.AuthenticationV1TokenRequest,
  });
  const as = (token: string): Promise<Response> =>
    fetch(`${inject("url")}/api/v1/namespaces/${namespace}/secrets`, {
      headers: { authorization: `Bearer ${token}` },
    });
  const refused = await as(status!.token!);
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({
    message:
      'secrets is forbidden: User "system:serviceaccount:default:default" cannot list resource "secrets" in API group "" in the namespace "default"',
  });
  expect((await as("nonsense")).status).toBe(401);
});

test("an informer sees a Deployment's Pods come, heal and go", async () => {
  const pods = new Map<string, string>();
  const informer = k8s.makeInformer(
    config,
    `/api/v1/namespaces/${namespace}/pods`,
    () => core.listNamespacedPod({ namespace, labelSelector: "app=web" }),
    "app=web",
  );
  const note = (pod: k8s.V1Pod): void =>
    void pods.set(pod.metadata!.name!, pod.status?.phase ?? "");
  informer.on("add", note);
  informer.on("update", note);
  informer.on("delete", (pod) => void pods.delete(pod.metadata!.name!));
  await informer.start();
  try {
    await apps.createNamespacedDeployment({ namespace, body: web(3) });
    await eventually(readyReplicas, (ready) => ready === 3);
    await eventually(
      async () => [...pods.values()],
      (seen) => seen.join() === "Running,Running,Running",
    );

    const victim = [...pods.keys()][0]!;
    await core.deleteNamespacedPod({ namespace, name: victim, gracePeriodSeconds: 0 });
    await eventually(
      async () => [...pods],
      (seen) =>
        seen.length === 3 && seen.every(([name, phase]) => name !== victim && phase === "Running"),
    );
  } finally {
    await informer.stop();
  }
});

test("a patch scales, a conflicting update is refused", async () => {
  const before = await apps.readNamespacedDeployment({ name: "web", namespace });
  await apps.patchNamespacedDeployment(
    { name: "web", namespace, body: { spec: { replicas: 1 } } },
    k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.MergePatch),
  );
  await eventually(readyReplicas, (ready) => ready === 1);
  await expect(
    apps.replaceNamespacedDeployment({ name: "web", namespace, body: before }),
  ).rejects.toMatchObject({ code: 409 });
});

test("errors are what a client of a real cluster reads", async () => {
  await expect(core.readNamespacedPod({ name: "none", namespace })).rejects.toMatchObject({
    code: 404,
    body: expect.stringContaining('pods \\"none\\" not found'),
  });
  await expect(
    core.createNamespacedPod({
      namespace,
      body: { metadata: { name: "Bad_Name" }, spec: { containers: [] } },
    }),
  ).rejects.toMatchObject({ code: 422 });
});

afterAll(async () => {
  await apps?.deleteNamespacedDeployment({ name: "web", namespace });
});
