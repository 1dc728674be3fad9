import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { findKubectls, Kubectl, skipNote } from "../helpers/kubectl.ts";
import { eventually, makeSandbox } from "../helpers/sandbox.ts";

/** The first steps of every learner, with each real kubectl of this machine. */

const binaries = findKubectls();
if (binaries.length === 0) {
  skipNote("no kubectl >= 1.30 was found (set KUBECTL to name one); its transcripts did not run");
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: nginx-deployment
  labels:
    app: nginx
spec:
  replicas: 3
  selector:
    matchLabels:
      app: nginx
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - name: nginx
        image: nginx:1.14.2
        ports:
        - containerPort: 80
`;

describe.skipIf(binaries.length === 0).each(binaries)("kubectl $version", (binary) => {
  let kubectl: Kubectl;
  beforeAll(async () => {
    kubectl = new Kubectl(binary, (await makeSandbox(inject("url"), { seed: 1 })).kubeconfig);
  });

  /** Column of a table by its header, row by row. */
  async function column(command: string, header: string): Promise<string[]> {
    const [head, ...rows] = (await kubectl.ok(command)).trimEnd().split("\n");
    const at = head!.split(/ {2,}/).indexOf(header);
    return rows.map((row) => row.split(/ {2,}/)[at]!.trim());
  }

  test("get nodes shows a control plane and three workers, all Ready", async () => {
    expect(await column("get nodes", "STATUS")).toEqual(["Ready", "Ready", "Ready", "Ready"]);
    const roles = await column("get nodes", "ROLES");
    expect(roles.filter((role) => role === "control-plane")).toHaveLength(1);
  });

  test("create deployment, rollout status, get all", async () => {
    expect(await kubectl.ok("create deployment my-web --image=nginx --replicas=3")).toBe(
      "deployment.apps/my-web created\n",
    );
    expect(await kubectl.ok("rollout status deployment/my-web --timeout=60s")).toContain(
      'deployment "my-web" successfully rolled out',
    );
    const all = await kubectl.ok("get all");
    expect(all).toMatch(/^deployment\.apps\/my-web +3\/3 +3 +3 /m);
    expect(all).toMatch(/^replicaset\.apps\/my-web-[a-z0-9]+ +3 +3 +3 /m);
    expect(all.match(/^pod\/my-web-[a-z0-9]+-[a-z0-9]{5} +1\/1 +Running /gm)).toHaveLength(3);
    expect(all).toMatch(/^service\/kubernetes +ClusterIP +10\.96\.0\.1 +<none> +443\/TCP /m);
  });

  test("deleted Pods are replaced", async () => {
    const before = await column("get pods -l app=my-web", "NAME");
    expect(await kubectl.ok(["delete", "pod", before[0]!, "--wait=false"])).toContain(
      `pod "${before[0]}" deleted`,
    );
    const after = await eventually(
      () => kubectl.ok("get pods -l app=my-web --field-selector=status.phase=Running -o name"),
      (names) => names.trim().split("\n").length === 3 && !names.includes(before[0]!),
      60_000,
    );
    expect(after).toContain(before[1]!);
    await kubectl.ok("rollout status deployment/my-web --timeout=60s");
  });

  test("scale", async () => {
    expect(await kubectl.ok("scale deployment/my-web --replicas=5")).toBe(
      "deployment.apps/my-web scaled\n",
    );
    await kubectl.ok("rollout status deployment/my-web --timeout=60s");
    expect(await column("get deployment my-web", "READY")).toEqual(["5/5"]);
  });

  test("set image rolls out, a bad one stops by itself, undo goes back", async () => {
    expect(await kubectl.ok("set image deployment/my-web nginx=nginx:1.27")).toBe(
      "deployment.apps/my-web image updated\n",
    );
    await kubectl.ok("rollout status deployment/my-web --timeout=90s");
    await kubectl.ok("set image deployment/my-web nginx=nginx:1.161");
    const stuck = await eventually(
      () => kubectl.ok("get pods -l app=my-web"),
      (table) => /ErrImagePull|ImagePullBackOff/.test(table),
    );
    expect(stuck.match(/ 1\/1 +Running /g)!.length).toBeGreaterThanOrEqual(4);
    const late = await kubectl.run("rollout status deployment/my-web --timeout=1s");
    expect(late.code).toBe(1);
    expect(await kubectl.ok("rollout undo deployment/my-web")).toBe(
      "deployment.apps/my-web rolled back\n",
    );
    await kubectl.ok("rollout status deployment/my-web --timeout=90s");
    const image = "jsonpath={.spec.template.spec.containers[0].image}";
    expect(await kubectl.ok(["get", "deployment", "my-web", "-o", image])).toBe("nginx:1.27");
    expect(await kubectl.ok("rollout history deployment/my-web")).toMatch(
      /^REVISION +CHANGE-CAUSE$/m,
    );
  });

  test("describe and get events tell the story", async () => {
    const [pod] = await column("get pods -l app=my-web", "NAME");
    const described = await kubectl.ok(["describe", "pod", pod!]);
    expect(described).toMatch(/^Status: +Running$/m);
    expect(described).toMatch(/^Controlled By: +ReplicaSet\/my-web-/m);
    expect(described).toMatch(
      /Normal +Scheduled +.* +default-scheduler +Successfully assigned default\//,
    );
    expect(described).toMatch(/Normal +Started +.* +kubelet +/);
    const events = await kubectl.ok("get events");
    expect(events).toMatch(
      /Normal +ScalingReplicaSet +deployment\/my-web +Scaled up replica set my-web-/,
    );
    expect(await kubectl.ok("describe deployment my-web")).toMatch(
      /^StrategyType: +RollingUpdate$/m,
    );
    expect(await kubectl.ok("describe nodes")).toMatch(/^Roles: +control-plane$/m);
  });

  test("apply twice: created, then unchanged; delete waits until it is gone", async () => {
    const apply = (): Promise<string> => kubectl.ok("apply -f -", { stdin: deployment });
    expect(await apply()).toBe("deployment.apps/nginx-deployment created\n");
    expect(await apply()).toBe("deployment.apps/nginx-deployment unchanged\n");
    await kubectl.ok("rollout status deployment/nginx-deployment --timeout=60s");
    const invalid = deployment.replace("replicas: 3", "replicaz: 3");
    const refused = await kubectl.run("apply -f -", { stdin: invalid });
    expect(refused.stderr).toContain('unknown field "spec.replicaz"');
    expect(await kubectl.ok("delete deployment nginx-deployment")).toMatch(
      /^deployment\.apps "nginx-deployment" deleted/,
    );
    expect((await kubectl.run("get deployment nginx-deployment")).stderr).toBe(
      'Error from server (NotFound): deployments.apps "nginx-deployment" not found\n',
    );
  });

  test("get pods -w prints changes as they happen", async () => {
    const watch = spawn(binary.file, ["get", "pods", "-w", "-l", "app=watched"], {
      env: { ...process.env, KUBECONFIG: kubectl.kubeconfig },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let seen = "";
    watch.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    try {
      await kubectl.ok("run watched --image=nginx --labels=app=watched");
      await eventually(
        async () => seen,
        (text) =>
          /watched +0\/1 +Pending[^]*ContainerCreating[^]*watched +1\/1 +Running/.test(text),
      );
    } finally {
      watch.kill();
    }
    await kubectl.ok("delete pod watched --now");
  });

  test("explain reads the schema", async () => {
    expect(await kubectl.ok("explain deployment.spec.replicas")).toMatch(/replicas <integer>/);
  });

  afterAll(async () => {
    await kubectl?.ok("delete deployment my-web");
  });
});
