/** What stands still while a component of the control plane does not run. */
import { expect, test } from "vitest";
import { createControllers } from "../../../durable-objects/engine/components/controllers.ts";
import { managedControllers } from "../../../durable-objects/engine/components/managed-controllers.ts";
import { signingKey } from "../../../durable-objects/engine/api/auth/tokens.ts";
import { World } from "../../helpers/world.ts";
import { boxPod } from "../controllers/storage-world.ts";

/** Controllers that upstream has in its API server, its kubelets and its scheduler, or that come with the cluster. */
const elsewhere =
  "apiservice crdregistration csinode customresourcedefinition eventexpiry flowcontrol gateway ingress ipaddress kubelet " +
  "network nodemachine scheduler service trace viewergroups volume-provisioner";

test("every controller is known to run in kube-controller-manager, or elsewhere", () => {
  const names = createControllers(signingKey({ id: "test", secret: "test" })).map((c) => c.name);
  const known = [...managedControllers, ...elsewhere.split(" ")];
  expect(names.toSorted()).toEqual(known.toSorted());
});

const batch = "/apis/batch/v1/namespaces/default";
const job = (name: string, spec: object = {}): object => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name },
  spec: { template: template("true"), ...spec },
});
const template = (command: string): object => ({
  spec: {
    restartPolicy: "Never",
    containers: [{ name: "c", image: "busybox:1.36", command: [command] }],
  },
});

test("without kube-controller-manager no Job, CronJob, claim, request and range is looked after", () => {
  const w = new World({ nodes: 1 });
  w.advance(5_000);
  w.create(job("short", { ttlSecondsAfterFinished: 60 }));
  const file = "/host/etc/kubernetes/manifests/kube-controller-manager.yaml";
  const script = `mv ${file} /host/tmp/m; sleep 300; mv /host/tmp/m ${file}`;
  const volumes = [{ name: "host", hostPath: { path: "/" } }];
  const spec = { nodeName: "control-plane", tolerations: [{ operator: "Exists" }] };
  w.create(boxPod("hand", volumes, [{ name: "host", mountPath: "/host" }], { script, spec }));
  w.advance(45_000);
  const names = (path: string): string[] =>
    w.get(path).items.map((one: { metadata: { name: string } }) => one.metadata.name);
  const pods = (): string[] => w.pods().map((pod) => pod.metadata.name as string);
  const claims = "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims";

  w.create(job("later"), {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "often" },
    spec: { schedule: "* * * * *", jobTemplate: { spec: { template: template("true") } } },
  });
  w.create({
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceClaimTemplate",
    metadata: { name: "gpu" },
    spec: {
      spec: { devices: { requests: [{ name: "one", exactly: { deviceClassName: "gpu" } }] } },
    },
  });
  const claiming = boxPod("claiming", [], [], {}) as { spec: object };
  const resourceClaims = [{ name: "gpu", resourceClaimTemplateName: "gpu" }];
  w.create({ ...claiming, spec: { ...claiming.spec, resourceClaims } });
  w.create({
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata: { name: "more" },
    spec: { cidrs: ["10.200.0.0/24"] },
  });
  w.advance(150_000);
  expect(names(`${batch}/jobs`)).toEqual(["later", "short"]);
  expect(pods().filter((name) => name.startsWith("later"))).toEqual([]);
  expect(names(claims)).toEqual([]);
  const range = (): object => w.get("/apis/networking.k8s.io/v1/servicecidrs/more").status;
  expect(range()).toEqual({});

  w.advance(180_000);
  const jobs = names(`${batch}/jobs`);
  expect(jobs).not.toContain("short");
  expect(jobs.some((name) => name.startsWith("often-"))).toBe(true);
  expect(pods().some((name) => name.startsWith("later-"))).toBe(true);
  expect(names(claims)).toHaveLength(1);
  expect(range()).toMatchObject({ conditions: [{ type: "Ready", status: "True" }] });
});
