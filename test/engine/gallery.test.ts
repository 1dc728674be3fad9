/** The scenarios of `gallery/`: their manifests apply, and what their texts promise comes about. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { applyManifests } from "../../durable-objects/manifests.ts";
import { galleryFile, galleryText } from "../../scripts/gallery.ts";
import type { Anything } from "./behaviours/behaviour-world.ts";
import { ShellWorld } from "./behaviours/shell-world.ts";

const minute = 60_000;

const folders = JSON.parse(galleryText()) as Record<string, Record<string, string>>;

const manifestsOf = (files: Record<string, string>): string =>
  Object.keys(files)
    .filter((path) => path.startsWith("manifests/"))
    .map((path) => files[path]!)
    .join("---\n");

/** Born of a scenario, some virtual minutes ago. */
function born(id: string, minutes: number): ShellWorld {
  const files = folders[id]!;
  const { nodes } = parse(files["scenario.yaml"]!) as { nodes: number };
  const world = new ShellWorld(nodes);
  expect(applyManifests(world.engine, manifestsOf(files), world.now)).toEqual([]);
  world.advance(minutes * minute);
  return world;
}

/** `NAME READY STATUS` of each Pod; of those with a generated name, the name of what made them. */
const podsOf = (world: ShellWorld, namespace = "default"): string[] =>
  world
    .rows(`/api/v1/namespaces/${namespace}/pods`)
    .map((row) => `${String(row["Name"])} ${String(row["Ready"])} ${String(row["Status"])}`)
    .map((line) => line.replace(/-[a-z0-9]{8,10}-[a-z0-9]{5} /, " "))
    .sort();

const ask = (world: ShellWorld, url: string): string =>
  world.sh("client", `wget -qO- -T 3 ${url} 2>&1`);

test("the Worker carries the folders as they are: node scripts/gallery.ts", () => {
  expect(readFileSync(galleryFile, "utf8")).toBe(galleryText());
});

test("their texts name no Pod that is not there", () => {
  for (const files of Object.values(folders)) {
    const named = [
      ...files["README.md"]!.matchAll(/kubectl (?:exec|logs|delete pod) (?:-n \w+ )?([a-z]+)\b/g),
    ];
    for (const [, name] of named) expect(manifestsOf(files)).toContain(`name: ${name!}\n`);
  }
});

describe("Pods", () => {
  test("first-pods", () => {
    const world = born("first-pods", 3);
    expect(podsOf(world)).toEqual(["hello 1/1 Running", "notebook 2/2 Running"]);
    const page = world.sh("notebook", "wget -qO- localhost", "writer");
    expect(page).toMatch(/^line 1, written by notebook\nline 2, written by notebook\n/);
    expect(world.sh("notebook", "cat /usr/share/nginx/html/index.html", "web")).toBe(page);
    expect(world.sh("notebook", "ls /pages", "web")).toMatch(/No such file or directory/);
  });

  test("restarts-and-probes", () => {
    const world = born("restarts-and-probes", 3);
    const lines = podsOf(world);
    expect(lines).toEqual([
      expect.stringMatching(/^crash 0\/1 (CrashLoopBackOff|Error)$/),
      "once 0/1 Error",
      expect.stringMatching(/^patient 1\/1 Running$/),
      "prepared 1/1 Running",
      "shy 0/1 Running",
    ]);
    expect(world.log("crash", "?previous=true")).toBe("the configuration is missing\n");
    expect(world.sh("prepared", "cat /data/log")).toBe("first\nsecond");
    const { restartCount, lastState } = world.pod("patient").status.containerStatuses[0];
    expect(restartCount).toBeGreaterThan(0);
    expect(lastState.terminated.exitCode).toBe(137);
    const ready = (): unknown[] =>
      world
        .get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices")
        .items.filter((slice: Anything) => slice.metadata.name.startsWith("shy-"))
        .flatMap((slice: Anything) => slice.endpoints)
        .map((endpoint: Anything) => endpoint.conditions.ready);
    expect(ready()).toEqual([false]);
    world.sh("shy", "touch /tmp/ready");
    world.advance(10_000);
    expect(ready()).toEqual([true]);
  });

  test("where-pods-land", () => {
    const world = born("where-pods-land", 2);
    const running = ["guest 1/1 Running", "left 1/1 Running"];
    expect(podsOf(world)).toEqual([
      "giant 0/1 Pending",
      ...running,
      "picky 0/1 Pending",
      "right 1/1 Running",
      "third 0/1 Pending",
    ]);
    const [left, right, guest] = ["left", "right", "guest"].map((name) => world.pod(name));
    expect(right.spec.nodeName).not.toBe(left.spec.nodeName);
    expect(guest.spec.nodeName).toBe("control-plane");
    expect(left.status.qosClass).toBe("Guaranteed");
    expect(world.events("giant").join()).toContain("Insufficient cpu");
    expect(world.events("picky").join()).toContain("didn't match Pod's node affinity/selector");
    // The first thing to try.
    world.patch("/api/v1/nodes/node-2", { metadata: { labels: { disk: "fast" } } });
    world.advance(minute);
    expect(world.pod("picky").spec.nodeName).toBe("node-2");
    expect(world.pod("third").spec.nodeName).toBe("node-2");
  });
});

describe("Deployments", () => {
  test("keep-three-running", () => {
    const world = born("keep-three-running", 2);
    const three = Array.from({ length: 3 }, () => "shop 1/1 Running");
    expect(podsOf(world)).toEqual(["lonely 1/1 Running", ...three]);
    for (const pod of world.pods())
      world.delete(`/api/v1/namespaces/default/pods/${pod.metadata.name}`);
    world.advance(2 * minute);
    expect(podsOf(world)).toEqual(three);
  });

  test("a-rollout-that-stops", () => {
    const world = born("a-rollout-that-stops", 3);
    const deployment = (name: string): Anything =>
      world.get(`/apis/apps/v1/namespaces/default/deployments/${name}`);
    expect(deployment("shop").status.availableReplicas).toBe(4);
    const progressing = (name: string): unknown =>
      deployment(name).status.conditions.find((c: Anything) => c.type === "Progressing").reason;
    expect(progressing("api")).toBe("ProgressDeadlineExceeded");
    expect(podsOf(world)[0]).toMatch(/^api 0\/1 (ErrImagePull|ImagePullBackOff)$/);
    world.patch(
      "/apis/apps/v1/namespaces/default/deployments/shop",
      { spec: { template: { spec: { containers: [{ name: "web", image: "nginx:1.161" }] } } } },
      "application/strategic-merge-patch+json",
    );
    world.advance(3 * minute);
    expect(progressing("shop")).toBe("ProgressDeadlineExceeded");
    expect(deployment("shop").status.availableReplicas).toBe(4);
  });
});

describe("Network", () => {
  test("find-it-by-name", () => {
    const world = born("find-it-by-name", 2);
    expect(podsOf(world)).toEqual([
      "client 1/1 Running",
      ...Array.from({ length: 3 }, () => "web 1/1 Running"),
    ]);
    const [web] = world.pods("default", "app=web");
    expect(ask(world, `http://${web.status.podIP}:8080`)).toMatch(/^NOW: /);
    const answers = new Set(
      Array.from({ length: 12 }, () => ask(world, "http://web/hostname").trim()),
    );
    expect(answers.size).toBeGreaterThan(1);
    expect(ask(world, "http://web.backstage")).toContain("Welcome to nginx!");
    const found = world.sh("client", "nslookup web-pods.default.svc.cluster.local");
    for (const { status } of world.pods("default", "app=web"))
      expect(found).toContain(status.podIP);
  });

  test("nobody-answers, until each fault is mended", () => {
    const world = born("nobody-answers", 2);
    const names = ["books", "music", "films"];
    for (const name of names) expect(ask(world, `http://${name}`)).toMatch(/Connection refused/);
    expect(podsOf(world)).toEqual([
      "books 1/1 Running",
      "client 1/1 Running",
      "films 0/1 Running",
      "music 1/1 Running",
    ]);
    const service = (name: string): string => `/api/v1/namespaces/default/services/${name}`;
    world.patch(service("books"), { spec: { selector: { app: "books" } } });
    world.patch(service("music"), { spec: { ports: [{ port: 80, targetPort: 80 }] } });
    world.patch(
      "/apis/apps/v1/namespaces/default/deployments/films",
      {
        spec: {
          template: {
            spec: { containers: [{ name: "web", readinessProbe: { httpGet: { path: "/" } } }] },
          },
        },
      },
      "application/strategic-merge-patch+json",
    );
    world.advance(minute);
    for (const name of names) expect(ask(world, `http://${name}`)).toContain("<title>");
  });
});

test("The control plane: who-may-do-what", () => {
  const world = born("who-may-do-what", 3);
  expect(podsOf(world, "team")).toEqual([
    ...Array.from({ length: 3 }, () => "shop 1/1 Running"),
    "watcher 1/1 Running",
  ]);
  const log = world.request("GET", "/api/v1/namespaces/team/pods/watcher/log?tailLines=1").text;
  expect(log).toBe("4 Pods have an address\n");
  const mayReader = (verb: string, namespace: string): boolean => {
    const review = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: {
        user: "system:serviceaccount:team:reader",
        groups: ["system:serviceaccounts", "system:authenticated"],
        resourceAttributes: { namespace, verb, resource: "pods" },
      },
    };
    return world.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review).body
      .status.allowed;
  };
  expect(["list", "delete"].map((verb) => mayReader(verb, "team"))).toEqual([true, false]);
  expect(mayReader("list", "default")).toBe(false);
  const budget = world.get("/apis/policy/v1/namespaces/team/poddisruptionbudgets/shop");
  expect(budget.status).toMatchObject({
    currentHealthy: 3,
    desiredHealthy: 2,
    disruptionsAllowed: 1,
  });
  world.patch("/apis/apps/v1/namespaces/team/deployments/shop", { spec: { replicas: 10 } });
  world.advance(minute);
  expect(podsOf(world, "team")).toHaveLength(6);
});
