/** Repositories that an object of kind Image makes private: who may pull, and what the others are told. */
import { describe, expect, test } from "vitest";
import { NetworkWorld, podOf } from "../network/network-world.ts";

const podsUrl = "/api/v1/namespaces/default/pods";
const image = (name: string, spec: object) => ({
  apiVersion: "podyard.dev/v1",
  kind: "Image",
  metadata: { name },
  spec,
});
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64");
const secret = (name: string, server: string, username: string, password: string) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "default" },
  type: "kubernetes.io/dockerconfigjson",
  data: {
    ".dockerconfigjson": encoded({
      auths: {
        [server]: {
          username,
          password,
          auth: Buffer.from(`${username}:${password}`).toString("base64"),
        },
      },
    }),
  },
});
const pulling = (name: string, ...secrets: string[]): object => ({
  spec: { imagePullSecrets: secrets.map((one) => ({ name: one })) },
  container: { ports: [{ containerPort: 80 }] },
  labels: { app: name },
});

function world(...objects: object[]): NetworkWorld {
  const made = new NetworkWorld();
  made.create(
    image("private", { repository: "user/private", tags: ["v1", "v3"], private: true }),
    image("own", {
      repository: "quay.io/team/own",
      credentials: { username: "me", password: "x" },
    }),
    secret("hub", "https://index.docker.io/v1/", "me", "x"),
    secret("hub-name", "docker.io", "me", "x"),
    secret("quay", "quay.io", "me", "x"),
    secret("quay-team", "https://quay.io/team", "me", "x"),
    secret("quay-other", "quay.io/others", "me", "x"),
    secret("quay-wrong", "quay.io", "me", "y"),
    secret("any", "*.io", "me", "x"),
    ...objects,
  );
  made.advance(40_000);
  return made;
}
const state = (w: NetworkWorld, name: string): string => {
  const row = w.rows(podsUrl).find((one) => one["Name"] === name);
  return `${String(row?.["Ready"])} ${String(row?.["Status"])}`;
};
const message = (w: NetworkWorld, name: string): string =>
  w.pod(name).status.containerStatuses[0].state.waiting.message;

describe("a private image", () => {
  test("is refused to who has no account, in the registry's words", () => {
    const w = world(podOf("x", "user/private:v3"), podOf("y", "quay.io/team/own"));
    const name = "docker.io/user/private:v3";
    const text = `failed to pull and unpack image "${name}": failed to resolve reference "${name}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`;
    expect(state(w, "x")).toBe("0/1 ImagePullBackOff");
    expect(message(w, "x")).toBe(`Back-off pulling image "user/private:v3": ErrImagePull: ${text}`);
    const events = w
      .get("/api/v1/namespaces/default/events")
      .items.filter(
        (event: { involvedObject: { name: string } }) => event.involvedObject.name === "x",
      )
      .map((event: { message: string }) => event.message);
    expect(events).toContain(`Failed to pull image "user/private:v3": ${text}`);
    expect(events).toContain("Error: ErrImagePull");
    expect(message(w, "y")).toContain(
      "unexpected status from HEAD request to https://quay.io/v2/team/own/manifests/latest: 401 Unauthorized",
    );
  });

  test.each<[string, string, string]>([
    ["user/private:v3", "hub", "1/1 Running"],
    ["docker.io/user/private:v1", "hub-name", "1/1 Running"],
    ["user/private:v3", "quay", "0/1 ImagePullBackOff"],
    ["user/private:v3", "absent", "0/1 ImagePullBackOff"],
    ["user/private:v2", "hub", "0/1 ImagePullBackOff"],
    ["quay.io/team/own", "quay", "1/1 Running"],
    ["quay.io/team/own", "quay-team", "1/1 Running"],
    ["quay.io/team/own", "any", "1/1 Running"],
    ["quay.io/team/own", "quay-other", "0/1 ImagePullBackOff"],
    ["quay.io/team/own", "quay-wrong", "0/1 ImagePullBackOff"],
  ])("%s with secret %s: %s", (reference, name, expected) => {
    const w = world(podOf("x", reference, pulling("x", name)));
    expect(state(w, "x")).toBe(expected);
  });

  test("takes the secret of the Pod's service account, and one that comes later", () => {
    const w = world({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "puller", namespace: "default" },
      imagePullSecrets: [{ name: "hub" }],
    });
    w.create(
      podOf("x", "user/private:v3", { spec: { serviceAccountName: "puller" } }),
      podOf("y", "user/private:v3", pulling("y", "later")),
    );
    w.advance(20_000);
    expect([state(w, "x"), state(w, "y")]).toEqual(["1/1 Running", "0/1 ImagePullBackOff"]);
    w.create(secret("later", "docker.io", "me", "x"));
    w.advance(400_000);
    expect(state(w, "y")).toBe("1/1 Running");
    const from = { pod: "default/x" };
    const page = w.ask(from, { host: w.ip("y"), port: 80, path: "/" });
    expect(page).toMatchObject({ response: { body: expect.stringContaining("user/private:v3") } });
  });
});

describe("a private image that is on the node already", () => {
  const on = (name: string, policy: string, ...secrets: string[]): object => {
    const made = pulling(name, ...secrets) as { spec: object; container: object };
    return podOf(name, "quay.io/team/own", {
      ...made,
      spec: { ...made.spec, nodeName: "node-1" },
      container: { ...made.container, imagePullPolicy: policy },
    });
  };
  /** What was said of the image of a Pod, the moments left out. */
  const told = (w: NetworkWorld, name: string): string[] =>
    w
      .get("/api/v1/namespaces/default/events")
      .items.filter(
        (event: { involvedObject: { name: string } }) => event.involvedObject.name === name,
      )
      .map(({ reason, message: text }: { reason: string; message: string }) =>
        `${reason}: ${text}`.replace(/ in \S+ \(.*/, " in TIME"),
      )
      .filter((line: string) => line.includes("quay.io"));
  const there =
    'Pulled: Container image "quay.io/team/own" already present on machine and can be accessed by the pod';
  const pulled = 'Pulled: Successfully pulled image "quay.io/team/own" in TIME';
  const asked = 'Pulling: Pulling image "quay.io/team/own"';

  test.each<[string, string, string[], string]>([
    ["the same secret", "IfNotPresent", ["quay"], there],
    ["another secret with the same account", "Never", ["quay-team"], there],
    ["no secret", "IfNotPresent", [], asked],
    ["a wrong account", "IfNotPresent", ["quay-wrong"], asked],
    [
      "no secret and Never",
      "Never",
      [],
      'ErrImageNeverPull: Container image "quay.io/team/own" is not present with pull policy of Never',
    ],
  ])("%s", (_what, policy, secrets, first) => {
    const w = world(on("first", "IfNotPresent", "quay"));
    expect(told(w, "first")).toEqual([asked, pulled]);
    w.create(on("x", policy, ...secrets));
    w.advance(8_000);
    expect(told(w, "x")[0]).toBe(first);
    if (first === asked) expect(state(w, "x")).toMatch(/^0\/1 (ErrImagePull|ImagePullBackOff)$/);
  });

  test("what the registry takes no more stays open to the secret that it came with", () => {
    const w = world(on("first", "IfNotPresent", "quay"));
    const own = w.get("/apis/podyard.dev/v1/images/own");
    own.spec.credentials.password = "new";
    w.request("PUT", "/apis/podyard.dev/v1/images/own", own);
    w.create(on("x", "IfNotPresent", "quay"));
    w.advance(2_000);
    expect(told(w, "x")).toEqual([there]);
    expect(state(w, "x")).toBe("1/1 Running");
  });

  test("a public image that came with an account is asked for again without one, and then everybody's", () => {
    const w = world();
    const web = (name: string, ...secrets: string[]): object =>
      podOf(name, "nginx:1.29", {
        spec: { nodeName: "node-1", imagePullSecrets: secrets.map((one) => ({ name: one })) },
      });
    const of = (name: string): string[] =>
      w
        .get("/api/v1/namespaces/default/events")
        .items.filter(
          (event: { involvedObject: { name: string } }) => event.involvedObject.name === name,
        )
        .map(({ reason }: { reason: string }) => reason)
        .filter((reason: string) => reason.startsWith("Pull"));
    const reasons: Record<string, string[]> = {};
    for (const [name, ...secrets] of [["a", "hub"], ["b"], ["c"]]) {
      w.create(web(name!, ...secrets));
      w.advance(20_000);
      reasons[name!] = of(name!);
    }
    expect(reasons).toEqual({ a: ["Pulling", "Pulled"], b: ["Pulling", "Pulled"], c: ["Pulled"] });
  });
});
