import { env } from "cloudflare:workers";
import { strToU8, unzipSync, zipSync, type Zippable } from "fflate";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { forgetDeletedScenarios } from "../../worker/db/scenarios.ts";
import { gallery } from "../../worker/scenarios/gallery.ts";
import { readFiles } from "../../worker/scenarios/scenario-files.ts";
import { hashOf, newSecret } from "../../worker/secrets.ts";
import { bearer, edge, kube, make, stubOf } from "./edge.ts";

/** Scenarios and the labs made from them, each person with a cookie of their own. */

// oxlint-disable-next-line no-explicit-any
type Anything = any;
interface Answer {
  status: number;
  body: Anything;
}

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 }));
afterEach(() => vi.useRealTimers());

/** Somebody with a browser. */
class Person {
  cookie: string | undefined;

  async ask(method: string, path: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = {
      "cf-connecting-ip": crypto.randomUUID(),
      origin: "https://podyard.test",
    };
    if (this.cookie !== undefined) headers["cookie"] = this.cookie;
    const sent = body instanceof Uint8Array ? body : JSON.stringify(body);
    const answer = await edge(path, {
      method,
      headers,
      ...(body !== undefined && { body: sent as Uint8Array<ArrayBuffer> | string }),
    });
    const cookie = answer.headers.get("set-cookie");
    if (cookie !== null) this.cookie = cookie.split(";")[0];
    return answer;
  }

  async to(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.ask(method, path, body);
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** As whom the database knows them. */
  async id(): Promise<string> {
    return (await this.to("GET", "/api/me")).body.id;
  }

  /** As if a provider had said who they are. */
  async signIn(): Promise<void> {
    const userId = await this.id();
    await env.DB.prepare("INSERT INTO identities VALUES ('test', ?, ?, 'jane', 0)")
      .bind(userId, userId)
      .run();
  }
}

/** Somebody who has made a sandbox once, so that a cookie knows them. */
async function someone(): Promise<Person> {
  const person = new Person();
  expect((await person.to("POST", "/api/sandboxes", { nodes: 1 })).status).toBe(201);
  return person;
}

const about = (more = ""): string => `title: A map\nnodes: 1\n${more}`;
const map = (value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {v: "${value}"}\n`;
const folder = (value: string): Record<string, string> => ({
  "scenario.yaml": about(),
  "README.md": "# A map\n\nLook at it, é and 水.\n",
  "manifests/m.yaml": map(value),
});

async function saved(owner: Person, more: object = {}): Promise<string> {
  const { status, body } = await owner.to("POST", "/api/scenarios", {
    files: folder("one"),
    ...more,
  });
  expect([status, body.published, body.version]).toEqual([201, false, 1]);
  return body.id as string;
}

async function published(owner: Person, more: object = { visibility: "link" }): Promise<string> {
  const id = await saved(owner, more);
  expect(await owner.to("POST", `/api/scenarios/${id}/publish`)).toMatchObject({ status: 200 });
  return id;
}

const secretOf = ({ url }: { url: string }): string => url.slice(url.indexOf("#k=") + 3);
const valueIn = async (sandbox: { id: string; url: string }, secret = secretOf(sandbox)) =>
  (
    (await (
      await kube({ id: sandbox.id, secret }, "/api/v1/namespaces/default/configmaps/m")
    ).json()) as Anything
  ).data?.v;

describe("who may see a scenario", () => {
  test("a private one exists for its owner alone", async () => {
    const [owner, other, nobody] = [await someone(), await someone(), new Person()];
    const id = await published(owner, {});
    const reads: [string, string][] = [
      ["GET", ""],
      ["GET", "/versions/1"],
      ["GET", "/archive.zip"],
    ];
    const writes: [string, string, unknown?][] = [
      ["PUT", "/files", { files: folder("two") }],
      ["POST", "/archive.zip", zipSync({ "scenario.yaml": strToU8(about()) })],
      ["POST", "/publish"],
      ["PATCH", "", { title: "Mine" }],
      ["DELETE", ""],
    ];
    const of = (path: string): string => `/api/scenarios/${id}${path}`;
    for (const [method, path] of [...reads, ["POST", "/start"] as const]) {
      for (const who of [other, nobody]) {
        expect([path, (await who.to(method, of(path))).status]).toEqual([path, 404]);
      }
    }
    for (const [method, path, body] of writes) {
      expect([path, (await other.to(method, of(path), body)).status]).toEqual([path, 404]);
      expect([path, (await nobody.to(method, of(path), body)).status]).toEqual([path, 401]);
    }
    const from = { from: { scenario: id } };
    expect((await other.to("POST", "/api/sandboxes", from)).status).toBe(404);
    expect((await owner.to("GET", of(""))).body).toMatchObject({ mine: true, version: 1 });
    // By link it can be read and started, and nothing else.
    expect((await owner.to("PATCH", of(""), { visibility: "link" })).status).toBe(200);
    for (const [method, path] of reads) {
      expect((await nobody.ask(method, of(path))).status).toBe(200);
    }
    for (const [method, path, body] of writes) {
      expect([path, (await other.to(method, of(path), body)).status]).toEqual([path, 403]);
    }
    expect((await other.to("POST", "/api/sandboxes", from)).status).toBe(201);
    expect((await owner.to("GET", of(""))).body).toMatchObject({ title: "A map", version: 1 });
  });

  test("a draft is the owner's, whatever may be seen of the scenario", async () => {
    const owner = await someone();
    const id = await saved(owner, { visibility: "link" });
    const other = new Person();
    expect((await other.to("GET", `/api/scenarios/${id}`)).status).toBe(404);
    expect((await other.to("POST", `/api/scenarios/${id}/start`)).status).toBe(404);
    await owner.to("POST", `/api/scenarios/${id}/publish`);
    await owner.to("PUT", `/api/scenarios/${id}/files`, { files: folder("two") });
    const { body } = await other.to("GET", `/api/scenarios/${id}`);
    expect(body).toMatchObject({ version: 1, published: true, mine: false });
    expect(body.versions).toMatchObject([{ version: 1 }]);
    expect((await other.to("GET", `/api/scenarios/${id}/versions/2`)).status).toBe(404);
    expect((await other.ask("GET", `/api/scenarios/${id}/archive.zip?version=2`)).status).toBe(404);
    expect((await owner.to("GET", `/api/scenarios/${id}`)).body).toMatchObject({
      version: 2,
      published: false,
    });
  });

  test("everybody finds what who has signed in lists; the gallery begins with ours", async () => {
    const owner = await someone();
    const id = await published(owner);
    const listing = { visibility: "public" };
    expect(await owner.to("PATCH", `/api/scenarios/${id}`, listing)).toMatchObject({
      status: 403,
      body: { field: "visibility" },
    });
    await owner.signIn();
    expect((await owner.to("PATCH", `/api/scenarios/${id}`, listing)).status).toBe(200);
    const draft = await saved(owner, { visibility: "public", title: "Unfinished" });
    const { body } = await new Person().to("GET", "/api/scenarios?gallery&limit=1");
    expect(body.ours.map((one: Anything) => one.id)).toEqual(gallery.map((one) => one.id));
    expect(body.ours[0]).toMatchObject({ title: "First Pods", chapter: "Pods", level: "beginner" });
    expect(body.scenarios).toMatchObject([{ id, title: "A map", mine: false, published: true }]);
    const next = await new Person().to("GET", `/api/scenarios?gallery&cursor=${body.nextCursor}`);
    expect(next.body).toEqual({ scenarios: [] });
    const mine = await owner.to("GET", "/api/scenarios");
    expect(mine.body.scenarios.map((one: Anything) => one.id).sort()).toEqual([id, draft].sort());
    expect((await new Person().to("GET", "/api/scenarios")).status).toBe(401);
  });

  test("an API token opens a person's own with the scope for it alone", async () => {
    const owner = await someone();
    const id = await saved(owner);
    const userId = await owner.id();
    const withToken = async (scopes: string, method: string, path: string): Promise<number> => {
      const secret = newSecret("podyard_api_");
      const hash = await hashOf(secret);
      await env.DB.prepare("INSERT INTO api_tokens VALUES (?, ?, ?, 't', ?, 0, ?, NULL)")
        .bind(hash, hash, userId, scopes, Date.now() + 60_000)
        .run();
      const headers = { ...bearer(secret), "cf-connecting-ip": secret };
      return (await edge(`/api/scenarios${path}`, { method, headers })).status;
    };
    expect(await withToken("scenarios:read", "GET", `/${id}`)).toBe(200);
    expect(await withToken("sandboxes:write", "GET", `/${id}`)).toBe(403);
    expect(await withToken("scenarios:read", "POST", `/${id}/publish`)).toBe(403);
    expect(await withToken("sandboxes:write", "POST", `/${id}/start`)).toBe(404);
    expect(await withToken("sandboxes:write scenarios:read", "POST", `/${id}/start`)).toBe(201);
  });

  test("a sandbox's key opens no scenario, and starts none", async () => {
    const id = await saved(await someone());
    const headers = bearer((await make({ nodes: 1 })).secret);
    expect((await edge(`/api/scenarios/${id}`, { headers })).status).toBe(404);
    const start = { method: "POST", headers };
    expect((await edge("/api/scenarios/first-pods/start", start)).status).toBe(403);
  });
});

describe("versions", () => {
  test("never change once they are published", async () => {
    const owner = await someone();
    const id = await saved(owner);
    const at = `/api/scenarios/${id}`;
    const put = (value: string) => owner.to("PUT", `${at}/files`, { files: folder(value) });
    // A draft is written over.
    expect((await put("draft")).body).toMatchObject({ version: 1, published: false });
    await owner.to("POST", `${at}/publish`);
    const first = await owner.to("GET", `${at}/versions/1`);
    expect(first.body.files["manifests/m.yaml"]).toBe(map("draft"));
    expect((await owner.to("POST", `${at}/publish`)).status).toBe(409);
    expect((await put("two")).body).toMatchObject({ version: 2, published: false });
    expect((await put("three")).body).toMatchObject({ version: 2, published: false });
    expect(await owner.to("GET", `${at}/versions/1`)).toEqual(first);
    // At once: whatever wins, the first one stands, and there is one draft or none.
    const both = await Promise.all([
      owner.to("POST", `${at}/publish`),
      put("four"),
      owner.to("POST", `${at}/publish`),
      put("five"),
    ]);
    for (const { status } of both) expect([200, 409]).toContain(status);
    expect(both.filter(({ body }) => body.published === true).length).toBeLessThanOrEqual(1);
    expect(await owner.to("GET", `${at}/versions/1`)).toEqual(first);
    for (const { version, publishedAt } of (await owner.to("GET", at)).body.versions.slice(1)) {
      expect([version, typeof publishedAt]).toEqual([version, "string"]);
    }
  });

  test("what no cluster can be made from is not published", async () => {
    const owner = await someone();
    const files = { ...folder("one"), "manifests/z.yaml": "apiVersion: v1\nkind: Pod\n" };
    const id = await saved(owner, { files });
    const refused = await owner.to("POST", `/api/scenarios/${id}/publish`);
    expect(refused).toMatchObject({ status: 422, body: { failures: [{ index: 1, kind: "Pod" }] } });
    expect((await owner.to("GET", `/api/scenarios/${id}`)).body.published).toBe(false);
    const away = { "scenario.yaml": `title: Gone\nsnapshot: ${"a".repeat(26)}\n` };
    expect(await owner.to("PUT", `/api/scenarios/${id}/files`, { files: away })).toMatchObject({
      status: 422,
      body: { errors: [{ file: "scenario.yaml", field: "snapshot" }] },
    });
  });

  test("each thing that is wrong with a folder is told of", async () => {
    const owner = await someone();
    const wrong = async (files: object): Promise<Anything> => {
      const { status, body } = await owner.to("POST", "/api/scenarios", { title: "x", files });
      return [status, body.errors ?? body.detail];
    };
    const yaml = "title: ''\nlevel: hard\nminutes: 0\nnodes: 99\nsteps: []\ncolour: red\n";
    const [status, errors] = await wrong({ "scenario.yaml": yaml });
    expect(status).toBe(422);
    expect(errors.map(({ field, message }: Anything) => `${field}: ${message}`)).toEqual(
      expect.arrayContaining([
        "title: title must not be empty",
        "level: level must be one of beginner, intermediate, advanced",
        "minutes: minutes must be a whole number from 1 to 600",
        "steps: steps are not supported yet",
      ]),
    );
    expect(await wrong({ "scenario.yaml": about("nodes: 99\n") })).toEqual([
      422,
      expect.anything(),
    ]);
    expect(await wrong({ "scenario.yaml": "title: x\nnodes: 99\n" })).toMatchObject([
      422,
      [{ field: "nodes", message: "nodes must be a whole number from 1 to 20" }],
    ]);
    expect(await wrong({ "scenario.yaml": "title: x\ncolour: red\n" })).toMatchObject([
      422,
      [{ field: "colour", message: expect.stringMatching(/^unknown field "colour"; known are/) }],
    ]);
    expect(await wrong({ "scenario.yaml": "- a list" })).toMatchObject([422, [{}]]);
    expect(await wrong({ "scenario.yaml": "a: b: c" })).toMatchObject([422, [{}]]);
    const strange = {
      "../etc/passwd": "leads out of the folder",
      "/README.md": "leads out of the folder",
      "manifests\\m.yaml": "leads out of the folder",
      "manifests/../../m.yaml": "leads out of the folder",
      "steps/1.md": "steps are not supported yet",
      "manifests/m.txt": expect.stringMatching(/^does not belong into a scenario/),
      "manifests/a/b.yaml": expect.stringMatching(/^does not belong into a scenario/),
      "readme.md": expect.stringMatching(/^does not belong into a scenario/),
    };
    for (const [path, message] of Object.entries(strange)) {
      expect(await wrong({ [path]: "x" })).toEqual([422, [{ file: path, message }]]);
    }
    expect(await wrong({ "README.md": "bell \u0007" })).toMatchObject([
      422,
      [{ message: "holds control characters" }],
    ]);
    expect(await wrong({ "README.md": "x".repeat(131_073) })).toMatchObject([
      422,
      [{ message: "has 131073 bytes; 131072 are the most" }],
    ]);
    expect(await wrong({ "README.md": 3 })).toEqual([400, expect.stringContaining("files")]);
  });
});

describe("a zip", () => {
  const archive = async (who: Person, id: string): Promise<Uint8Array> => {
    const answer = await who.ask("GET", `/api/scenarios/${id}/archive.zip`);
    expect(answer.headers.get("content-type")).toBe("application/zip");
    return new Uint8Array(await answer.arrayBuffer());
  };
  const send = (who: Person, id: string, zip: Uint8Array): Promise<Answer> =>
    who.to("POST", `/api/scenarios/${id}/archive.zip`, zip);

  test("comes out as it went in", async () => {
    const owner = await someone();
    const id = await published(owner);
    const zip = await archive(owner, id);
    const texts = Object.entries(unzipSync(zip)).map(([path, bytes]) => [
      path,
      new TextDecoder().decode(bytes),
    ]);
    expect(Object.fromEntries(texts)).toEqual(folder("one"));
    const copy = await saved(owner, { files: undefined, title: "Copy" });
    expect((await send(owner, copy, zip)).body).toMatchObject({ version: 1, title: "Copy" });
    const { body } = await owner.to("GET", `/api/scenarios/${copy}/versions/1`);
    expect(body.files).toEqual(folder("one"));
    expect(unzipSync(await archive(owner, copy))).toEqual(unzipSync(zip));
    // As other programs make them: in one folder, with folders and what file managers leave.
    const others: Zippable = { "map/": new Uint8Array(), "__MACOSX/map/._README.md": strToU8("x") };
    others["map/.DS_Store"] = strToU8("x");
    for (const [path, text] of Object.entries(folder("two"))) {
      others[`map/${path}`] = [strToU8(text), { level: path === "README.md" ? 0 : 9 }];
    }
    expect((await send(owner, copy, zipSync(others))).status).toBe(200);
    const second = await owner.to("GET", `/api/scenarios/${copy}/versions/1`);
    expect(second.body.files).toEqual(folder("two"));
  });

  test("that is hostile or broken is refused with the reason, and changes nothing", async () => {
    const owner = await someone();
    const id = await saved(owner);
    const good: Zippable = { "scenario.yaml": strToU8(about()) };
    const zipped = zipSync(good);
    const refused = async (zip: Uint8Array, reason: RegExp): Promise<void> => {
      const { status, body } = await send(owner, id, zip);
      expect([status, body.detail]).toEqual([
        reason.source.startsWith("^the body") ? 413 : 422,
        expect.stringMatching(reason),
      ]);
    };
    const changed = (zip: Uint8Array, change: (view: DataView, central: number) => void) => {
      const copy = zip.slice();
      const view = new DataView(copy.buffer);
      change(view, view.getUint32(copy.length - 6, true));
      return copy;
    };
    await refused(new Uint8Array(), /^the zip is none/);
    await refused(strToU8("<html>"), /^the zip is none/);
    await refused(zipped.subarray(0, zipped.length - 1), /^the zip is none, or its end is missing/);
    for (const name of ["../scenario.yaml", "/etc/passwd", "a\\b", "manifests/../../x.yaml"]) {
      await refused(zipSync({ ...good, [name]: strToU8("x") }), /leads out of the folder/);
    }
    await refused(zipSync({ ...good, "run.sh": strToU8("x") }), /^run.sh: does not belong/);
    await refused(zipSync({ "README.md": strToU8("x") }), /^scenario.yaml: is missing/);
    const many = Object.fromEntries(
      Array.from({ length: 201 }, (_, i) => [`manifests/${i}.yaml`, strToU8("")]),
    );
    await refused(zipSync(many), /^the zip has 201 entries; 200 are the most/);
    // Much in little, told truly, and with headers that say otherwise.
    const bomb = zipSync({ "README.md": new Uint8Array(20_000_000) });
    expect(bomb.length).toBeLessThan(40_000);
    await refused(bomb, /^the zip holds "README.md" with more than 131072 bytes/);
    const lie = changed(bomb, (view, central) => view.setUint32(central + 24, 1_000, true));
    await refused(lie, /^the zip holds "README.md" with more than 131072 bytes/);
    const small = zipSync({ "README.md": new Uint8Array(2_000) });
    const less = changed(small, (view, central) => view.setUint32(central + 24, 1_000, true));
    await refused(less, /^the zip holds "README.md" damaged/);
    const several = Object.fromEntries(
      Array.from({ length: 5 }, (_, i) => [`manifests/${i}.yaml`, new Uint8Array(130_000)]),
    );
    await refused(zipSync(several), /^the zip unpacks to more than 524288 bytes/);
    await refused(new Uint8Array(1_048_577), /^the body is larger than 1048576 bytes/);
    await refused(
      changed(zipped, (view, at) => view.setUint32(at + 16, 1, true)),
      /damaged/,
    );
    await refused(
      changed(zipped, (view, at) => view.setUint16(at + 8, 1, true)),
      /encrypted/,
    );
    await refused(
      changed(zipped, (view, at) => view.setUint16(at + 40, 0o120777, true)),
      /as a link/,
    );
    await refused(
      changed(zipped, (view, at) => view.setUint16(at + 10, 12, true)),
      /method 12/,
    );
    await refused(
      changed(zipped, (view, at) => view.setUint32(at + 42, 0xfffffff0, true)),
      /does not hold "scenario.yaml" where it says/,
    );
    await refused(
      changed(zipped, (view, at) => view.setUint32(at + 20, 1_000_000, true)),
      /does not hold the whole/,
    );
    const latin = zipSync({ ...good, "README.md": new Uint8Array([0xe9]) });
    await refused(latin, /"README.md" that is no text in UTF-8/);
    const twice = zipSync({ "README.md": strToU8("a"), "REBDME.md": strToU8("b") });
    for (let at = 0; at < twice.length; at++) if (twice[at] === 66) twice[at] = 65;
    await refused(twice, /^the zip holds "README.md" twice/);
    const { body } = await owner.to("GET", `/api/scenarios/${id}/versions/1`);
    expect(body.files).toEqual(folder("one"));
  });

  test("changed at any byte harms nothing", async () => {
    const owner = await someone();
    const id = await saved(owner);
    const zip = zipSync({ "scenario.yaml": strToU8(about()), "README.md": strToU8("x") });
    for (let at = 0; at < zip.length; at += 7) {
      const copy = zip.slice();
      copy[at] = (copy[at] as number) ^ 0xff;
      expect([200, 422]).toContain((await send(owner, id, copy)).status);
    }
  });
});

describe("a lab", () => {
  test("is the visitor's own, found again, listed, and made anew from its version", async () => {
    const owner = await someone();
    const id = await published(owner);
    const [one, two] = [new Person(), new Person()];
    const start = (who: Person, body?: object) =>
      who.to("POST", `/api/scenarios/${id}/start`, body);
    const first = await start(one);
    expect(first).toMatchObject({
      status: 201,
      body: {
        again: false,
        scenario: { id, version: 1 },
        sandbox: { title: "A map", nodes: 1, source: { kind: "scenario", id, version: 1 } },
      },
    });
    const { sandbox } = first.body;
    expect(await valueIn(sandbox)).toBe("one");
    expect((await start(one)).body).toMatchObject({
      again: true,
      id: first.body.id,
      sandbox: { id: sandbox.id },
    });
    const other = await start(two);
    expect(other.body.sandbox.id).not.toBe(sandbox.id);
    const another = await start(one, { new: true });
    expect(another).toMatchObject({ status: 201, body: { again: false } });

    // A newer version leaves the lab alone.
    await owner.to("PUT", `/api/scenarios/${id}/files`, { files: folder("two") });
    expect((await start(one)).body).toMatchObject({ again: true, scenario: { version: 1 } });
    await owner.to("POST", `/api/scenarios/${id}/publish`);
    expect(await valueIn(sandbox)).toBe("one");
    const newer = await start(one);
    expect(newer).toMatchObject({ status: 201, body: { scenario: { version: 2 } } });
    expect(await valueIn(newer.body.sandbox)).toBe("two");
    expect((await one.to("POST", `/api/sandboxes/${sandbox.id}/reset`)).status).toBe(200);
    expect(await valueIn(sandbox)).toBe("one");

    const listed = await one.to("GET", "/api/me/labs");
    const ids = listed.body.labs.map((lab: Anything) => lab.sandbox.id);
    expect(ids.sort()).toEqual([sandbox.id, another.body.sandbox.id, newer.body.sandbox.id].sort());
    const page = await one.to("GET", "/api/me/labs?limit=2");
    const rest = await one.to("GET", `/api/me/labs?limit=2&cursor=${page.body.nextCursor}`);
    expect([page.body.labs.length, rest.body.labs.length]).toEqual([2, 1]);
    // One that has ended is not found again.
    await one.to("DELETE", `/api/sandboxes/${newer.body.sandbox.id}`);
    expect((await one.to("GET", "/api/me/labs")).body.labs).toHaveLength(2);
    expect((await start(one)).body).toMatchObject({ again: false, scenario: { version: 2 } });
  });

  test("of a draft that has been saved since is another one", async () => {
    const owner = await someone();
    const id = await saved(owner);
    const start = async () => (await owner.to("POST", `/api/scenarios/${id}/start`)).body;
    expect(await start()).toMatchObject({ again: false });
    expect(await start()).toMatchObject({ again: true });
    vi.setSystemTime(Date.now() + 1_000);
    await owner.to("PUT", `/api/scenarios/${id}/files`, { files: folder("two") });
    const again = await start();
    expect(again).toMatchObject({ again: false, scenario: { version: 1 } });
    expect(await valueIn(again.sandbox)).toBe("two");
  });

  test("goes on when its scenario is deleted, and can be made again until it is gone", async () => {
    const owner = await someone();
    const id = await published(owner);
    const learner = new Person();
    const { sandbox } = (await learner.to("POST", `/api/scenarios/${id}/start`)).body;
    expect((await owner.to("DELETE", `/api/scenarios/${id}`)).status).toBe(204);
    for (const who of [owner, learner]) {
      expect((await who.to("GET", `/api/scenarios/${id}`)).status).toBe(404);
    }
    await forgetDeletedScenarios(env.DB);
    expect((await learner.to("POST", `/api/sandboxes/${sandbox.id}/reset`)).status).toBe(200);
    expect(await valueIn(sandbox)).toBe("one");
    await env.DB.prepare("DELETE FROM labs WHERE scenario_id = ?").bind(id).run();
    await forgetDeletedScenarios(env.DB);
    const left = await env.DB.prepare("SELECT 1 FROM scenarios WHERE id = ?").bind(id).all();
    expect(left.results).toEqual([]);
  });

  test("of a snapshot goes on at its moment, and is refused when that was withdrawn", async () => {
    const owner = await someone();
    const born = await owner.to("POST", "/api/sandboxes", {
      nodes: 1,
      from: { manifests: map("s") },
    });
    const taken = await owner.to("POST", `/api/sandboxes/${born.body.id}/snapshots`, {});
    const snapshot = taken.body.id as string;
    const id = await published(owner, {
      files: undefined,
      title: "S",
      snapshot,
      visibility: "link",
    });
    expect((await owner.to("GET", `/api/scenarios/${id}`)).body).toMatchObject({ snapshot });
    const { body } = await new Person().to("POST", `/api/scenarios/${id}/start`);
    expect(await valueIn(body.sandbox)).toBe("s");
    expect((await owner.to("GET", `/api/snapshots/${snapshot}`)).body.forks).toBe(1);
    await owner.to("DELETE", `/api/snapshots/${snapshot}`);
    expect(await new Person().to("POST", `/api/scenarios/${id}/start`)).toMatchObject({
      status: 409,
      body: { detail: "the snapshot that this scenario begins with was withdrawn" },
    });
    expect(await valueIn(body.sandbox)).toBe("s");
  });

  test("thirty learners at once get thirty", { timeout: 120_000 }, async () => {
    const learners = Array.from({ length: 30 }, () => new Person());
    const started = await Promise.all(
      learners.map((learner) => learner.to("POST", "/api/scenarios/first-pods/start")),
    );
    for (const { status } of started) expect(status).toBe(201);
    expect(new Set(started.map(({ body }) => body.sandbox.id)).size).toBe(30);
    expect(new Set(learners.map(({ cookie }) => cookie)).size).toBe(30);
    const [one] = started as [Answer, ...Answer[]];
    const { sandbox } = one.body;
    const pods = await kube(
      { id: sandbox.id, secret: secretOf(sandbox) },
      "/api/v1/namespaces/default/pods",
    );
    const names = ((await pods.json()) as Anything).items.map((pod: Anything) => pod.metadata.name);
    expect(names).toEqual(["hello", "notebook"]);
    expect(stubOf(sandbox).name).toBe(sandbox.id);
  });
});

test("ours are sound, in the order of the course", async () => {
  const chapters = gallery.map(({ files }) => {
    const said = readFiles(files, 20);
    expect(files["README.md"]).toMatch(`# ${said.title}\n`);
    expect(said).toMatchObject({ description: expect.any(String), minutes: expect.any(Number) });
    return said.chapter;
  });
  expect([...new Set(chapters)]).toEqual(["Pods", "Deployments", "Network", "The control plane"]);
  const { body } = await new Person().to("GET", "/api/scenarios/first-pods");
  expect(body).toMatchObject({ ours: true, mine: false, nodes: 2, versions: [{ version: 1 }] });
  expect(body.files).toEqual(Object.keys(gallery[0]!.files).sort());
  expect((await new Person().to("GET", "/api/scenarios/first-pods/versions/2")).status).toBe(404);
  const owner = await someone();
  expect((await owner.to("DELETE", "/api/scenarios/first-pods")).status).toBe(403);
});

test("a person has as much room as the limits say", async () => {
  const owner = await someone();
  const big = { ...folder("x"), "README.md": "x".repeat(130_000) };
  for (let i = 0; i < 3; i++)
    big[`manifests/${i}.yaml` as "README.md"] = `# ${"x".repeat(120_000)}`;
  const id = await saved(owner, { files: big });
  // As if others were there already: 20 MB are the most.
  const userId = await owner.id();
  await env.DB.batch([
    env.DB.prepare("INSERT INTO scenarios VALUES ('old', ?, 'old', 'private', 0, 0, NULL)").bind(
      userId,
    ),
    ...Array.from({ length: 13 }, (_, i) =>
      env.DB.prepare("INSERT INTO scenario_versions VALUES ('old', ?, ?, NULL, 0, 0)").bind(
        i + 1,
        JSON.stringify({ "scenario.yaml": about(), "README.md": "x".repeat(1_480_000) }),
      ),
    ),
  ]);
  const refused = {
    status: 409,
    body: {
      detail: expect.stringMatching(/SCENARIO_BYTES_PER_PERSON_MAX\), of which \d+ are used/),
    },
  };
  expect(await owner.to("POST", "/api/scenarios", { files: big })).toMatchObject(refused);
  // In place of as much there is room.
  const at = `/api/scenarios/${id}`;
  expect((await owner.to("PUT", `${at}/files`, { files: big })).status).toBe(200);
  expect((await owner.to("POST", `${at}/publish`)).status).toBe(200);
  expect(await owner.to("PUT", `${at}/files`, { files: big })).toMatchObject(refused);
});
