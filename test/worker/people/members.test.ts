import { beforeEach, expect, test } from "vitest";
import { bearer, configMap, edge, lineReader, post, type Made } from "../edge.ts";
import {
  asked,
  invitation,
  key,
  member,
  own,
  owner,
  token,
  type Headers_,
  type Person,
} from "./persons.ts";

/** People share a sandbox: what they may, and that it ends at once, also what is open. */

let me: Person;
let made: Made & { secret: string };
const configMaps = "/api/v1/namespaces/default/configmaps";

beforeEach(async () => {
  ({ person: me, made } = await owner({ seed: 3 }));
});

const kube = (path: string, headers: Headers_, init: RequestInit = {}): Promise<Response> =>
  edge(`/sandboxes/${made.id}${path}`, {
    ...init,
    headers: { "content-type": "application/json", ...headers },
  });
const write = (headers: Headers_, name: string): Promise<Response> =>
  kube(configMaps, headers, { method: "POST", body: JSON.stringify(configMap(name)) });
const change = (id: string, role: string): Promise<void> =>
  asked(
    `/api/sandboxes/${made.id}/members/${id}`,
    { ...post({ role }), method: "PATCH", headers: me.headers },
    204,
  );
const remove = (id: string, by: Headers_): Promise<void> =>
  asked(`/api/sandboxes/${made.id}/members/${id}`, { method: "DELETE", headers: by }, 204);

async function watch(headers: Headers_) {
  const lines = lineReader(await kube(`${configMaps}?watch=true`, headers));
  expect(await lines.next()).toContain("kube-root-ca.crt");
  return lines;
}

const status = async (response: Promise<Response>): Promise<number> => {
  const answer = await response;
  await answer.arrayBuffer();
  return answer.status;
};

test("an editor writes, a viewer reads; neither may hand out more than they have", async () => {
  const editor = await member(me.headers, made.id, "editor");
  const viewer = await member(me.headers, made.id, "viewer");
  expect(await status(write(editor.headers, "a"))).toBe(201);
  expect(await status(write(viewer.headers, "b"))).toBe(403);
  expect(await status(kube(configMaps, viewer.headers))).toBe(200);
  expect(await status(kube("/api/v1/namespaces/default/secrets", viewer.headers))).toBe(403);
  for (const [by, role] of [
    [viewer, "editor"],
    [viewer, "owner"],
    [editor, "owner"],
  ] as const) {
    const response = await edge(`/api/sandboxes/${made.id}/keys`, {
      ...post({ role }),
      headers: by.headers,
    });
    expect(response.status).toBe(403);
  }
  const invite = await edge(`/api/sandboxes/${made.id}/invitations`, {
    ...post({ role: "owner" }),
    headers: editor.headers,
  });
  expect(invite.status).toBe(403);
});

test("by a key, whatever it is called, a member is who the others know", async () => {
  const { secret } = await invitation(me.headers, made.id, "editor");
  const init = post({ name: "learner" });
  const joined = await edge(`/api/invitations/${secret}/accept`, init);
  const cookie = joined.headers.get("set-cookie")!.split(";")[0]!;
  const kubeconfig = await asked<{ kubeconfig: string }>(
    `/api/sandboxes/${made.id}/keys`,
    { ...post({ name: "kubernetes" }), headers: { cookie, origin: own } },
    201,
  );
  const headers = bearer(/token: (\S+)/.exec(kubeconfig.kubeconfig)![1]!);
  const whoAmI = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const answer = await kube(whoAmI, headers, { method: "POST", body: "{}" });
  expect(await answer.json()).toMatchObject({ status: { userInfo: { username: "learner" } } });
});

test("a smaller role ends what the greater one has open, and its keys", async () => {
  const one = await member(me.headers, made.id, "editor");
  const own = await key(one.headers, made.id);
  const [byCookie, byKey, mine] = [
    await watch(one.headers),
    await watch(bearer(own.secret)),
    await watch(me.headers),
  ];
  await change(one.id, "viewer");
  expect(await byCookie.next()).toBeUndefined();
  expect(await byKey.next()).toBeUndefined();
  expect(await status(kube(configMaps, bearer(own.secret)))).toBe(401);
  expect(await status(write(one.headers, "refused"))).toBe(403);
  expect(await status(write(me.headers, "after"))).toBe(201);
  expect(await mine.next()).toContain('"after"');
  await mine.stop();
});

test("who is removed, or leaves, has nothing open any more, by cookie, key or token", async () => {
  for (const leaves of [true, false]) {
    const one = await member(me.headers, made.id, "editor");
    const own = await key(one.headers, made.id);
    const program = await token(one.headers, ["sandboxes:read", "sandboxes:write"]);
    const all = [one.headers, bearer(own.secret), bearer(program.token)];
    const open = await Promise.all(all.map(watch));
    await (leaves ? remove("me", one.headers) : remove(one.id, me.headers));
    for (const lines of open) expect(await lines.next()).toBeUndefined();
    expect(await Promise.all(all.map((headers) => status(kube(configMaps, headers))))).toEqual([
      404, 401, 404,
    ]);
    expect(await asked(`/api/sandboxes`, { headers: one.headers }, 200)).toEqual({ sandboxes: [] });
  }
});

test("a revoked API token's watch ends", async () => {
  const program = await token(me.headers, ["sandboxes:read"]);
  const lines = await watch(bearer(program.token));
  expect(await status(write(bearer(program.token), "a"))).toBe(403);
  await asked(`/api/me/tokens/${program.id}`, { method: "DELETE", headers: me.headers }, 204);
  expect(await lines.next()).toBeUndefined();
  expect(await status(kube(configMaps, bearer(program.token)))).toBe(401);
});

test("a session that is signed out ends what it has open, and no other's", async () => {
  const other = await member(me.headers, made.id, "viewer");
  const [cut, kept] = [await watch(me.headers), await watch(other.headers)];
  await asked("/api/me/sessions/current", { method: "DELETE", headers: me.headers }, 204);
  expect(await cut.next()).toBeUndefined();
  expect(await status(edge("/api/me", { headers: me.headers }))).toBe(401);
  await write(bearer(made.secret), "after");
  expect(await kept.next()).toContain('"after"');
  await kept.stop();
});

test("an invitation that was withdrawn is answered as one that never was", async () => {
  const one = await invitation(me.headers, made.id, "viewer");
  expect(await status(edge(`/api/invitations/${one.secret}`))).toBe(200);
  await asked(
    `/api/sandboxes/${made.id}/invitations/${one.id}`,
    { method: "DELETE", headers: me.headers },
    204,
  );
  const texts = await Promise.all(
    [one.secret, "A".repeat(43)].map(async (secret) =>
      (await edge(`/api/invitations/${secret}/accept`, post({}))).text(),
    ),
  );
  expect(texts[0]).toContain("withdrawn");
  expect(texts[0]).toBe(texts[1]);
});

test("by cookie the Kubernetes API answers pages of this origin, and no proxy", async () => {
  const { cookie } = me.headers;
  const from = (headers: Headers_): Headers_ => ({ cookie: cookie!, ...headers });
  expect(await status(write(from({ origin: own }), "a"))).toBe(201);
  expect(await status(write(from({ origin: "https://elsewhere.test" }), "b"))).toBe(403);
  expect(await status(write(from({ "sec-fetch-site": "cross-site" }), "b"))).toBe(403);
  expect(await status(kube("/api/v1/namespaces/default/services/a:80/proxy/", me.headers))).toBe(
    403,
  );
  const upgrade = { upgrade: "websocket", "sec-websocket-protocol": "binary.k8s.io" };
  const foreign = from({ ...upgrade, origin: "https://elsewhere.test" });
  expect(await status(kube(`${configMaps}?watch=true`, foreign))).toBe(403);
  const socket = await kube(`${configMaps}?watch=true`, from({ ...upgrade, origin: own }));
  expect(socket.status).toBe(101);
  socket.webSocket!.accept();
  socket.webSocket!.close();
});
