import { expect, test } from "vitest";
import { bearer, configMap, edge, post } from "./edge.ts";
import { asked, invitation, member, owner, own, type Headers_ } from "./people/persons.ts";
import { Visitor } from "./visitor.ts";

/** What somebody with an account tried. */

const json = (by: Headers_, body: unknown, method = "POST"): RequestInit => ({
  method,
  headers: { "content-type": "application/json", "cf-connecting-ip": crypto.randomUUID(), ...by },
  body: JSON.stringify(body),
});
const status = async (response: Response | Promise<Response>): Promise<number> => {
  const answer = await response;
  await answer.arrayBuffer();
  return answer.status;
};

const hidden = {
  "turned around": "ana\u202egro",
  isolated: "a\u2066b",
  "a mark": "a\u200fb",
  "a zero-width space": "a\u200bb",
  "a byte order mark": "a\ufeffb",
  "a tag": "a\u{e0041}",
  "a filler": "\u3164",
  "a blank": "\u2800",
  "half a character": "a\ud800",
  "a control": "a\u0007",
  "two lines": "a\u2028b",
  "joiners alone": "\u200d\u200d",
};

test.each(Object.entries(hidden))("no name that others read holds %s", async (_what, text) => {
  const { person, made } = await owner({ nodes: 1 });
  const by = person.headers;
  const at = `/api/sandboxes/${made.id}`;
  const { secret } = await invitation(by, made.id, "viewer");
  for (const [path, body, method] of [
    ["/api/sandboxes", { title: text }, "POST"],
    [at, { title: text }, "PATCH"],
    [`${at}/keys`, { name: text }, "POST"],
    [`${at}/snapshots`, { title: text }, "POST"],
    [`${at}/fork`, { title: text }, "POST"],
    ["/api/scenarios", { title: text }, "POST"],
    ["/api/me/tokens", { name: text, scopes: ["account:read"] }, "POST"],
    [`/api/invitations/${secret}/accept`, { name: text }, "POST"],
  ] as const) {
    expect([path, await status(edge(path, json(by, body, method)))]).toEqual([path, 400]);
  }
  // What is no character does not come in an address.
  const whole = !/\p{Cs}/u.test(text);
  const uploaded = edge(`/api/snapshots?title=${encodeURIComponent(whole ? text : "x")}`, {
    method: "POST",
    headers: by,
    body: "x",
  });
  expect(await status(uploaded)).toBe(whole ? 400 : 422);
});

test("names in any script, and emoji of several parts, are names", async () => {
  const { person, made } = await owner({ nodes: 1 });
  for (const title of ["Zoë", "日本語", "می‌خواهم", "👩‍🏫 class", "नमस्ते", "עברית"]) {
    const answer = await asked<{ title: string }>(
      `/api/sandboxes/${made.id}`,
      json(person.headers, { title }, "PATCH"),
      200,
    );
    expect(answer.title).toBe(title);
  }
});

test("sandboxes made at once, by creation or fork, are no more than one person may have", async () => {
  const visitor = new Visitor({ SANDBOXES_PER_PERSON_MAX: "4", CREATES_PER_MINUTE_MAX: "" });
  const make = async (path = "/api/sandboxes"): Promise<Response> =>
    visitor.ask(path, {
      method: "POST",
      body: JSON.stringify(path.endsWith("fork") ? {} : { nodes: 1 }),
    });
  const { id } = (await (await make()).json()) as { id: string };
  const made = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      make(i % 2 === 0 ? undefined : `/api/sandboxes/${id}/fork`).then(status),
    ),
  );
  expect(made.filter((code) => code === 201)).toHaveLength(3);
  expect(made.filter((code) => code === 409)).toHaveLength(9);
  const { sandboxes } = await visitor.read<{ sandboxes: unknown[] }>("/api/sandboxes");
  expect(sandboxes).toHaveLength(4);
});

test("a lab that is started many times at once is one", async () => {
  const visitor = new Visitor({ CREATES_PER_MINUTE_MAX: "" });
  await visitor.post("/api/sandboxes", { nodes: 1 });
  const start = async (): Promise<[number, string]> => {
    const response = await visitor.post("/api/scenarios/first-pods/start");
    const { id } = (await response.json()) as { id: string };
    return [response.status, id];
  };
  const started = await Promise.all(Array.from({ length: 6 }, start));
  expect(started.filter(([code]) => code === 201)).toHaveLength(1);
  expect(new Set(started.map(([, id]) => id)).size).toBe(1);
  const { sandboxes } = await visitor.read<{ sandboxes: unknown[] }>("/api/sandboxes");
  expect(sandboxes).toHaveLength(2);
  expect((await visitor.post("/api/scenarios/first-pods/start", { new: true })).status).toBe(201);
});

test("manifests of very many documents are refused before they are parsed", async () => {
  const { person } = await owner({ nodes: 1 });
  const manifests = "#\n---\n".repeat(400_000);
  const response = await edge("/api/sandboxes", json(person.headers, { from: { manifests } }));
  expect([response.status, await response.text()]).toEqual([
    422,
    expect.stringContaining("more than 5000 documents"),
  ]);
});

test("where visitors show that they are human, no other way makes a sandbox without", async () => {
  const visitor = new Visitor({ CREATES_PER_MINUTE_MAX: "" });
  const made = await visitor.post("/api/sandboxes", { nodes: 1 });
  const { id } = (await made.json()) as { id: string };
  const checked = new Visitor({ TURNSTILE_SECRET: "secret", TURNSTILE_SITE_KEY: "site" });
  for (const [name, value] of visitor.cookies) checked.cookies.set(name, value);
  for (const path of [
    "/api/sandboxes",
    `/api/sandboxes/${id}/fork`,
    "/api/scenarios/first-pods/start",
  ]) {
    const response = await checked.post(path);
    expect([path, response.status, await response.text()]).toEqual([
      path,
      403,
      expect.stringContaining('"turnstileSiteKey":"site"'),
    ]);
  }
});

test("snapshots are refused before the sandbox is asked for them", async () => {
  const visitor = new Visitor({ SNAPSHOTS_PER_PERSON_MAX: "2", CREATES_PER_MINUTE_MAX: "" });
  const response = await visitor.post("/api/sandboxes", { nodes: 1 });
  const { id } = (await response.json()) as { id: string };
  const take = (): Promise<number> => status(visitor.post(`/api/sandboxes/${id}/snapshots`));
  const taken = await Promise.all(Array.from({ length: 6 }, take));
  expect(taken.filter((code) => code === 201)).toHaveLength(2);
  const refused = await visitor.post("/api/snapshots");
  expect([refused.status, await refused.text()]).toEqual([
    409,
    expect.stringContaining("SNAPSHOTS_PER_PERSON_MAX"),
  ]);
  expect(await take()).toBe(409);
});

test("however the proxy is written, a cookie does not open it", async () => {
  const { person, made } = await owner({ nodes: 1 });
  const service = `/sandboxes/${made.id}/api/v1/namespaces/default/services/kubernetes:443`;
  for (const proxy of [
    "proxy/",
    "%70roxy/",
    "pro%78y/",
    "%70%72%6f%78%79",
    "/proxy/",
    "proxy/../proxy/x",
    "x%2f..%2fproxy/",
  ]) {
    for (const method of ["GET", "POST"]) {
      const { cookie } = person.headers;
      const response = await edge(`${service}/${proxy}`, {
        method,
        headers: { cookie: cookie!, origin: own },
      });
      const { message } = (await response.json()) as { message: string };
      expect([proxy, method, response.status, message]).toEqual([
        proxy,
        method,
        403,
        expect.stringContaining("a cookie opens no proxy"),
      ]);
    }
  }
});

test("an encoded watch is a watch", async () => {
  const { made } = await owner({ nodes: 1 });
  const response = await edge(
    `/sandboxes/${made.id}/api/v1/%77atch/namespaces/default/configmaps`,
    { headers: bearer(made.secret) },
  );
  expect([response.status, response.headers.get("content-type")]).toEqual([
    200,
    "application/json",
  ]);
  await response.body!.cancel();
});

test("paths that mean to leave a sandbox lead nowhere", async () => {
  const { made } = await owner({ nodes: 1 });
  const { made: other } = await owner({ nodes: 1 });
  const by = bearer(made.secret);
  const init = json(by, configMap("planted"));
  for (const path of [
    `/sandboxes/${made.id}/../${other.id}/api/v1/namespaces/default/configmaps`,
    `/sandboxes/${made.id}/..%2f${other.id}/api/v1/namespaces/default/configmaps`,
    `/sandboxes/${made.id}%2f..%2f${other.id}/api/v1/namespaces/default/configmaps`,
    `/sandboxes/${made.id};${other.id}/api/v1/namespaces/default/configmaps`,
    `/sandboxes//${other.id}/api/v1/namespaces/default/configmaps`,
    `/sandboxes/${made.id}/sandboxes/${other.id}/api/v1/namespaces/default/configmaps`,
    `//sandboxes/${other.id}/api/v1/namespaces/default/configmaps`,
    `/sandboxes/${other.id.toUpperCase()}/api/v1/namespaces/default/configmaps`,
    `/api/sandboxes/${made.id}/../${other.id}/undo`,
    `/api/sandboxes/${made.id}%2f..%2f${other.id}/keys`,
    `/api//sandboxes/${other.id}/keys`,
  ]) {
    expect([path, await status(edge(path, init))]).toEqual([
      path,
      expect.toSatisfy((code: number) => code === 401 || code === 404),
    ]);
  }
  const list = await edge(`/sandboxes/${other.id}/api/v1/namespaces/default/configmaps`, {
    headers: bearer(other.secret),
  });
  expect(await list.text()).not.toContain("planted");
});

test("no header changes the method, the host or who asks", async () => {
  const { person, made } = await owner({ nodes: 1 });
  const viewer = await member(person.headers, made.id, "viewer");
  const stranger = (await owner({ nodes: 1 })).person;
  const at = `/api/sandboxes/${made.id}`;
  for (const more of [
    { "x-http-method-override": "DELETE" },
    { "x-http-method": "DELETE" },
    { "x-method-override": "DELETE" },
    { "x-original-url": "/api/me", "x-rewrite-url": "/api/me" },
    { "x-forwarded-host": "evil.test", "x-forwarded-proto": "http", forwarded: "host=evil.test" },
    { "x-forwarded-user": person.id, "remote-user": person.id, "podyard-user": person.id },
  ] as Headers_[]) {
    const read = await edge(at, { headers: { ...viewer.headers, ...more } });
    const text = await read.text();
    expect([more, read.status, text.includes("evil"), text.includes('"viewer"')]).toEqual([
      more,
      200,
      false,
      true,
    ]);
    expect(await status(edge(at, { headers: { ...stranger.headers, ...more } }))).toBe(404);
    const posted = await edge(`${at}?_method=DELETE`, {
      method: "POST",
      headers: { ...person.headers, ...more },
    });
    expect(await status(posted)).toBe(404);
  }
  expect(await status(edge(at, { headers: person.headers }))).toBe(200);
});

test("two cookies of one name, two tokens, a cookie beside a key: never more than one of them", async () => {
  const { person, made } = await owner({ nodes: 1 });
  const { person: other, made: theirs } = await owner({ nodes: 1 });
  const pair = (one: Headers_): string => one["cookie"]!;
  const read = (headers: Headers_, id = made.id): Promise<number> =>
    status(edge(`/api/sandboxes/${id}`, { headers }));
  const both = `${pair(other.headers)}; ${pair(person.headers)}`;
  expect([await read({ cookie: both }), await read({ cookie: both }, theirs.id)]).toEqual([
    404, 200,
  ]);
  expect(await read({ cookie: pair(person.headers), ...bearer(theirs.secret) })).toBe(401);
  expect(await read({ authorization: `Bearer ${theirs.secret}, Bearer ${made.secret}` })).toBe(401);
  expect(await read({ authorization: `Bearer ${made.secret} ${theirs.secret}` })).toBe(401);
});

test("an Idempotency-Key is one's own", async () => {
  const { person } = await owner({ nodes: 1 });
  const { person: other } = await owner({ nodes: 1 });
  const keyed = (by: Headers_) => json({ ...by, "idempotency-key": "same" }, { nodes: 1 });
  const first = await edge("/api/sandboxes", keyed(person.headers));
  const second = await edge("/api/sandboxes", keyed(other.headers));
  const [one, two] = [await first.json<{ id: string }>(), await second.json<{ id: string }>()];
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(one.id).not.toBe(two.id);
});

test("forged cursors show nothing of others", async () => {
  const { person } = await owner({ nodes: 1 });
  const { made: other } = await owner({ nodes: 1 });
  const list = (cursor: string): Promise<Response> =>
    edge(`/api/sandboxes?cursor=${encodeURIComponent(cursor)}`, { headers: person.headers });
  for (const cursor of ["9999999999999999.zzzz", `${Date.now() + 1e6}.${other.id}`]) {
    const text = await (await list(cursor)).text();
    expect(text).not.toContain(other.id);
  }
  for (const cursor of [
    "",
    "1",
    "a.b",
    "1.x' OR 1=1 --",
    "-1.a",
    "1e9.a",
    "1.a.b",
    "99999999999999999.a",
  ]) {
    expect([cursor, await status(list(cursor))]).toEqual([cursor, 400]);
  }
});

test("a socket is opened for nobody but who may", async () => {
  const { person, made } = await owner({ nodes: 1 });
  const stranger = (await owner({ nodes: 1 })).person;
  const upgrade = { upgrade: "websocket", "sec-websocket-protocol": "binary.k8s.io" };
  for (const path of [
    `/api/sandboxes/${made.id}/timeline?follow=true`,
    `/api/sandboxes/${made.id}/at/1/api/v1/pods?watch=true`,
    `/sandboxes/${made.id}/api/v1/pods?watch=true`,
    `/sandboxes/${made.id}/api/v1/namespaces/default/pods/x/exec?command=sh`,
  ]) {
    const ask = (headers: Headers_) => status(edge(path, { headers: { ...upgrade, ...headers } }));
    expect([path, await ask({})]).toEqual([path, 401]);
    expect([path, await ask(stranger.headers)]).toEqual([path, 404]);
    const foreign = { cookie: person.headers["cookie"]!, origin: "https://evil.test" };
    expect([path, await ask(foreign)]).toEqual([path, 403]);
  }
  for (const path of ["/api/me", "/api/sandboxes", "/healthz", "/oembed", "/api/sign-in"]) {
    const response = await edge(path, { headers: { ...upgrade, ...person.headers } });
    expect([path, response.webSocket ?? null]).toEqual([path, null]);
    await response.arrayBuffer();
  }
});

test("pages elsewhere change nothing by forms and simple requests", async () => {
  const { person, made } = await owner({ nodes: 1 });
  const { cookie } = person.headers;
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    for (const from of [
      { origin: "https://evil.test" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
    ] as Headers_[]) {
      const init = {
        ...post({ title: "taken" }),
        headers: { cookie: cookie!, "content-type": type, ...from },
      };
      expect(await status(edge(`/api/sandboxes/${made.id}/keys`, init))).toBe(403);
      expect(await status(edge(`/sandboxes/${made.id}/api/v1/namespaces`, init))).toBe(403);
    }
  }
});
