import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const url = "/api/v1/namespaces/team";
const inTeam = (
  apiVersion: string,
  kind: string,
  name: string,
  more: object,
  metadata: object = {},
): object => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "team", ...metadata },
  ...more,
});
const pod = (name: string, metadata: object = {}, command = ["sleep", "3600"]): object =>
  inTeam(
    "v1",
    "Pod",
    name,
    { spec: { containers: [{ name: "sh", image: "busybox", command }] } },
    metadata,
  );
const settings = (name: string, metadata: object = {}): object =>
  inTeam("v1", "ConfigMap", name, { data: { a: "1" } }, metadata);

function team(...objects: object[]): World {
  const world = new World();
  world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } });
  world.settle();
  world.create(...objects);
  world.settle();
  return world;
}
const gone = (world: World): boolean => world.request("GET", url).status === 404;
const conditions = (world: World): Record<string, string> =>
  Object.fromEntries(
    (world.get(url).status.conditions ?? []).map(
      (c: { type: string; status: string; reason: string; message: string }) => [
        c.type,
        `${c.status} ${c.reason} ${c.message}`,
      ],
    ),
  );

describe("a new namespace", () => {
  test("has its ServiceAccount and root certificate, and gets them back", () => {
    const world = team();
    expect(world.get(url).status.phase).toBe("Active");
    const names = (plural: string): string[] =>
      world
        .get(`${url}/${plural}`)
        .items.map((o: { metadata: { name: string } }) => o.metadata.name);
    expect(names("serviceaccounts")).toEqual(["default"]);
    expect(names("configmaps")).toEqual(["kube-root-ca.crt"]);
    world.delete(`${url}/serviceaccounts/default`);
    world.delete(`${url}/configmaps/kube-root-ca.crt`);
    world.settle();
    expect(names("serviceaccounts")).toEqual(["default"]);
    expect(names("configmaps")).toEqual(["kube-root-ca.crt"]);
  });
});

describe("a namespace that is deleted", () => {
  test("takes its content with it", () => {
    const world = team(pod("web"), settings("settings"));
    const deleted = world.delete(url);
    expect(deleted.body.status.phase).toBe("Terminating");
    world.settle();
    expect(gone(world)).toBe(true);
    expect(world.pods("team")).toEqual([]);
  });

  test("Pods go first, and it says what remains", () => {
    const world = team(pod("web"), settings("settings"));
    world.delete(url);
    world.advance(5_000);
    expect(world.get(url).status.phase).toBe("Terminating");
    expect(world.get(`${url}/configmaps/settings`).metadata.deletionTimestamp).toBeUndefined();
    expect(world.get(url).status.conditions.map((c: { type: string }) => c.type)).toEqual([
      "NamespaceDeletionDiscoveryFailure",
      "NamespaceDeletionGroupVersionParsingFailure",
      "NamespaceDeletionContentFailure",
      "NamespaceContentRemaining",
      "NamespaceFinalizersRemaining",
    ]);
    expect(conditions(world)).toMatchObject({
      NamespaceDeletionDiscoveryFailure:
        "False ResourcesDiscovered All resources successfully discovered",
      NamespaceDeletionContentFailure:
        "False ContentDeleted All content successfully deleted, may be waiting on finalization",
      NamespaceContentRemaining:
        "True SomeResourcesRemain Some resources are remaining: pods. has 1 resource instances",
      NamespaceFinalizersRemaining:
        "False ContentHasNoFinalizers All content-preserving finalizers finished",
    });
    // A sleeping shell ignores SIGTERM as PID 1, so it takes its 30 s.
    world.advance(30_000);
    expect(gone(world)).toBe(true);
  });

  test("waits for finalizers and names them", () => {
    const world = team(settings("held", { finalizers: ["example.com/hold"] }), settings("free"));
    world.delete(url);
    world.settle();
    expect(conditions(world)).toMatchObject({
      NamespaceContentRemaining:
        "True SomeResourcesRemain Some resources are remaining: configmaps. has 1 resource instances",
      NamespaceFinalizersRemaining:
        "True SomeFinalizersRemain Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
    });
    world.patch(`${url}/configmaps/held`, { metadata: { finalizers: null } });
    world.settle();
    expect(gone(world)).toBe(true);
  });

  test("takes nothing new", () => {
    const world = team(settings("held", { finalizers: ["example.com/hold"] }));
    world.delete(url);
    world.settle();
    const answer = world.request("POST", `${url}/configmaps`, settings("late"));
    expect(answer.status).toBe(403);
    expect(answer.body.message).toBe(
      'configmaps "late" is forbidden: unable to create new content in namespace team because it is being terminated',
    );
    expect(answer.body.details.causes[0].reason).toBe("NamespaceTerminating");
  });

  test("does not heal what a Deployment in it loses", () => {
    const world = team(
      inTeam("apps/v1", "Deployment", "web", {
        spec: {
          replicas: 2,
          selector: { matchLabels: { app: "web" } },
          template: {
            metadata: { labels: { app: "web" } },
            spec: { containers: [{ name: "nginx", image: "nginx:1.27" }] },
          },
        },
      }),
    );
    expect(world.pods("team")).toHaveLength(2);
    world.delete(url);
    world.advance(60_000);
    expect(gone(world)).toBe(true);
    expect(
      world
        .get("/apis/apps/v1/replicasets")
        .items.filter((o: { metadata: { namespace: string } }) => o.metadata.namespace === "team"),
    ).toEqual([]);
  });
});

describe("Secrets with a token of the old kind", () => {
  const type = "kubernetes.io/service-account-token";
  const secret = (account: string): object =>
    inTeam(
      "v1",
      "Secret",
      "token",
      { type },
      { annotations: { "kubernetes.io/service-account.name": account } },
    );

  test("are filled, and the token works", () => {
    const world = team(secret("default"));
    const { data, metadata } = world.get(`${url}/secrets/token`);
    expect(atob(data.namespace)).toBe("team");
    expect(atob(data["ca.crt"])).toContain("BEGIN CERTIFICATE");
    const account = world.get(`${url}/serviceaccounts/default`);
    expect(metadata.annotations["kubernetes.io/service-account.uid"]).toBe(account.metadata.uid);
    const review = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token: atob(data.token) },
    };
    const reviews = "/apis/authentication.k8s.io/v1/tokenreviews";
    expect(world.request("POST", reviews, review).body.status).toMatchObject({
      authenticated: true,
      user: { username: "system:serviceaccount:team:default" },
    });
    world.delete(`${url}/secrets/token`);
    expect(world.request("POST", reviews, review).body.status.authenticated ?? false).toBe(false);
  });

  test("go with their account", () => {
    const world = team(inTeam("v1", "ServiceAccount", "robot", {}), secret("robot"));
    world.delete(`${url}/serviceaccounts/robot`);
    world.settle();
    expect(world.request("GET", `${url}/secrets/token`).status).toBe(404);
  });
});
