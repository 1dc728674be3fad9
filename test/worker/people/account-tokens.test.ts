import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bearer, edge, inside, lineReader, type Made, post, stubOf } from "../edge.ts";
import {
  asked,
  key,
  member,
  owner,
  session,
  token,
  type Headers_,
  type Person,
} from "./persons.ts";

/** Tokens of service accounts open a sandbox for whoever has them: they end when somebody who could read them loses that. */

let me: Person;
let made: Made & { secret: string };
const core = "/api/v1/namespaces/default";
const robot = `${core}/serviceaccounts/default/token`;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 });
  ({ person: me, made } = await owner({ seed: 3, nodes: 1 }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const at = (path: string): string => `/api/sandboxes/${made.id}${path}`;

async function as<T>(by: Headers_, path: string, body?: unknown, status = 201): Promise<T> {
  const headers = { "content-type": "application/json", ...by };
  const init = body === undefined ? { headers } : { ...post(body), headers };
  return asked(`/sandboxes/${made.id}${path}`, init, body === undefined ? 200 : status);
}

interface Secret {
  data: { token: string };
}

const legacy = {
  apiVersion: "v1",
  kind: "Secret",
  type: "kubernetes.io/service-account-token",
  metadata: { name: "robot", annotations: { "kubernetes.io/service-account.name": "default" } },
};

/** One by TokenRequest, one that lies in a Secret for ever. */
async function minted(by: Headers_): Promise<string[]> {
  const { status } = await as<{ status: { token: string } }>(by, robot, {
    spec: { expirationSeconds: 315_360_000 },
  });
  await as(by, `${core}/secrets`, legacy);
  return [status.token, await held()];
}

async function held(): Promise<string> {
  const { data } = await as<Secret>(me.headers, `${core}/secrets/robot`);
  return atob(data.token);
}

/** 403: it is somebody, who may not list Pods. */
const opens = (tokens: string[]): Promise<number[]> =>
  Promise.all(
    tokens.map(async (one) => {
      const response = await edge(`${core}/pods`, { headers: bearer(one) });
      await response.arrayBuffer();
      return response.status;
    }),
  );

const change = (id: string, role: string): Promise<void> =>
  asked(at(`/members/${id}`), { ...post({ role }), method: "PATCH", headers: me.headers }, 204);

test("what an editor minted ends with the role, and the cluster's Secrets hold new ones", async () => {
  const one = await member(me.headers, made.id, "editor");
  const tokens = await minted(one.headers);
  expect(await opens(tokens)).toEqual([403, 403]);
  await change(one.id, "viewer");
  expect(await opens(tokens)).toEqual([401, 401]);
  const anew = await held();
  expect(anew).not.toBe(tokens[1]);
  expect(await opens([anew])).toEqual([403]);
  await evictDurableObject(stubOf(made));
  expect(await opens([...tokens, anew])).toEqual([401, 401, 403]);
});

test("so it is with the membership, whoever minted them, while the sandbox sleeps", async () => {
  const one = await member(me.headers, made.id, "editor");
  const tokens = await minted(me.headers);
  await evictDurableObject(stubOf(made));
  await asked(at(`/members/${one.id}`), { method: "DELETE", headers: me.headers }, 204);
  expect(await opens(tokens)).toEqual([401, 401]);
  expect(await opens([await held()])).toEqual([403]);
});

test("what such a token has open ends too, and what others have open goes on", async () => {
  const bind = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "robot" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
    subjects: [{ kind: "ServiceAccount", name: "default", namespace: "default" }],
  };
  await as(me.headers, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", bind);
  const one = await member(me.headers, made.id, "editor");
  const [minted_] = await minted(one.headers);
  const watch = async (path: string, headers: Headers_) => {
    const lines = lineReader(await edge(`${path}${core}/configmaps?watch=true`, { headers }));
    expect(await lines.next()).toContain("kube-root-ca.crt");
    return lines;
  };
  const theirs = await watch("", bearer(minted_!));
  const mine = await watch(`/sandboxes/${made.id}`, me.headers);
  await change(one.id, "viewer");
  expect(await theirs.next()).toBeUndefined();
  await as(me.headers, `${core}/configmaps`, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "after" },
  });
  expect(await mine.next()).toContain('"after"');
  await mine.stop();
});

test("a revoked key, API token or distrusted session ends them; a viewer's end, or one's own signing out, does not", async () => {
  let tokens = await minted(me.headers);
  const stays = async (ending: () => Promise<unknown>): Promise<boolean> => {
    await ending();
    const codes = await opens(tokens);
    if (codes[0] === 403) return true;
    expect(codes).toEqual([401, 401]);
    const { status } = await as<{ status: { token: string } }>(me.headers, robot, { spec: {} });
    tokens = [status.token, await held()];
    return false;
  };
  const ended = (path: string, by: Headers_) => asked(path, { method: "DELETE", headers: by }, 204);
  const revoke = async (role: string) =>
    ended(at(`/keys/${(await key(me.headers, made.id, role)).id}`), me.headers);
  expect(await stays(() => revoke("viewer"))).toBe(true);
  expect(await stays(() => revoke("editor"))).toBe(false);
  const viewer = await member(me.headers, made.id, "viewer");
  expect(await stays(() => ended(at(`/members/${viewer.id}`), me.headers))).toBe(true);
  const reading = await token(me.headers, ["sandboxes:read"]);
  expect(await stays(() => ended(`/api/me/tokens/${reading.id}`, me.headers))).toBe(true);
  const writing = await token(me.headers, ["sandboxes:write"]);
  expect(await stays(() => ended(`/api/me/tokens/${writing.id}`, me.headers))).toBe(false);
  const second = await session(me.id);
  expect(await stays(() => ended("/api/me/sessions/current", second.headers))).toBe(true);
  const lost = await session(me.id);
  expect(await stays(() => ended(`/api/me/sessions/${lost.id}`, me.headers))).toBe(false);
});

test("a token that only reads is a viewer: it reads no Secrets, and shows no preview", async () => {
  await minted(me.headers);
  const reading = await token(me.headers, ["sandboxes:read"]);
  const ask = async (path: string): Promise<number> => {
    const response = await edge(path, { headers: bearer(reading.token) });
    await response.arrayBuffer();
    return response.status;
  };
  expect(await ask(`/sandboxes/${made.id}${core}/pods`)).toBe(200);
  expect(await ask(`/sandboxes/${made.id}${core}/secrets/robot`)).toBe(403);
  const { revision } = await asked<{ revision: number }>(
    at("/timeline"),
    { headers: me.headers },
    200,
  );
  expect(await ask(at(`/at/${revision}${core}/secrets/robot`))).toBe(403);
  expect(await ask(at("/preview"))).toBe(403);
});

test("an invented token loads no cluster, keeps no time going and puts off no end", async () => {
  const tokens = await minted(me.headers);
  const [head = "", body = ""] = tokens[0]!.split(".");
  const invented = `${head}.${body}.${"A".repeat(86)}`;
  await evictDurableObject(stubOf(made));
  vi.setSystemTime(Date.now() + 3 * 3_600_000);
  const before = await env.DB.prepare("SELECT expires_at FROM sandboxes WHERE id = ?")
    .bind(made.id)
    .first("expires_at");
  expect(await opens([invented])).toEqual([401]);
  const version = await edge("/version", { headers: bearer(invented) });
  await version.arrayBuffer();
  const loaded = await runInDurableObject(
    stubOf(made),
    (instance) => inside<{ loaded: unknown }>(instance).loaded !== undefined,
  );
  expect(loaded).toBe(false);
  const after = await env.DB.prepare("SELECT expires_at FROM sandboxes WHERE id = ?")
    .bind(made.id)
    .first("expires_at");
  expect(after).toBe(before);
  // A genuine one does: it is a use.
  expect(await opens([tokens[1]!])).toEqual([403]);
  await expect
    .poll(() =>
      env.DB.prepare("SELECT expires_at FROM sandboxes WHERE id = ?")
        .bind(made.id)
        .first("expires_at"),
    )
    .toBeGreaterThan(before as number);
});
