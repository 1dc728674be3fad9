import { spawn } from "node:child_process";
import path from "node:path";
import { describe, expect, inject, test } from "vitest";
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

// Each transcript has a sandbox of its own, so that they run side by side: they wait for the cluster, not the machine.
describe.skipIf(binaries.length === 0).concurrent.each(binaries)("kubectl $version", (binary) => {
  const newKubectl = async (): Promise<Kubectl> =>
    new Kubectl(binary, (await makeSandbox(inject("url"), { seed: 1 })).kubeconfig);

  test("get nodes shows a control plane and three workers, all Ready", async () => {
    const kubectl = await newKubectl();
    const nodes = tableOf(await kubectl.ok("get nodes"));
    expect(nodes.map(({ STATUS }) => STATUS)).toEqual(["Ready", "Ready", "Ready", "Ready"]);
    expect(nodes.filter(({ ROLES }) => ROLES === "control-plane")).toHaveLength(1);
    expect(await kubectl.ok("describe nodes")).toMatch(/^Roles: +control-plane$/m);
    const version = await kubectl.run("version");
    expect(version.stdout).toMatch(/^Server Version: v1\.36\.\d+$/m);
  });

  test("a Deployment is made, healed, scaled, updated, rolled back and deleted", async () => {
    const kubectl = await newKubectl();
    const pods = async () => tableOf(await kubectl.ok("get pods -l app=my-web"));
    expect(await kubectl.ok("create deployment my-web --image=nginx --replicas=3")).toBe(
      "deployment.apps/my-web created\n",
    );
    expect(await kubectl.ok("rollout status deployment/my-web --timeout=120s")).toContain(
      'deployment "my-web" successfully rolled out',
    );
    const all = await kubectl.ok("get all");
    expect(all).toMatch(/^deployment\.apps\/my-web +3\/3 +3 +3 /m);
    expect(all).toMatch(/^replicaset\.apps\/my-web-[a-z0-9]+ +3 +3 +3 /m);
    expect(all.match(/^pod\/my-web-[a-z0-9]+-[a-z0-9]{5} +1\/1 +Running /gm)).toHaveLength(3);
    expect(all).toMatch(/^service\/kubernetes +ClusterIP +10\.96\.0\.1 +<none> +443\/TCP /m);

    const before = (await pods()).map(({ NAME }) => NAME!);
    expect(await kubectl.ok(["delete", "pod", before[0]!, "--wait=false"])).toContain(
      `pod "${before[0]}" deleted`,
    );
    const healed = await eventually(
      () => kubectl.ok("get pods -l app=my-web --field-selector=status.phase=Running -o name"),
      (names) => names.trim().split("\n").length === 3 && !names.includes(before[0]!),
    );
    expect(healed).toContain(before[1]!);

    expect(await kubectl.ok("scale deployment/my-web --replicas=5")).toBe(
      "deployment.apps/my-web scaled\n",
    );
    await kubectl.ok("rollout status deployment/my-web --timeout=120s");
    const [scaled] = tableOf(await kubectl.ok("get deployment my-web"));
    expect(scaled).toMatchObject({ READY: "5/5" });

    expect(await kubectl.ok("set image deployment/my-web nginx=nginx:1.27")).toBe(
      "deployment.apps/my-web image updated\n",
    );
    await kubectl.ok("rollout status deployment/my-web --timeout=120s");
    await kubectl.ok("set image deployment/my-web nginx=nginx:1.161");
    const stuck = await eventually(pods, (rows) =>
      rows.some(({ STATUS }) => /ErrImagePull|ImagePullBackOff/.test(STATUS!)),
    );
    expect(stuck.filter(({ STATUS }) => STATUS === "Running").length).toBeGreaterThanOrEqual(4);
    const late = await kubectl.run("rollout status deployment/my-web --timeout=1s");
    expect(late.code).toBe(1);
    expect(await kubectl.ok("rollout undo deployment/my-web")).toBe(
      "deployment.apps/my-web rolled back\n",
    );
    await kubectl.ok("rollout status deployment/my-web --timeout=120s");
    const image = "jsonpath={.spec.template.spec.containers[0].image}";
    expect(await kubectl.ok(["get", "deployment", "my-web", "-o", image])).toBe("nginx:1.27");
    expect(await kubectl.ok("rollout history deployment/my-web")).toMatch(
      /^REVISION +CHANGE-CAUSE$/m,
    );

    expect(await kubectl.ok("delete deployment my-web")).toMatch(
      /^deployment\.apps "my-web" deleted/,
    );
    await eventually(pods, (rows) => rows.length === 0);
  });

  test("describe and get events tell the story", async () => {
    const kubectl = await newKubectl();
    await kubectl.ok("create deployment my-web --image=nginx");
    await kubectl.ok("rollout status deployment/my-web --timeout=120s");
    const described = await kubectl.ok("describe pods -l app=my-web");
    expect(described).toMatch(/^Status: +Running$/m);
    expect(described).toMatch(/^Controlled By: +ReplicaSet\/my-web-/m);
    expect(described).toMatch(
      /Normal +Scheduled +.* +default-scheduler +Successfully assigned default\/my-web-/,
    );
    // Since 1.36 the container is named before the message.
    for (const [reason, message] of [
      ["Pulling", 'Pulling image "nginx"'],
      ["Created", "Container created"],
      ["Started", "Container started"],
    ] as const)
      expect(described).toMatch(
        new RegExp(`Normal +${reason} +.* +kubelet +(spec.containers\\{nginx\\}: )?${message}`),
      );
    expect(await kubectl.ok("get events")).toMatch(
      /Normal +ScalingReplicaSet +deployment\/my-web +Scaled up replica set my-web-\w+ from 0 to 1/,
    );
    expect(await kubectl.ok("describe deployment my-web")).toMatch(
      /^StrategyType: +RollingUpdate$/m,
    );
  });

  test("apply twice: created, then unchanged; a typing error is refused", async () => {
    const kubectl = await newKubectl();
    const apply = (): Promise<string> => kubectl.ok("apply -f -", { stdin: deployment });
    expect(await apply()).toBe("deployment.apps/nginx-deployment created\n");
    expect(await apply()).toBe("deployment.apps/nginx-deployment unchanged\n");
    await kubectl.ok("rollout status deployment/nginx-deployment --timeout=120s");
    const invalid = deployment.replace("replicas: 3", "replicaz: 3");
    const refused = await kubectl.run("apply -f -", { stdin: invalid });
    expect(refused.stderr).toContain('unknown field "spec.replicaz"');
    await kubectl.ok("delete deployment nginx-deployment");
    expect((await kubectl.run("get deployment nginx-deployment")).stderr).toBe(
      'Error from server (NotFound): deployments.apps "nginx-deployment" not found\n',
    );
  });

  test("get pods -w prints changes as they happen", async () => {
    const kubectl = await newKubectl();
    await kubectl.ok("run first --image=nginx");
    const watch = spawn(binary.file, ["get", "pods", "-w"], {
      env: {
        ...process.env,
        KUBECONFIG: kubectl.kubeconfig,
        HOME: path.dirname(kubectl.kubeconfig),
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    watch.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    const see = (pattern: RegExp): Promise<string> =>
      eventually(
        async () => printed,
        (text) => pattern.test(text),
      );
    try {
      await see(/^first /m);
      await kubectl.ok("run second --image=nginx");
      await see(
        /^second +0\/1 +Pending [^]*^second +0\/1 +ContainerCreating [^]*^second +1\/1 +Running /m,
      );
      await kubectl.ok("delete pod second --now");
      await see(/^second +1\/1 +Terminating /m);
    } finally {
      watch.kill();
    }
  });

  test("explain reads the schema", async () => {
    const kubectl = await newKubectl();
    const explained = await kubectl.ok("explain deployment.spec.replicas");
    expect(explained).toMatch(/replicas <integer>/);
    expect(explained).toContain("Number of desired pods.");
  });
});

/** The rows of a printed table, by the names of their columns. */
function tableOf(printed: string): Record<string, string>[] {
  const [head = "", ...rows] = printed.trimEnd().split("\n");
  const columns = head.split(/ {2,}/);
  return rows.map((row) => {
    const cells = row.split(/ {2,}/);
    return Object.fromEntries(
      columns.map((column, at) => [column.trim(), (cells[at] ?? "").trim()]),
    );
  });
}
