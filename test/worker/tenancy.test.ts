import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { routes } from "../../worker/app.ts";
import { mayDo, type Role } from "../../worker/roles.ts";
import type { Row } from "../../worker/route.ts";
import { scopes } from "../../worker/scopes.ts";
import { bearer, edge, type Made } from "./edge.ts";
import {
  asked,
  invitation,
  key,
  member,
  own,
  owner,
  session,
  token,
  type Headers_,
  type Person,
} from "./people/persons.ts";

/** Every route, asked by everybody about what is theirs and what is not. What to expect follows from the row's `who` and `scope`. */

interface Actor {
  name: string;
  headers: Headers_;
  /** Kind of credential; `dead`: a bearer token or cookie that opened something once. */
  by: "session" | "token" | "key" | "nobody" | "dead token" | "dead key";
  /** In the sandbox; absent: none. */
  role?: Role;
  person?: Person;
  /** Of a token. */
  allScopes?: boolean;
}

interface World {
  made: Made & { secret: string };
  owner: Person;
  actors: Actor[];
  /** Somebody else's sandbox, and ids in it. */
  other: { made: Made & { secret: string }; owner: Person; ids: Record<string, string> };
}

afterEach(() => vi.restoreAllMocks());

async function build(): Promise<World> {
  const { person, made } = await owner();
  const other = await owner();
  const by = person.headers;
  const actors: Actor[] = [
    { name: "owner", by: "session", role: "owner", headers: by, person },
    { name: "nobody", by: "nobody", headers: {} },
    {
      name: "owner of another sandbox",
      by: "session",
      headers: other.person.headers,
      person: other.person,
    },
    { name: "key of another sandbox", by: "key", headers: bearer(other.made.secret) },
  ];
  for (const role of ["editor", "viewer"] as const) {
    const one = await member(by, made.id, role);
    actors.push({ name: role, by: "session", role, headers: one.headers, person: one });
    const all = await token(one.headers, scopes);
    actors.push({
      name: `token of ${role}`,
      by: "token",
      role,
      allScopes: true,
      headers: bearer(all.token),
      person: one,
    });
  }
  for (const role of ["owner", "editor", "viewer"] as const) {
    const one = await key(by, made.id, role);
    actors.push({ name: `key of role ${role}`, by: "key", role, headers: bearer(one.secret) });
  }
  const full = await token(by, scopes);
  actors.push(
    {
      name: "token of owner",
      by: "token",
      role: "owner",
      allScopes: true,
      person,
      headers: bearer(full.token),
    },
    ...(await dead(made, person)),
  );
  const stranger = await token(other.person.headers, scopes);
  actors.push({
    name: "token of another's owner",
    by: "token",
    allScopes: true,
    person: other.person,
    headers: bearer(stranger.token),
  });
  return {
    made,
    owner: person,
    actors,
    other: { ...other, owner: other.person, ids: await idsOf(other) },
  };
}

/** Those who could once. */
async function dead(made: Made, person: Person): Promise<Actor[]> {
  const by = person.headers;
  const gone = await member(by, made.id, "editor");
  await asked(
    `/api/sandboxes/${made.id}/members/${gone.id}`,
    { method: "DELETE", headers: by },
    204,
  );
  const cut = await session(person.id);
  await asked(`/api/me/sessions/${cut.id}`, { method: "DELETE", headers: by }, 204);
  const revoked = await key(by, made.id);
  await asked(
    `/api/sandboxes/${made.id}/keys/${revoked.id}`,
    { method: "DELETE", headers: by },
    204,
  );
  const ended = await token(by, scopes);
  await asked(`/api/me/tokens/${ended.id}`, { method: "DELETE", headers: by }, 204);
  return [
    { name: "member who was removed", by: "session", headers: gone.headers, person: gone },
    { name: "session that ended", by: "nobody", headers: cut.headers },
    { name: "revoked key", by: "dead key", headers: bearer(revoked.secret) },
    { name: "revoked token", by: "dead token", headers: bearer(ended.token) },
  ];
}

async function idsOf({ person, made }: Awaited<ReturnType<typeof owner>>) {
  const by = person.headers;
  return {
    key: (await key(by, made.id)).id,
    member: (await member(by, made.id, "viewer")).id,
    invitation: (await invitation(by, made.id, "viewer")).id,
    session: (await session(person.id)).id,
    token: (await token(by, ["account:read"])).id,
  };
}

interface Expectation {
  /** What who may is answered. */
  ok: number;
  body?: unknown;
  /** What the path names, made for this request. */
  params?: (world: World, actor: Actor) => Promise<Record<string, string>> | Record<string, string>;
  /** It ends what others need: in a world of its own. */
  fresh?: boolean;
  /** Where the row's `who` is not all. */
  unless?: (actor: Actor) => number | undefined;
  /** What is refused when the path names something of another sandbox or person: 404, unless said otherwise. */
  foreign?: (actor: Actor) => number;
}

const newMember = async ({ owner: by, made }: World) => ({
  member: (await member(by.headers, made.id, "viewer")).id,
});
/** To a sandbox that nobody else here is asked about: accepting makes members. */
let lobby: Promise<string> | undefined;
const invitationToLobby = () =>
  (lobby ??= owner().then(async ({ person, made }) => {
    const { secret } = await invitation(person.headers, made.id, "viewer");
    return secret;
  }));
const onlyOwners = ({ role }: Actor): number | undefined => (role === "owner" ? undefined : 403);

/** An id that nothing has: who may ask is told so, and who may not is told that. */
const absent = "a".repeat(26);
const noSuch = (more: Partial<Expectation> = {}): Expectation => ({
  ok: 404,
  params: () => ({ id: absent, version: "1" }),
  ...more,
});
const keyless = ({ by }: Actor): number | undefined =>
  by === "key" || by === "dead key" ? 403 : undefined;
const unknown401 = ({ by }: Actor): number | undefined => (by === "nobody" ? 401 : undefined);
/** Signing in is for browsers. */
const browsers = (actor: Actor): number | undefined =>
  actor.by === "token" ? 403 : keyless(actor);

/** A route without a line here fails. */
const expectations: Record<string, Expectation> = {
  "POST /api/sandboxes": { ok: 201, body: {} },
  "GET /api/sandboxes": { ok: 200 },
  "GET /api/sandboxes/:id": { ok: 200 },
  "PATCH /api/sandboxes/:id": { ok: 200, body: { title: "x" } },
  "DELETE /api/sandboxes/:id": { ok: 204, fresh: true },
  "POST /api/sandboxes/:id/keys": { ok: 201, body: { role: "viewer" } },
  "GET /api/sandboxes/:id/keys": { ok: 200 },
  "DELETE /api/sandboxes/:id/keys/:key": {
    ok: 204,
    // Of one's own; a key's holder who is no member has none but the key itself.
    params: async ({ made, owner: by }, { role, person }) => ({
      key: (await key(role && person ? person.headers : by.headers, made.id, "viewer")).id,
    }),
    unless: ({ by, role }) => (by === "key" && role !== "owner" ? 404 : undefined),
  },
  "GET /api/sandboxes/:id/members": { ok: 200 },
  "PATCH /api/sandboxes/:id/members/:member": {
    ok: 204,
    body: { role: "editor" },
    params: newMember,
  },
  "DELETE /api/sandboxes/:id/members/:member": {
    ok: 204,
    params: newMember,
    unless: onlyOwners,
    foreign: (actor) => onlyOwners(actor) ?? 404,
  },
  "POST /api/sandboxes/:id/invitations": { ok: 201, body: {} },
  "GET /api/sandboxes/:id/invitations": { ok: 200 },
  "DELETE /api/sandboxes/:id/invitations/:invitation": {
    ok: 204,
    params: async ({ owner: by, made }, { role }) => ({
      invitation:
        role && mayDo(role, "share") ? (await invitation(by.headers, made.id, "viewer")).id : "0",
    }),
  },
  "GET /api/invitations/:secret": {
    ok: 200,
    params: async () => ({ secret: await invitationToLobby() }),
  },
  "POST /api/invitations/:secret/accept": {
    ok: 200,
    body: {},
    params: async () => ({ secret: await invitationToLobby() }),
    unless: ({ by }) => (by === "key" || by === "dead key" ? 403 : undefined),
  },
  "GET /api/sandboxes/:id/preview": { ok: 200 },
  "POST /api/sandboxes/:id/run": { ok: 200, body: { command: "true" } },
  "GET /api/sandboxes/:id/changes": { ok: 426 },
  "GET /api/sandboxes/:id/terminals": { ok: 200 },
  // Without an upgrade: who may is told so.
  "GET /api/sandboxes/:id/terminals/:name": { ok: 426, params: () => ({ name: "main" }) },
  "DELETE /api/sandboxes/:id/terminals/:name": { ok: 404, params: () => ({ name: "none" }) },
  "GET /api/sandboxes/:id/timeline": { ok: 200 },
  "GET /api/sandboxes/:id/presence": { ok: 200 },
  "GET /api/sandboxes/:id/at/:rev/*": { ok: 410, params: () => ({ rev: "1" }) },
  "POST /api/sandboxes/:id/undo": { ok: 400, body: {} },
  "POST /api/sandboxes/:id/fork": { ok: 201, body: {} },
  "POST /api/sandboxes/:id/reset": { ok: 200, fresh: true },
  "POST /api/sandboxes/:id/snapshots": { ok: 201, body: {} },
  "POST /api/snapshots": { ok: 422 },
  "GET /api/snapshots": { ok: 200 },
  "GET /api/snapshots/:id": noSuch(),
  "PATCH /api/snapshots/:id": noSuch({ body: { title: "x" }, unless: unknown401 }),
  "DELETE /api/snapshots/:id": noSuch({ unless: unknown401 }),
  "GET /api/snapshots/:id/artefact": noSuch(),
  "GET /api/snapshots/:id/thumbnail.svg": noSuch(),
  "GET /api/snapshots/:id/timeline": noSuch(),
  "GET /api/snapshots/:id/kube/*": noSuch(),
  "POST /api/scenarios": { ok: 201, body: { title: "x" } },
  "GET /api/scenarios": { ok: 200, unless: ({ person }) => (person ? undefined : 401) },
  "GET /api/scenarios/:id": noSuch(),
  "GET /api/scenarios/:id/versions/:version": noSuch(),
  "GET /api/scenarios/:id/archive.zip": noSuch(),
  "PATCH /api/scenarios/:id": noSuch({ body: { title: "x" } }),
  "DELETE /api/scenarios/:id": noSuch(),
  "PUT /api/scenarios/:id/files": noSuch({ body: { files: {} } }),
  "POST /api/scenarios/:id/archive.zip": noSuch({ ok: 422 }),
  "POST /api/scenarios/:id/publish": noSuch(),
  "POST /api/scenarios/:id/start": noSuch({ body: {}, unless: keyless }),
  "GET /api/me/labs": { ok: 200 },
  "GET /api/me/labs/:lab": { ok: 404, params: () => ({ lab: absent }) },
  "GET /oembed": { ok: 400 },
  "GET /api/sign-in": { ok: 200 },
  "GET /api/sign-in/:way/start": { ok: 404, params: () => ({ way: "none" }) },
  "GET /api/sign-in/:way/callback": { ok: 404, params: () => ({ way: "none" }) },
  "POST /api/sign-in/passkey/options": { ok: 200, unless: browsers },
  "POST /api/sign-in/passkey/verify": { ok: 400, body: {} },
  "POST /api/sign-in/development": { ok: 404, body: { name: "x" } },
  "GET /api/me/identities": { ok: 200 },
  "DELETE /api/me/identities/:identity": { ok: 404, params: () => ({ identity: "none" }) },
  "GET /api/me/passkeys": { ok: 200 },
  "POST /api/me/passkeys/options": { ok: 200, unless: browsers },
  "POST /api/me/passkeys/verify": { ok: 400, body: {} },
  "DELETE /api/me/passkeys/:passkey": { ok: 404, params: () => ({ passkey: "none" }) },
  "GET /api/me/export": { ok: 200 },
  "DELETE /api/me": { ok: 400, body: { confirm: "nobody" } },
  "GET /api/me": { ok: 200 },
  // Nobody here has signed in: whom only a cookie knows has no name.
  "PATCH /api/me": { ok: 403, body: { name: "Somebody" } },
  "GET /api/me/sessions": { ok: 200 },
  "DELETE /api/me/sessions/:session": {
    ok: 204,
    params: async (_world, { person }) => ({
      session: person ? (await session(person.id)).id : "current",
    }),
  },
  "POST /api/me/tokens": { ok: 201, body: { name: "t", scopes: ["account:read"] } },
  "GET /api/me/tokens": { ok: 200 },
  "DELETE /api/me/tokens/:token": {
    ok: 204,
    params: async (_world, { by, person }) => ({
      token: by === "session" ? (await token(person!.headers, ["account:read"])).id : "0",
    }),
  },
};

/** The one table: what a row's `who` and `scope` say of an actor; undefined: they may. */
function refusal(row: Row, { by, role, person, allScopes }: Actor): number | undefined {
  if (by === "dead token") return 401;
  const lacks = by === "token" && (row.scope === undefined || !allScopes);
  if (row.who === "anyone") return lacks && row.scope !== undefined ? 403 : undefined;
  if (row.who === "person") return person ? (lacks ? 403 : undefined) : 401;
  if (by === "nobody" || by === "dead key") return 401;
  if (role === undefined) return by === "key" ? 401 : 404;
  return !mayDo(role, row.who) || lacks ? 403 : undefined;
}

const nameOf = ({ method, path }: Row): string => `${method} ${path}`;

function ask(
  row: Row,
  params: Record<string, string>,
  actor: Actor,
  body: unknown,
): Promise<Response> {
  const path = row.path.replaceAll(/:(\w+)/g, (_all, name: string) => params[name] ?? name);
  return edge(path, {
    method: row.method,
    headers: { "cf-connecting-ip": crypto.randomUUID(), ...actor.headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

test("each route has its line", () => {
  expect(routes.map(nameOf).filter((name) => !expectations[name])).toEqual([]);
  expect(routes.length).toBeGreaterThan(20);
});

test("each route about a sandbox asks for a role in it, and none else does", () => {
  for (const row of routes) {
    const ofSandbox = row.path.startsWith("/api/sandboxes/:id");
    expect([nameOf(row), row.who !== "anyone" && row.who !== "person"]).toEqual([
      nameOf(row),
      ofSandbox,
    ]);
  }
});

describe("who asks", () => {
  let world: World;
  beforeAll(async () => {
    world = await build();
  });

  const rows = routes.filter((row) => expectations[nameOf(row)]);
  test.each(rows.map((row) => [nameOf(row), row] as const))("%s", async (name, row) => {
    const { ok, body, fresh, params, unless } = expectations[name]!;
    for (const { name: who } of world.actors) {
      const within = fresh ? await buildFor(row, world, who) : world;
      const actor = within.actors.find((one) => one.name === who)!;
      const named = { id: within.made.id, ...(await params?.(within, actor)) };
      const refused = refusal(row, actor);
      const woken = vi.spyOn(env.SANDBOX, "getByName");
      const response = await ask(row, named, actor, body);
      await response.arrayBuffer();
      expect([who, response.status]).toEqual([who, refused ?? unless?.(actor) ?? ok]);
      if (refused !== undefined) expect([who, woken.mock.calls.length]).toEqual([who, 0]);
      woken.mockRestore();
    }
  });

  /** Where somebody may, a world that they may end; the others need none. */
  async function buildFor(row: Row, shared: World, who: string): Promise<World> {
    const actor = shared.actors.find(({ name }) => name === who)!;
    return refusal(row, actor) === undefined ? build() : shared;
  }

  const naming = rows.filter((row) => /:(key|member|invitation|session|token)$/.test(row.path));
  test.each(naming.map((row) => [nameOf(row), row] as const))(
    "%s of another sandbox or person, under one's own",
    async (name, row) => {
      const { body, foreign } = expectations[name]!;
      for (const actor of world.actors) {
        const refused = refusal(row, actor);
        const ids = world.other.ids;
        if (actor.person?.id === world.other.owner.id) continue;
        const response = await ask(row, { ...ids, id: world.made.id }, actor, body);
        expect([actor.name, response.status]).toEqual([
          actor.name,
          refused ?? foreign?.(actor) ?? 404,
        ]);
      }
    },
  );

  test("another's sandbox is answered as one that never was", async () => {
    const stranger = world.actors.find(({ name }) => name === "owner of another sandbox")!;
    for (const row of rows.filter(({ path }) => path.startsWith("/api/sandboxes/:id"))) {
      const { body } = expectations[nameOf(row)]!;
      const texts = [];
      for (const id of [world.made.id, "a".repeat(26)]) {
        texts.push(await (await ask(row, { id }, stranger, body)).text());
      }
      expect(texts[0]).toBe(texts[1]);
    }
  });

  test("a token opens nothing beyond its scopes", async () => {
    for (const row of rows) {
      const others = scopes.filter((scope) => scope !== row.scope);
      const one = await token(world.owner.headers, others);
      const { body } = expectations[nameOf(row)]!;
      const actor: Actor = { name: "token", by: "token", headers: bearer(one.token) };
      const response = await ask(row, { id: world.made.id }, actor, body);
      const open = row.who === "anyone" && row.scope === undefined;
      expect([nameOf(row), open ? "open" : response.status]).toEqual([
        nameOf(row),
        open ? "open" : 403,
      ]);
      await asked(
        `/api/me/tokens/${one.id}`,
        { method: "DELETE", headers: world.owner.headers },
        204,
      );
    }
  });

  test("no page of another origin changes anything by the cookie", async () => {
    const { cookie } = world.owner.headers;
    const foreign: Headers_[] = [
      { origin: "https://elsewhere.test" },
      { origin: "http://podyard.test" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ];
    for (const row of rows.filter(({ method }) => method !== "GET")) {
      const { body } = expectations[nameOf(row)]!;
      for (const from of foreign) {
        const actor: Actor = { name: "page", by: "session", headers: { cookie: cookie!, ...from } };
        const response = await ask(row, { id: world.made.id }, actor, body);
        expect([nameOf(row), from, response.status]).toEqual([nameOf(row), from, 403]);
      }
    }
    const left = await edge(`/api/sandboxes/${world.made.id}`, {
      headers: { cookie: cookie!, origin: own },
    });
    expect(left.status).toBe(200);
  });
});
