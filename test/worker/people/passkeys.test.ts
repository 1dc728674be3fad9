import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import { Authenticator } from "./authenticator.ts";
import { Visitor } from "../visitor.ts";

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));

const free = { SIGN_INS_PER_MINUTE_MAX: "", CREATES_PER_MINUTE_MAX: "" };
const visitor = (): Visitor => new Visitor(free);
const device = (): Promise<Authenticator> => Authenticator.make("https://podyard.test");

type Creation = Parameters<Authenticator["create"]>[0];
type Request = Parameters<Authenticator["get"]>[0];

const optionsOf = async <T>(who: Visitor, path: string, body: unknown = {}): Promise<T> => {
  const response = await who.post(path, body);
  expect(response.status).toBe(200);
  return ((await response.json()) as { publicKey: T }).publicKey;
};

const beginRegistration = (who: Visitor): Promise<Creation> =>
  optionsOf(who, "/api/me/passkeys/options", { person: "Ada" });
const beginSignIn = (who: Visitor): Promise<Request> =>
  optionsOf(who, "/api/sign-in/passkey/options");

const register = async (who: Visitor, key: Authenticator): Promise<Response> => {
  const credential = await key.create(await beginRegistration(who));
  return who.post("/api/me/passkeys/verify", { credential, name: "Laptop", person: "Ada" });
};

const verify = (who: Visitor, credential: unknown): Promise<Response> =>
  who.post("/api/sign-in/passkey/verify", { credential });

const problem = async (response: Response): Promise<string> =>
  `${response.status} ${((await response.json()) as { detail: string }).detail}`;

test("a passkey makes who was anonymous somebody, and signs them in elsewhere", async () => {
  const who = visitor();
  const made = (await (await who.post("/api/sandboxes")).json()) as { id: string };
  const planted = who.session;
  const key = await device();
  const options = await beginRegistration(who);
  expect(options).toMatchObject({
    rp: { id: "podyard.test", name: "Podyard" },
    attestation: "none",
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
  const done = await who.post("/api/me/passkeys/verify", {
    credential: await key.create(options),
    name: "Laptop",
    person: "Ada",
  });
  expect(done.status).toBe(201);
  expect(who.session).not.toBe(planted);
  expect(await who.read("/api/me")).toMatchObject({ name: "Ada" });
  expect(await who.read("/api/me/passkeys")).toEqual({
    passkeys: [
      {
        id: key.id,
        name: "Laptop",
        createdAt: expect.stringMatching(/Z$/),
        usedAt: expect.stringMatching(/Z$/),
      },
    ],
  });
  const elsewhere = visitor();
  const signedIn = await verify(elsewhere, await key.get(await beginSignIn(elsewhere)));
  expect(signedIn.status).toBe(200);
  const told = await signedIn.json<object>();
  expect(await who.read("/api/me")).toEqual({ embedOrigins: null, ...told });
  expect(await elsewhere.read("/api/sandboxes")).toMatchObject({ sandboxes: [{ id: made.id }] });
  expect([...elsewhere.cookies.keys()]).toEqual(["__Host-podyard"]);
  const { sessions } = await elsewhere.read<{ sessions: { provider: string; current: boolean }[] }>(
    "/api/me/sessions",
  );
  expect(sessions.find(({ current }) => current)).toMatchObject({ provider: "passkey" });
});

test("nobody yet becomes somebody by a passkey alone", async () => {
  const who = visitor();
  expect((await register(who, await device())).status).toBe(201);
  expect(await who.read("/api/me")).toMatchObject({ name: "Ada" });
});

test("an answer is good once, in its browser, for its purpose", async () => {
  const [who, key] = [visitor(), await device()];
  const notUnderWay = /^400 this sign-in is not under way/;
  const creation = await beginRegistration(who);
  const credential = await key.create(creation);
  const cookies = new Map(who.cookies);
  const send = (): Promise<Response> => who.post("/api/me/passkeys/verify", { credential });
  expect((await send()).status).toBe(201);
  const [name, value] = [...cookies].find(([one]) => one.includes("sign-in"))!;
  who.cookies.set(name, value);
  expect(await problem(await send())).toMatch(notUnderWay);
  const elsewhere = visitor();
  const assertion = await key.get(await beginSignIn(elsewhere));
  expect(await problem(await verify(visitor(), assertion))).toMatch(notUnderWay);
  const again = await key.get(await beginSignIn(elsewhere));
  const kept = new Map(elsewhere.cookies);
  expect((await verify(elsewhere, again)).status).toBe(200);
  for (const [one, secret] of kept) elsewhere.cookies.set(one, secret);
  expect(await problem(await verify(elsewhere, again))).toMatch(notUnderWay);
  // The challenge of a registration signs nobody in.
  const mixed = await beginRegistration(who);
  const misused = await key.get({ challenge: mixed.challenge, rpId: mixed.rp.id });
  expect(await problem(await verify(who, misused))).toMatch(notUnderWay);
});

test("what the device did not sign for us, or did not verify its user for, is refused", async () => {
  const [who, key] = [visitor(), await device()];
  await register(who, key);
  const away = visitor();
  const refused = /^403 this passkey's answer does not hold/;
  for (const how of [
    { origin: "https://evil.test" },
    { verified: false },
    { type: "webauthn.create" },
  ]) {
    const credential = await key.get(await beginSignIn(away), how);
    expect(await problem(await verify(away, credential))).toMatch(refused);
  }
  const elsewhere = await key.get({ ...(await beginSignIn(away)), rpId: "evil.test" });
  expect(await problem(await verify(away, elsewhere))).toMatch(refused);
  const other = await device();
  Object.assign(other, { id: key.id, userHandle: key.userHandle, counter: 50 });
  expect(await problem(await verify(away, await other.get(await beginSignIn(away))))).toMatch(
    refused,
  );
  const handle = key.userHandle;
  key.userHandle = "c29tZWJvZHk";
  expect(await problem(await verify(away, await key.get(await beginSignIn(away))))).toMatch(
    refused,
  );
  key.userHandle = handle;
  const unknown = await device();
  expect(await problem(await verify(away, await unknown.get(await beginSignIn(away))))).toMatch(
    /^403 this passkey is not known here/,
  );
  expect(away.session).toBeUndefined();
  for (const how of [{ origin: "https://evil.test" }, { verified: false }]) {
    const credential = await (await device()).create(await beginRegistration(who), how);
    expect(await problem(await who.post("/api/me/passkeys/verify", { credential }))).toMatch(
      refused,
    );
  }
});

test("a copy of a passkey betrays itself by its counter", async () => {
  const [who, key] = [visitor(), await device()];
  await register(who, key);
  const signIn = async (): Promise<number> => {
    const away = visitor();
    return (await verify(away, await key.get(await beginSignIn(away)))).status;
  };
  expect([await signIn(), await signIn()]).toEqual([200, 200]);
  key.counter = 0;
  expect(await signIn()).toBe(403);
  const row = await env.DB.prepare("SELECT counter FROM passkeys WHERE id = ?")
    .bind(key.id)
    .first();
  expect(row).toEqual({ counter: 2 });
});

test("a passkey that does not count is good again and again", async () => {
  const [who, key] = [visitor(), await device()];
  await register(who, key);
  for (let i = 0; i < 2; i++) {
    key.counter = -1;
    const away = visitor();
    expect((await verify(away, await key.get(await beginSignIn(away)))).status).toBe(200);
  }
});

test("passkeys are removed but the last, and have a number that one may have", async () => {
  const [who, one, two] = [visitor(), await device(), await device()];
  await register(who, one);
  await register(who, two);
  const remove = (key: Authenticator): Promise<Response> =>
    who.post(`/api/me/passkeys/${key.id}`, {}, "DELETE");
  expect((await remove(one)).status).toBe(204);
  expect(await problem(await remove(one))).toMatch(/^404/);
  expect(await problem(await remove(two))).toMatch(/^409 this is your last way to sign in/);
  const stranger = visitor();
  await register(stranger, await device());
  expect((await stranger.post(`/api/me/passkeys/${two.id}`, {}, "DELETE")).status).toBe(404);
  for (let i = 1; i < 20; i++) expect((await register(who, await device())).status).toBe(201);
  expect(await problem(await who.post("/api/me/passkeys/options"))).toMatch(
    /^409 you have 20 passkeys/,
  );
});

test("a device's passkey is one person's", async () => {
  const [one, two, key] = [visitor(), visitor(), await device()];
  await register(one, key);
  expect(await problem(await register(two, key))).toMatch(
    /^409 this passkey is registered already/,
  );
  expect(await two.read("/api/me")).toMatchObject({ name: null });
});

test("at a bare address there are no passkeys, and that is said", async () => {
  const who = new Visitor(free, "https://192.0.2.1");
  expect(await problem(await who.post("/api/sign-in/passkey/options"))).toMatch(
    /^404 browsers know passkeys by a name/,
  );
});

test("answers that are none are refused by their shape", async () => {
  const who = visitor();
  for (const credential of [
    {},
    { id: "x", rawId: "x", type: "public-key", response: {} },
    {
      id: "x",
      rawId: "x",
      type: "public-key",
      response: { clientDataJSON: "x".repeat(5000), authenticatorData: "", signature: "" },
    },
  ]) {
    expect((await verify(who, credential)).status).toBe(400);
  }
  const credential = {
    id: "x",
    rawId: "x",
    type: "public-key",
    response: { clientDataJSON: "bnVsbA", authenticatorData: "!", signature: "!" },
  };
  expect(await problem(await verify(who, credential))).toMatch(
    /^400 this sign-in is not under way/,
  );
});
