import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Born, NewSandbox, Source } from "../../durable-objects/birth.ts";
import { writeEdge } from "../../durable-objects/edge-request.ts";
import { userOf } from "../../durable-objects/engine/api/users.ts";
import { MemorySql } from "../../durable-objects/engine/core/memory-sql.ts";
import { Engine, sealed } from "../../durable-objects/engine/index.ts";
import { bearer, configMap, edge, kube, lineReader, make, post, stubOf } from "./edge.ts";

/** What a sandbox is born with, and born with again. */

const pods = "/api/v1/namespaces/default/pods";
const configMaps = "/api/v1/namespaces/default/configmaps";
const identity = { id: "somewhere", secret: "of another sandbox" };

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 }));
afterEach(() => vi.useRealTimers());

let serial = 0;
const newId = (): string => `birth-${++serial}-${crypto.randomUUID()}`;

const birthOf = (id: string, from?: Source): NewSandbox => ({
  id,
  name: "podyard",
  nodes: 1,
  seed: "birth",
  expiresAtMs: Date.now() + 3_600_000,
  ...(from && { from }),
});

const create = async (id: string, from?: Source): Promise<Born> =>
  await env.SANDBOX.getByName(id).create(birthOf(id, from));

/** As the Worker asks for the owner. */
async function ask(id: string, path: string, init: RequestInit = {}): Promise<Response> {
  const grant = {
    ids: ["key:test"],
    role: "owner",
    readAtMs: Date.now(),
    expiresAtMs: Date.now() + 60_000,
  };
  const headers = writeEdge(new Headers(init.headers), {
    grant,
    user: userOf("owner"),
    publicPath: path,
  });
  const answer = await env.SANDBOX.getByName(id).fetch(`https://sandbox${path}`, {
    ...init,
    headers,
  });
  return new Response(await answer.arrayBuffer(), answer);
}

/** A moment of another cluster, with a shell that counts. */
function artefact(): Uint8Array {
  const start = Date.now();
  const engine = new Engine(new MemorySql(), {
    seed: "first",
    nodes: 2,
    name: "first",
    nowMs: start,
    identity,
  });
  const script = "i=0; while true; do i=$((i+1)); echo $i; sleep 1; done";
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "loop" },
    spec: { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script] }] },
  };
  const body = new TextEncoder().encode(JSON.stringify(pod));
  const headers = { "content-type": "application/json" };
  engine.handle({ method: "POST", path: pods, query: "", headers, body }, start);
  engine.run(start + 20_000);
  const made = sealed(() => engine.snapshot(start + 20_000));
  if ("reason" in made) throw new Error(made.reason);
  return made.bytes;
}

const names = async (answer: Response): Promise<string[]> =>
  ((await answer.json()) as { items: { metadata: { name: string } }[] }).items.map(
    (o) => o.metadata.name,
  );

/** Whether an object holds nothing at all. */
const isEmpty = (id: string): Promise<boolean> =>
  runInDurableObject(env.SANDBOX.getByName(id), async (_object, { storage }) => {
    const tables = [...storage.sql.exec("SELECT name FROM sqlite_master WHERE type = 'table'")];
    const own = tables.filter(({ name }) => !String(name).startsWith("_cf_"));
    return (
      own.length === 0 && [...storage.kv.list()].length === 0 && (await storage.getAlarm()) === null
    );
  });

describe("from an artefact", () => {
  test("a sandbox goes on at that moment, with an identity of its own", async () => {
    const [one, two] = [newId(), newId()];
    const bytes = artefact();
    for (const id of [one, two]) expect(await create(id, bytes)).toEqual({ born: true });
    const counted = (await (await ask(one, `${pods}/loop/log`)).text()).trim().split("\n").length;
    expect(counted).toBeGreaterThan(10);
    expect(await names(await ask(one, "/api/v1/nodes"))).toEqual([
      "control-plane",
      "node-1",
      "node-2",
    ]);
    vi.setSystemTime(Date.now() + 5_000);
    expect((await (await ask(one, `${pods}/loop/log`)).text()).trim().split("\n").length).toBe(
      counted + 5,
    );
    const account = "/api/v1/namespaces/default/serviceaccounts/default/token";
    const made = await ask(
      one,
      account,
      post({ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} }),
    );
    const { status } = (await made.json()) as { status: { token: string } };
    const review = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token: status.token },
    };
    const judge = async (id: string): Promise<unknown> => {
      const answer = await ask(id, "/apis/authentication.k8s.io/v1/tokenreviews", post(review));
      return (
        ((await answer.json()) as { status: { authenticated?: boolean } }).status.authenticated ??
        false
      );
    };
    expect([await judge(one), await judge(two)]).toEqual([true, false]);
    // Again, as after an answer that was lost, it changes nothing.
    expect(await create(one, { manifests: "no" })).toEqual({ born: true });
    expect((await ask(one, `${pods}/loop`)).status).toBe(200);
  });

  test("that is none nothing comes, and nothing is left", async () => {
    const id = newId();
    const bytes = artefact();
    bytes[bytes.length - 1]! ^= 1;
    expect(await create(id, bytes)).toEqual({
      born: false,
      reason: "the snapshot is damaged or incomplete: its checksum does not match",
    });
    expect(await create(id, new Uint8Array(10))).toEqual({
      born: false,
      reason: "this is no snapshot",
    });
    expect(await isEmpty(id)).toBe(true);
    expect((await ask(id, pods)).status).toBe(410);
  });
});

const shop = `
# Namespaces come first, wherever they stand.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
---
# nothing here
--- # but a comment
{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
  {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "m-"}}
]}
---
apiVersion: v1
kind: Pod
metadata: {name: alone, namespace: shop}
spec: {containers: [{name: c, image: nginx}]}
`;

describe("from manifests", () => {
  test("a new cluster has what they say", async () => {
    const id = newId();
    expect(await create(id, { manifests: shop })).toEqual({ born: true });
    vi.setSystemTime(Date.now() + 20_000);
    const list = await ask(id, "/api/v1/namespaces/shop/pods");
    const found = (
      (await list.json()) as { items: { metadata: { name: string }; status: { phase: string } }[] }
    ).items;
    expect(found.map(({ status }) => status.phase)).toEqual(["Running", "Running", "Running"]);
    expect(await names(await ask(id, configMaps))).toEqual([
      "kube-root-ca.crt",
      expect.stringMatching(/^m-/),
    ]);
    const web = await ask(id, "/apis/apps/v1/namespaces/shop/deployments/web");
    const { metadata } = (await web.json()) as {
      metadata: { managedFields: { manager: string; operation: string }[] };
    };
    expect(metadata.managedFields[0]).toMatchObject({ manager: "kubectl", operation: "Apply" });
  });

  test("each that is refused is told of, and nothing is left", async () => {
    const id = newId();
    const manifests = `
apiVersion: v1
kind: ConfigMap
metadata: {name: good}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: Bad}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
---
a: b: c
---
apiVersion: v1
kind: Pod
metadata: {name: p}
spec: {containers: [{name: c, image: nginx, imagePullPolicies: Never}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: m, namespace: nowhere}
---
kind: ConfigMap
---
just a text
`;
    const born = await create(id, { manifests });
    expect(born).toEqual({
      born: false,
      reason: "7 of the manifests were refused",
      failures: [
        {
          index: 1,
          kind: "ConfigMap",
          name: "Bad",
          message: expect.stringMatching(/^ConfigMap "Bad" is invalid: metadata.name/),
        },
        {
          index: 2,
          kind: "Widget",
          name: "w",
          message: 'no matches for kind "Widget" in version "example.com/v1"',
        },
        {
          index: 3,
          kind: "",
          name: "",
          message: expect.stringMatching(/mapping values are not allowed in this context/),
        },
        { index: 4, kind: "Pod", name: "p", message: expect.stringMatching(/imagePullPolicies/) },
        { index: 5, kind: "ConfigMap", name: "m", message: 'namespaces "nowhere" not found' },
        { index: 6, kind: "ConfigMap", name: "", message: "Object 'apiVersion' is missing" },
        { index: 7, kind: "", name: "", message: "Object 'Kind' is missing" },
      ],
    });
    expect(await isEmpty(id)).toBe(true);
  });

  test("as many and as long as the limits allow", async () => {
    const many = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: m-}\n".repeat(
      1_001,
    );
    expect(await create(newId(), { manifests: many })).toMatchObject({
      born: false,
      failures: [{ message: "there are more than 1000 manifests" }],
    });
    expect(await create(newId(), { manifests: `# ${"x".repeat(3 * 1024 * 1024)}` })).toMatchObject({
      born: false,
      failures: [{ message: "the manifests are larger than 3145728 bytes" }],
    });
  });
});

describe("a reset", () => {
  const reset = async (id: string, from?: Source): Promise<Born> =>
    await env.SANDBOX.getByName(id).reset(
      {
        ids: ["member:owner"],
        role: "owner",
        readAtMs: Date.now(),
        expiresAtMs: Date.now() + 60_000,
      },
      birthOf(id, from),
    );

  test("makes the cluster anew under the same id and keys, and ends what was open", async () => {
    const made = await make({ seed: 5 });
    const preview = async (): Promise<string> => {
      const answer = await edge(`/api/sandboxes/${made.id}/preview`, {
        headers: bearer(made.secret),
      });
      return ((await answer.json()) as { url: string }).url;
    };
    await kube(made, configMaps, post(configMap("old")));
    const account = "/api/v1/namespaces/default/serviceaccounts/default/token";
    const token = await kube(
      made,
      account,
      post({ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} }),
    );
    const { status } = (await token.json()) as { status: { token: string } };
    const asAccount = async (): Promise<number> =>
      (await edge(configMaps, { headers: bearer(status.token) })).status;
    expect(await asAccount()).toBe(403);
    const shown = await preview();
    const lines = lineReader(await kube(made, `${configMaps}?watch=true&resourceVersion=0`));
    for (const name of ["kube-root-ca.crt", "old"]) expect(await lines.next()).toContain(name);

    expect(await reset(made.id, { manifests: shop })).toEqual({ born: true });
    const last = JSON.parse((await lines.next()) ?? "{}") as { type: string; object: object };
    expect(last).toMatchObject({
      type: "ERROR",
      object: { code: 410, reason: "Expired", message: "the sandbox was reset" },
    });
    expect(await lines.next()).toBeUndefined();
    expect(await names(await kube(made, configMaps))).not.toContain("old");
    expect((await kube(made, "/apis/apps/v1/namespaces/shop/deployments/web")).status).toBe(200);
    expect(await asAccount()).toBe(401);
    expect(await preview()).not.toBe(shown);
    expect((await edge(`${new URL(shown).pathname}default/services/web:80/proxy/`)).status).toBe(
      404,
    );
  });

  test("a command in a Pod ends with the reason", async () => {
    const made = await make({ seed: 6 });
    const id = made.id;
    expect(await reset(id, artefact())).toEqual({ born: true });
    const { webSocket } = await edge(
      `/sandboxes/${id}${pods}/loop/exec?command=sleep&command=1000&stdout=true`,
      {
        headers: {
          ...bearer(made.secret),
          upgrade: "websocket",
          "sec-websocket-protocol": "v5.channel.k8s.io",
        },
      },
    );
    const heard: string[] = [];
    webSocket!.binaryType = "arraybuffer";
    const closed = new Promise<void>((done) => webSocket!.addEventListener("close", () => done()));
    webSocket!.addEventListener("message", ({ data }) => {
      heard.push(new TextDecoder().decode(data as ArrayBuffer));
    });
    webSocket!.accept();
    expect(await reset(id)).toEqual({ born: true });
    await closed;
    expect(heard.at(-1)).toContain("the sandbox was reset");
    expect(await names(await kube(made, pods))).toEqual([]);
  });

  test("whose source is refused changes nothing, nor one of a sandbox that is none", async () => {
    const made = await make({ seed: 7 });
    await kube(made, configMaps, post(configMap("old")));
    const lines = lineReader(await kube(made, `${configMaps}?watch=true`));
    for (const name of ["kube-root-ca.crt", "old"]) expect(await lines.next()).toContain(name);
    expect(await reset(made.id, new Uint8Array(3))).toMatchObject({ born: false });
    expect(await reset(made.id, { manifests: "apiVersion: v1\nkind: None" })).toMatchObject({
      born: false,
    });
    await kube(made, configMaps, post(configMap("new")));
    expect(await lines.next()).toContain("new");
    await lines.stop();
    const id = newId();
    expect(await reset(id)).toMatchObject({ born: false, code: 410 });
    expect(await isEmpty(id)).toBe(true);
  });

  test("lets nobody in again whose access was withdrawn", async () => {
    const made = await make({ seed: 8 });
    const grant = {
      ids: ["key:gone"],
      role: "editor",
      readAtMs: Date.now(),
      expiresAtMs: Date.now() + 60_000,
    };
    const asked = async (): Promise<number> => {
      const headers = writeEdge(new Headers(), {
        grant,
        user: userOf("editor", "jane"),
        publicPath: pods,
      });
      const answer = await stubOf(made).fetch(`https://sandbox${pods}`, { headers });
      await answer.arrayBuffer();
      return answer.status;
    };
    expect(await asked()).toBe(200);
    await stubOf(made).cut("key:gone");
    await reset(made.id);
    expect(await asked()).toBe(401);
  });
});
