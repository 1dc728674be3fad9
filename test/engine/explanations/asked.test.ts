/** How an Explanation is asked for: discovery, bad questions, who may know what, and `kubectl why`. */
import { describe, expect, test } from "vitest";
import { userOf } from "../../../durable-objects/engine/api/users.ts";
import { deployment, deploymentsUrl, nginx, pod } from "../behaviours/behaviour-world.ts";
import { KubectlWorld } from "../kubectl/kubectl-world.ts";
import type { RequestOptions } from "../../helpers/world.ts";
import { review } from "./asking.ts";

const as = (name: string): RequestOptions => ({
  edge: { user: { name, groups: ["system:authenticated"] } },
});
const editor: RequestOptions = { edge: { user: userOf("editor", "jane") } };
const viewer: RequestOptions = { edge: { user: userOf("viewer", "bob") } };
const group = "rbac.authorization.k8s.io";

const decoder = new TextDecoder();

/** Runs a line in a shell of the control plane. */
function node(line: string): { stdout: string; stderr: string; code: number } {
  const command = ["bash", "-c", line];
  const started = world.engine.session(world.now, () =>
    world.engine.onMachine("control-plane", { command, tty: false, stdin: false }),
  );
  if ("reason" in started) throw new Error(started.reason);
  let [stdout, stderr] = ["", ""];
  for (let i = 0; i < 60; i++) {
    const news = world.engine.session(world.now, () => world.engine.sessions.read(started));
    stdout += decoder.decode(news.stdout);
    stderr += decoder.decode(news.stderr);
    if (news.status)
      return { stdout, stderr, code: Number(news.status.details?.causes?.[0]?.message ?? 0) };
    world.advance(500);
  }
  throw new Error(`still running: ${line}`);
}

const colour = { configMapKeyRef: { name: "settings", key: "color" } };
const password = { secretKeyRef: { name: "login", key: "passwrd" } };
const world = new KubectlWorld({ nodes: 1 }).begin();
world.create(
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: { colour: "red" } },
  {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "login" },
    stringData: { password: "hunter2" },
  },
  pod("web", { containers: [nginx({ env: [{ name: "C", valueFrom: colour }] })] }),
  pod("login", { containers: [nginx({ env: [{ name: "P", valueFrom: password }] })] }),
  pod("big", { containers: [nginx({ resources: { requests: { cpu: "64" } } })] }),
  {
    apiVersion: `${group}/v1`,
    kind: "Role",
    metadata: { name: "looks" },
    rules: [
      { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
      { apiGroups: ["podyard.dev"], resources: ["explanations"], verbs: ["create"] },
    ],
  },
  {
    apiVersion: `${group}/v1`,
    kind: "RoleBinding",
    metadata: { name: "looks" },
    roleRef: { apiGroup: group, kind: "Role", name: "looks" },
    subjects: [{ apiGroup: group, kind: "User", name: "looker" }],
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "near" },
    spec: { selector: { app: "x" }, ports: [{ port: 80 }] },
  },
);
world.advance(10_000);

describe("the review", () => {
  test("is in discovery with create alone, and nothing is stored", () => {
    const { resources } = world.get("/apis/podyard.dev/v1");
    expect(resources.find(({ kind }: { kind: string }) => kind === "Explanation")).toMatchObject({
      name: "explanations",
      namespaced: true,
      verbs: ["create"],
    });
    const before = world.engine.store.rv;
    const { status, body } = review(world, { kind: "Pod", name: "web" });
    expect([status, body.kind, body.spec.name]).toEqual([201, "Explanation", "web"]);
    expect(Object.keys(body.status).sort()).toEqual(["decidedBy", "evidence", "mend", "sentence"]);
    expect(world.engine.store.rv).toBe(before);
    const url = "/apis/podyard.dev/v1/namespaces/default/explanations";
    expect(world.request("GET", url).status).toBe(405);
  });

  test.for([
    [{}, 422, "spec.kind: Required value"],
    [{ kind: "Pod" }, 422, "spec.name: Required value"],
    [{ kind: "Pod", resource: "pods", name: "web" }, 422, "either this or spec.resource"],
    [{ kind: "Unicorn", name: "web" }, 422, "serves nothing of that name"],
    [{ kind: "Pod", name: "web", user: "jane" }, 422, "only of a request"],
    [{ kind: "Pod", name: "none" }, 404, 'pods "none" not found'],
    [{ kind: "Deployment", group: "extensions", name: "web" }, 422, "serves nothing of that name"],
  ] as const)("%o is refused", ([spec, code, text]) => {
    const { status, body } = review(world, spec);
    expect([status, body.message]).toEqual([code, expect.stringContaining(text)]);
  });
});

describe("who may know", () => {
  test("whoever may not get the object is refused, as a GET is", () => {
    const { status, body } = review(
      world,
      { kind: "Service", name: "near" },
      "default",
      as("looker"),
    );
    expect([status, body.message]).toEqual([
      403,
      'services "near" is forbidden: User "looker" cannot get resource "services" in API group "" in the namespace "default"',
    ]);
    expect(review(world, { kind: "Pod", name: "web" }, "default", as("nobody")).status).toBe(403);
  });

  test("what else they may not read is left out of the evidence", () => {
    const { sentence, evidence } = review(
      world,
      { kind: "Pod", name: "web" },
      "default",
      as("looker"),
    ).body.status;
    expect(sentence).toContain("ConfigMap default/settings has no key color");
    expect(sentence).not.toContain("colour");
    expect(evidence.map(({ object }: { object: { kind: string } }) => object.kind)).toEqual([
      "Pod",
      "Pod",
    ]);
    const big = review(world, { kind: "Pod", name: "big" }, "default", as("looker")).body.status;
    expect(
      new Set(big.evidence.map(({ object }: { object: { kind: string } }) => object.kind)),
    ).toEqual(new Set(["Pod"]));
  });

  test("editors and viewers ask; of Secrets a viewer sees no names of keys, and nobody a value", () => {
    const asEditor = review(world, { kind: "Pod", name: "login" }, "default", editor);
    const asViewer = review(world, { kind: "Pod", name: "login" }, "default", viewer);
    expect([asEditor.status, asViewer.status]).toEqual([201, 201]);
    expect(asEditor.body.status.sentence).toContain(
      "Secret default/login has no key passwrd (there is password)",
    );
    expect(asViewer.body.status.sentence).toContain("Secret default/login has no key passwrd.");
    expect(asViewer.text).not.toContain('"kind":"Secret"');
    expect(asEditor.text + asViewer.text).not.toMatch(/hunter2|aHVudGVyMg/);
    expect(review(world, { kind: "Secret", name: "login" }, "default", viewer).status).toBe(403);
  });

  test("of another's requests only who may ask with a SubjectAccessReview", () => {
    const spec = { resource: "pods", verb: "list", user: "jane" };
    expect(review(world, spec, "default", as("looker")).status).toBe(403);
    expect(
      review(world, { resource: "pods", verb: "list" }, "default", as("looker")).body.status
        .sentence,
    ).toContain(
      "User looker (groups system:authenticated) may not list pods in namespace default (403)",
    );
    expect(review(world, spec, "default", editor).body.status.sentence).toContain(
      "User jane may not list pods",
    );
  });
});

describe("kubectl why", () => {
  test("is a plugin of nodes, prints the explanation, and knows -n and -o", () => {
    const listed = node("kubectl plugin list");
    expect(listed.stdout).toContain("/usr/bin/kubectl-why");
    const { stdout, stderr, code } = node("kubectl why pod/web");
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(
      /^Pod default\/web cannot start container web: ConfigMap default\/settings has no key color \(there is colour\)\./,
    );
    expect(stdout).toContain(
      "\nEvidence:\n  - refers to ConfigMap settings, key color (Pod default/web, spec.containers[0].env[0].valueFrom.configMapKeyRef)\n",
    );
    expect(stdout).toContain("\nMend:\n  - Add the key\n      kubectl patch configmap settings");
    expect(stdout).toMatch(/\n\nDecided by: kubelet\n$/);
    expect(JSON.parse(node("kubectl why po web -o json").stdout).status.decidedBy).toBe("kubelet");
    expect(node("kubectl why -n kube-system pod/etcd-control-plane -o yaml").stdout).toContain(
      "decidedBy: kubelet",
    );
    expect(node("kubectl why node/node-1").stdout).toContain("All is well with Node node-1");
    expect(
      node("kubectl why pods --verb delete --who system:serviceaccount:default:default").stdout,
    ).toContain("may not delete pods in namespace default (403)");
  });

  test("of a file that is refused it says which field, what it was, and that it must be made anew", () => {
    const manifest = (selector: string): string =>
      JSON.stringify(deployment("api", { selector: { matchLabels: { app: selector } } }));
    world.create(deployment("api", { replicas: 1 }));
    node(`cat > /root/api.yaml <<'END'\n${manifest("other")}\nEND`);
    expect(node("kubectl apply -f /root/api.yaml").stderr).toContain("is invalid");
    const { stdout } = node("kubectl why -f /root/api.yaml");
    expect(stdout).toMatch(/^The API server refuses this Deployment default\/api \(422\): /);
    expect(stdout).toContain(
      'spec.selector was {"matchLabels":{"app":"api"}} and cannot be changed (Invalid value',
    );
    expect(stdout).toContain("(Deployment default/api, spec.selector)");
    expect(stdout).toContain("kubectl delete deployment/api");
    expect(stdout).toContain("Decided by: kube-apiserver");
    node(`cat > /root/api.yaml <<'END'\n${manifest("api")}\nEND`);
    expect(node("kubectl why -f /root/api.yaml").stdout).toContain("0 of its fields are refused");
    expect(world.get(`${deploymentsUrl}/api`).spec.replicas).toBe(1);
    const spec = { manifest: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "A_b" } } };
    expect(review(world, spec, "default", viewer).status).toBe(403);
    const { sentence, mend } = review(world, spec, "default", editor).body.status;
    expect(sentence).toContain("refuses this ConfigMap default/A_b (422): 1 field, metadata.name");
    expect(mend[0].command).toBe("kubectl explain configmap.metadata.name");
  });

  test("says what is wrong with a question", () => {
    expect(node("kubectl why")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("expected TYPE/NAME"),
    });
    expect(node("kubectl why pod/none")).toMatchObject({
      code: 1,
      stderr: 'Error from server (NotFound): pods "none" not found\n',
    });
    expect(node("kubectl why unicorn/x").stderr).toContain(
      `the server doesn't have a resource type "unicorn"`,
    );
    expect(node("kubectl why -h").stdout).toContain("Say why a resource is as it is");
  });
});

test("a node whose kubelet is stopped", () => {
  expect(node("ssh node-1 systemctl stop kubelet")).toMatchObject({ stderr: "", code: 0 });
  world.advance(60_000);
  const { sentence, mend } = review(world, { kind: "Node", name: "node-1" }).body.status;
  expect(sentence).toContain("Node node-1 is NotReady: its kubelet does not run");
  expect(sentence).toContain("they are evicted in 4m");
  expect(mend[0].command).toBe("ssh node-1 systemctl start kubelet");
});
