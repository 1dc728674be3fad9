/** Those who share a sandbox: what its own RBAC lets an editor and a viewer do, and how they are refused. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { signingKey } from "../../../durable-objects/engine/api/auth/tokens.ts";
import { builtin } from "../../../durable-objects/engine/api/discovery/registry.ts";
import { sandboxOwner, userOf } from "../../../durable-objects/engine/api/users.ts";
import { createControllers } from "../../../durable-objects/engine/components/controllers.ts";
import { Engine, openArtefact } from "../../../durable-objects/engine/index.ts";
import { root } from "../../../scripts/root.ts";
import { NodeSql } from "../../helpers/node-sql.ts";
import { start, World, type Answer, type RequestOptions } from "../../helpers/world.ts";

const core = "/api/v1/namespaces/default";
const rbac = "/apis/rbac.authorization.k8s.io/v1";
const editor: RequestOptions = { edge: { user: userOf("editor", "jane") } };
const viewer: RequestOptions = { edge: { user: userOf("viewer", "bob") } };

const message = ({ status, body }: Answer): string => `${status} ${body.message}`;
const map = (name: string): object => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data: { k: "dg==" } };
const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p" },
  spec: {
    containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "echo hello; sleep 9999"] }],
  },
};

function settled(): World {
  const world = new World({ nodes: 1 });
  world.create(pod, secret);
  world.advance(10_000);
  return world;
}

/** What a review of the asker's own says. */
function can(world: World, options: RequestOptions, resourceAttributes: object): boolean {
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes },
  };
  const url = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  return world.request("POST", url, review, options).body.status.allowed;
}

describe("a viewer", () => {
  test("reads custom resources of groups that the cluster has, and of no others", () => {
    const world = settled();
    const name = "widgets.example.com";
    world.create({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name },
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
            },
          },
        ],
      },
    });
    world.settle();
    const widgets = "/apis/example.com/v1/namespaces/default/widgets";
    const widget = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "w" } };
    expect(world.request("POST", widgets, widget).status).toBe(201);
    expect(world.request("GET", `${widgets}/w`, undefined, viewer).status).toBe(200);
    expect(world.request("DELETE", `${widgets}/w`, undefined, viewer).status).toBe(403);
    const rules = () => world.get(`${rbac}/clusterroles/podyard:viewers`).rules;
    expect(rules().at(-1)).toEqual({
      apiGroups: ["example.com"],
      resources: ["*"],
      verbs: ["get", "list", "watch"],
    });
    expect(can(world, viewer, { group: "other.com", resource: "things", verb: "get" })).toBe(false);
    const count = rules().length;
    world.delete(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`);
    world.settle();
    expect(rules()).toHaveLength(count - 1);
    expect(can(world, viewer, { group: "example.com", resource: "widgets", verb: "get" })).toBe(
      false,
    );
  });

  test("reads every object but Secrets, in every namespace and of the cluster, and logs", () => {
    const world = settled();
    const seen: string[] = [];
    for (const gv of builtin.groupVersions) {
      for (const { plural, verbs } of gv.resources) {
        if (!verbs.includes("list")) continue;
        const root = gv.group === "" ? `/api/${gv.version}` : `/apis/${gv.group}/${gv.version}`;
        const answer = world.request("GET", `${root}/${plural}`, undefined, viewer);
        if (answer.status !== 200) seen.push(message(answer));
        if (verbs.includes("watch"))
          expect(can(world, viewer, { verb: "watch", group: gv.group, resource: plural })).toBe(
            plural !== "secrets",
          );
      }
    }
    expect(seen).toEqual([
      '403 secrets is forbidden: User "bob" cannot list resource "secrets" in API group "" at the cluster scope',
    ]);
    expect(world.request("GET", `${core}/pods/p/log`, undefined, viewer).text).toBe("hello\n");
    expect(world.request("GET", `${core}/pods/p/status`, undefined, viewer).status).toBe(200);
    const list = world.raw("GET", `${core}/pods?watch=true`, undefined, viewer);
    expect(list.type).toBe("watch");
  });

  test("runs nothing in a Pod, speaks with none, and writes nothing", () => {
    const world = settled();
    const { rv } = world.engine.store;
    const asked: [string, string, unknown?][] = [
      ["GET", `${core}/secrets/s`],
      ["GET", `${core}/secrets?watch=true`],
      ["GET", `${core}/pods/p/exec?command=sh&stdin=true`],
      ["POST", `${core}/pods/p/exec?command=sh&stdin=true`],
      ["GET", `${core}/pods/p/attach`],
      ["GET", `${core}/pods/p/portforward?ports=80`],
      ["GET", `${core}/pods/p/proxy/`],
      ["GET", `${core}/services/kubernetes/proxy/`],
      ["GET", "/api/v1/nodes/node-1/proxy/metrics"],
      ["POST", `${core}/configmaps`, map("m")],
      ["DELETE", `${core}/pods/p`],
      ["DELETE", `${core}/pods`],
      ["POST", `${core}/pods/p/eviction`, {}],
      ["POST", `${core}/serviceaccounts/default/token`, {}],
      ["PATCH", "/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: true } }],
    ];
    const said = asked.map(([method, url, body]) => {
      const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
      return message(world.request(method, url, body, { ...viewer, type }));
    });
    const inDefault = (what: string): string =>
      `${what} in API group "" in the namespace "default"`;
    expect(said).toEqual([
      `403 secrets "s" is forbidden: User "bob" cannot get resource ${inDefault('"secrets"')}`,
      `403 secrets is forbidden: User "bob" cannot watch resource ${inDefault('"secrets"')}`,
      `403 pods "p" is forbidden: User "bob" cannot get resource ${inDefault('"pods/exec"')}`,
      `403 pods "p" is forbidden: User "bob" cannot create resource ${inDefault('"pods/exec"')}`,
      `403 pods "p" is forbidden: User "bob" cannot get resource ${inDefault('"pods/attach"')}`,
      `403 pods "p" is forbidden: User "bob" cannot get resource ${inDefault('"pods/portforward"')}`,
      `403 pods "p" is forbidden: User "bob" cannot get resource ${inDefault('"pods/proxy"')}`,
      `403 services "kubernetes" is forbidden: User "bob" cannot get resource ${inDefault('"services/proxy"')}`,
      '403 nodes "node-1" is forbidden: User "bob" cannot get resource "nodes/proxy" in API group "" at the cluster scope',
      `403 configmaps is forbidden: User "bob" cannot create resource ${inDefault('"configmaps"')}`,
      `403 pods "p" is forbidden: User "bob" cannot delete resource ${inDefault('"pods"')}`,
      `403 pods is forbidden: User "bob" cannot deletecollection resource ${inDefault('"pods"')}`,
      `403 pods "p" is forbidden: User "bob" cannot create resource ${inDefault('"pods/eviction"')}`,
      `403 serviceaccounts "default" is forbidden: User "bob" cannot create resource ${inDefault('"serviceaccounts/token"')}`,
      '403 clocks.podyard.dev "cluster" is forbidden: User "bob" cannot patch resource "clocks" in API group "podyard.dev" at the cluster scope',
    ]);
    expect(world.engine.store.rv).toBe(rv);
  });

  test("becomes nobody else", () => {
    const world = settled();
    const headers = {
      "impersonate-user": "kubernetes-admin",
      "impersonate-group": "system:masters",
    };
    const asked = world.request("GET", `${core}/configmaps`, undefined, { ...viewer, headers });
    expect(asked.status).toBe(403);
    expect(asked.body.message).toContain('User "bob" cannot impersonate');
    const grant = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "mine" },
      roleRef: {
        kind: "ClusterRole",
        name: "cluster-admin",
        apiGroup: "rbac.authorization.k8s.io",
      },
      subjects: [{ kind: "Group", name: "podyard:viewers" }],
    };
    expect(world.request("POST", `${rbac}/clusterrolebindings`, grant, viewer).status).toBe(403);
  });
});

describe("an editor", () => {
  test("writes all objects, Secrets and the Clock among them, and speaks with Pods", () => {
    const world = settled();
    expect(world.request("POST", `${core}/configmaps`, map("m"), editor).status).toBe(201);
    expect(world.request("GET", `${core}/secrets/s`, undefined, editor).body.data).toEqual({
      k: "dg==",
    });
    const clock = "/apis/podyard.dev/v1/clocks/cluster";
    const paused = world.request(
      "PATCH",
      clock,
      { spec: { paused: true } },
      {
        ...editor,
        type: "application/merge-patch+json",
      },
    );
    expect(paused.status).toBe(200);
    const socket = { ...editor, headers: { upgrade: "websocket" } };
    for (const what of [
      "exec?command=ls&stdout=true",
      "attach?stdout=true",
      "portforward?ports=80",
    ])
      expect(world.raw("GET", `${core}/pods/p/${what}`, undefined, socket).type).toBe("session");
    for (const resource of ["clusterroles", "clusterrolebindings"])
      expect(
        can(world, editor, { verb: "escalate", group: "rbac.authorization.k8s.io", resource }),
      ).toBe(true);
    const causes = [...world.engine.log.history(0)].filter(({ name }) => name === "m");
    expect(causes.map(({ by }) => by)).toEqual(["jane"]);
  });

  test("is shut out where the owner takes the binding away, and the owner never", () => {
    const world = settled();
    world.delete(`${rbac}/clusterrolebindings/podyard:editors`);
    expect(world.request("GET", `${core}/pods`, undefined, editor).status).toBe(403);
    world.delete(`${rbac}/clusterroles/cluster-admin`);
    const owner = { edge: { user: userOf("owner", "alice") } };
    expect(world.request("GET", `${core}/secrets/s`, undefined, owner).status).toBe(200);
  });
});

describe("who they are", () => {
  test("is told by whoami, and what they may do by can-i --list", () => {
    const world = settled();
    const who = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const url = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    expect(world.request("POST", url, who, viewer).body.status.userInfo).toEqual({
      username: "bob",
      groups: ["podyard:viewers", "system:authenticated"],
    });
    const rules = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectRulesReview",
      spec: { namespace: "default" },
    };
    const list = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    const may = world.request("POST", list, rules, viewer).body.status.resourceRules;
    const reading = may.filter(({ verbs }: { verbs: string[] }) => verbs.includes("get"));
    const resources: string[] = reading.flatMap((rule: { resources: string[] }) => rule.resources);
    expect(resources).toContain("pods/log");
    expect(
      resources.filter((name) => /secrets|exec|attach|portforward|proxy|token/.test(name)),
    ).toEqual([]);
  });

  test("follows from the role and the name", () => {
    expect(userOf("owner")).toBe(sandboxOwner);
    expect(userOf("owner", "jane")).toEqual({ name: "jane", groups: sandboxOwner.groups });
    expect(userOf("editor").name).toBe("podyard:editor");
    expect(userOf("viewer", "  \u202ebob\n ").name).toBe("bob");
    expect(userOf("viewer", "n".repeat(1_000)).name).toHaveLength(200);
  });

  test("is never somebody whom bindings or the log know already", () => {
    const controllers = createControllers(signingKey({ id: "test", secret: "test" }));
    const names = controllers.map(({ name, component }) => component ?? name);
    expect(names.length).toBeGreaterThan(20);
    for (const name of [
      ...names,
      "Scheduler",
      "system:kube-controller-manager",
      "system:serviceaccount:kube-system:default",
      "kubernetes-admin",
      "kubeadm:cluster-admins",
      "podyard:jane",
    ]) {
      expect(userOf("viewer", name).name).toBe(`podyard:${name}`);
    }
  });
});

test("a cluster from before has the roles too, and no revision of it moves", () => {
  const bytes = readFileSync(path.join(root, "test/artefacts/format-1.bin"));
  const opened = openArtefact(bytes);
  if ("reason" in opened) throw new Error(opened.reason);
  const { snapshot } = opened;
  const nodes = snapshot.objects.find(([resource]) => resource === "nodes")?.[1] ?? [];
  const identity = { id: "test", secret: "of this world's tokens" };
  const sql = new NodeSql();
  Engine.restore(sql, snapshot, { nowMs: start, identity });
  const world = new World({ identity }, sql);
  const roles = `${rbac}/clusterroles`;
  // The Clock was the last of the base: what came later stands beside it, and what followed it is where it was.
  const clock = world.get("/apis/podyard.dev/v1/clocks/cluster").metadata.resourceVersion;
  const viewers = world.get(`${roles}/podyard:viewers`).metadata;
  expect(viewers.resourceVersion).toBe(clock);
  expect(Number(nodes[0]?.[1]?.metadata.resourceVersion)).toBeGreaterThan(Number(clock));
  expect(world.engine.store.rv).toBe(snapshot.revision);
  expect(world.request("GET", `${core}/pods/loop/log`, undefined, viewer).status).toBe(200);
  expect(world.request("GET", `${core}/secrets/s`, undefined, viewer).status).toBe(403);
});
