import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { waysOf } from "../../../worker/sign-in/ways.ts";
import { kube } from "../edge.ts";
import { issuer, Provider, variables } from "./provider.ts";
import { Visitor } from "../visitor.ts";
import wranglerToml from "../../../wrangler.toml?raw";

let provider: Provider;
beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  provider = await Provider.start();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const visitor = (more: Record<string, unknown> = {}): Visitor =>
  new Visitor({ ...variables, SIGN_INS_PER_MINUTE_MAX: "", CREATES_PER_MINUTE_MAX: "", ...more });

/** To the provider: where it is asked to send the browser from. */
async function start(who: Visitor, way: string, to = "/me"): Promise<string> {
  const response = await who.ask(`/api/sign-in/${way}/start?to=${encodeURIComponent(to)}`);
  expect(response.status).toBe(302);
  return response.headers.get("location")!;
}

const signIn = async (who: Visitor, way: string, to = "/me"): Promise<Response> =>
  who.ask(provider.agree(await start(who, way, to)));

const problem = async (response: Response): Promise<string> => {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return `${response.status} ${((await response.json()) as { detail: string }).detail}`;
};

interface Me {
  id: string;
  name: string | null;
}

const make = async (who: Visitor): Promise<{ id: string; secret: string }> => {
  const made = (await (await who.post("/api/sandboxes")).json()) as { id: string; url: string };
  return { id: made.id, secret: made.url.slice(made.url.indexOf("#k=") + 3) };
};

const sandboxesOf = async (who: Visitor): Promise<string[]> => {
  const { sandboxes } = await who.read<{ sandboxes: { id: string }[] }>("/api/sandboxes");
  return sandboxes.map(({ id }) => id);
};

const countOf = async (table: string, where = "1 = 1"): Promise<number> => {
  const row = await env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`).first();
  return row!["n"] as number;
};

test("a deployment has the ways that its variables name, and passkeys where it has a name", async () => {
  const idsOf = (more: Record<string, unknown>, origin: string): string[] =>
    waysOf({ ...env, ...more } as typeof env, new URL(origin)).map(({ id }) => id);
  expect(idsOf({}, "https://podyard.test")).toEqual(["passkey"]);
  expect(idsOf({}, "https://192.0.2.1")).toEqual([]);
  const second = { OIDC_2_ISSUER: "https://second.test", OIDC_2_CLIENT_ID: "x" };
  expect(idsOf({ ...variables, ...second }, "https://podyard.test")).toEqual([
    "github",
    "oidc",
    "oidc-2",
    "passkey",
  ]);
  expect(await visitor().read("/api/sign-in")).toEqual({
    ways: [
      { id: "github", kind: "redirect", name: "GitHub", start: "/api/sign-in/github/start" },
      { id: "oidc", kind: "redirect", name: "The school", start: "/api/sign-in/oidc/start" },
      { id: "passkey", kind: "passkey", name: "Passkey" },
    ],
  });
  expect(await problem(await visitor().ask("/api/sign-in/oidc-2/start"))).toMatch(
    /^404 there is no such way to sign in here; there are: github, oidc, passkey/,
  );
});

test("a public deployment cannot have the development sign-in", async () => {
  expect(wranglerToml).toContain('MODE = "cloud"');
  expect(wranglerToml).not.toMatch(/MODE\s*=\s*"(?!cloud")/);
  const refused = await visitor().post("/api/sign-in/development", { name: "one" });
  expect(await problem(refused)).toMatch(/^404 there is no such way/);
  const local = new Visitor({ MODE: "local" }, "http://localhost:8787");
  expect((await local.post("/api/sign-in/development", { name: "one" })).status).toBe(200);
  expect(await local.read("/api/me")).toMatchObject({ name: "one" });
  const again = new Visitor({ MODE: "local" }, "http://localhost:8787");
  await again.post("/api/sign-in/development", { name: "one" });
  expect((await again.read<Me>("/api/me")).id).toBe((await local.read<Me>("/api/me")).id);
  const rebound = new Visitor({ MODE: "local" }, "http://evil.test:8787");
  expect((await rebound.post("/api/sign-in/development", { name: "one" })).status).toBe(403);
});

test("GitHub: state and PKCE go out, the numeric id comes in, and the session begins", async () => {
  const who = visitor();
  const location = new URL(await start(who, "github", "/s/x?tab=1"));
  expect(location.origin + location.pathname).toBe("https://github.com/login/oauth/authorize");
  expect(Object.fromEntries(location.searchParams)).toEqual({
    response_type: "code",
    client_id: "gh-client",
    redirect_uri: "https://podyard.test/api/sign-in/github/callback",
    state: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: "S256",
  });
  const [kept] = [...who.cookies];
  expect(kept?.[0]).toMatch(/^__Host-podyard-sign-in-/);
  const rows = await env.DB.prepare("SELECT * FROM sign_ins").all();
  const stored = JSON.stringify(rows.results);
  expect(stored).not.toContain(location.searchParams.get("state"));
  expect(stored).not.toContain(kept![1].slice(0, 43));
  const back = await who.ask(
    provider.agree(location.href, { iss: "https://github.com/login/oauth" }),
  );
  expect([back.status, back.headers.get("location")]).toEqual([
    303,
    "https://podyard.test/s/x?tab=1",
  ]);
  expect([...who.cookies.keys()]).toEqual(["__Host-podyard"]);
  const cookie = back.headers.getSetCookie().find((said) => said.startsWith("__Host-podyard="));
  expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+; Secure$/);
  expect(await who.read("/api/me")).toMatchObject({ name: "The Octocat" });
  const identity = await env.DB.prepare(
    "SELECT * FROM identities WHERE provider = 'github'",
  ).first();
  expect(identity).toMatchObject({ subject: "583231", name: "The Octocat" });
});

test("OpenID: nonce and PKCE go out, a signed id_token comes in, linked by issuer and subject", async () => {
  const who = visitor();
  const location = new URL(await start(who, "oidc"));
  expect(location.href.startsWith(`${issuer}/auth?`)).toBe(true);
  expect(location.searchParams.get("scope")).toBe("openid profile");
  expect(location.searchParams.get("nonce")).toMatch(/^[0-9a-f]{64}$/);
  expect((await who.ask(provider.agree(location.href))).status).toBe(303);
  const { body, headers } = provider.requests.find(({ url }) => url.endsWith("/token"))!;
  expect(headers.get("authorization")).toBe(`Basic ${btoa("school:secret")}`);
  expect(body.get("code_verifier")).toMatch(/^[0-9a-f]{64}$/);
  const identity = await env.DB.prepare("SELECT * FROM identities WHERE provider = ?")
    .bind(issuer)
    .first();
  expect(identity).toMatchObject({ subject: "pupil-1", name: "Pupil One" });
  const first = await who.read<Me>("/api/me");
  // The same address, another subject: somebody else.
  provider.claims = { sub: "pupil-2" };
  const other = visitor();
  await signIn(other, "oidc");
  expect((await other.read<Me>("/api/me")).id).not.toBe(first.id);
  // Another name, the same subject: the same person.
  provider.claims = { name: "Renamed", email: "other@school.test" };
  const again = visitor();
  await signIn(again, "oidc");
  expect(await again.read("/api/me")).toEqual(first);
});

test.each([
  ["wrong nonce", { nonce: "another" }],
  ["no nonce", { nonce: undefined }],
  ["foreign issuer", { iss: "https://evil.test" }],
  ["another audience", { aud: "other-client" }],
  ["expired", { exp: 1 }],
  ["no subject", { sub: "" }],
  ["a long subject", { sub: "s".repeat(256) }],
])("OpenID: an id_token with %s signs nobody in", async (_case, claims) => {
  provider.claims = claims;
  const who = visitor();
  const refused = await signIn(who, "oidc");
  expect(await problem(refused)).toMatch(/^400 The school's answer cannot be trusted/);
  expect(who.session).toBeUndefined();
});

test("OpenID: a token signed with another key, and a way back that names another issuer", async () => {
  const who = visitor();
  const mixed = provider.agree(await start(who, "oidc"), { iss: "https://evil.test" });
  expect(await problem(await who.ask(mixed))).toMatch(/^400 The school's answer cannot be trusted/);
  await provider.signWithAnother();
  expect(await problem(await signIn(who, "oidc"))).toMatch(/^400 The school's/);
  expect(who.session).toBeUndefined();
});

test("OpenID: a discovery document of another issuer is refused", async () => {
  provider.discovery = { issuer: "https://evil.test" };
  const elsewhere = visitor({ OIDC_ISSUER: `${issuer}/` });
  const refused = await elsewhere.ask("/api/sign-in/oidc/start");
  expect(refused.status).toBe(400);
  expect(elsewhere.session).toBeUndefined();
});

test("the way back is good once, in the browser that began, for ten minutes, for its own provider", async () => {
  const who = visitor();
  const notUnderWay = /^400 this sign-in is not under way/;
  const back = provider.agree(await start(who, "github"));
  const state = new URL(back, who.origin).searchParams.get("state")!;
  const wrong = back.replace(state, `${state.slice(0, -1)}${state.endsWith("A") ? "B" : "A"}`);
  expect(await problem(await who.ask(wrong))).toMatch(notUnderWay);
  expect(await problem(await who.ask(back.replace("github", "oidc")))).toMatch(notUnderWay);
  const cookies = new Map(who.cookies);
  expect((await who.ask(back)).status).toBe(303);
  for (const [name, value] of cookies) who.cookies.set(name, value);
  expect(await problem(await who.ask(back))).toMatch(notUnderWay);
  // Somebody else's link: they would work on in the account of whoever sent it.
  const attacker = visitor();
  const link = provider.agree(await start(attacker, "github"));
  const victim = visitor();
  expect(await problem(await victim.ask(link))).toMatch(notUnderWay);
  await start(victim, "github");
  expect(await problem(await victim.ask(link))).toMatch(notUnderWay);
  expect(victim.session).toBeUndefined();
  const late = visitor();
  const slow = provider.agree(await start(late, "github"));
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10 * 60_000 + 1 });
  expect(await problem(await late.ask(slow))).toMatch(notUnderWay);
});

test("a code that was used already, or for another verifier, signs nobody in", async () => {
  const [one, two] = [visitor(), visitor()];
  const first = provider.agree(await start(one, "github"));
  const code = new URL(first, one.origin).searchParams.get("code")!;
  const stolen = provider.agree(await start(two, "github"), { code });
  expect(await problem(await two.ask(stolen))).toMatch(/^400 GitHub's answer cannot be trusted/);
  expect(await problem(await one.ask(first))).toMatch(/^400 GitHub's answer/);
  expect([one.session, two.session]).toEqual([undefined, undefined]);
});

test.each([
  ["//evil.test"],
  ["/\\evil.test"],
  ["\\/evil.test"],
  ["/\t/evil.test"],
  ["/.//evil.test"],
  ["/x/..//evil.test"],
  ["https://evil.test/"],
  ["https:evil.test"],
  ["javascript:alert(1)"],
  ["me"],
  [""],
  ["/s/x#k=secret"],
  ["/api/sign-in/github/start"],
  ["/sandboxes/x/preview/"],
  ["/x/../api/me"],
  ["/a".repeat(251)],
])("no way leads to %j after a sign-in", async (to) => {
  const refused = await visitor().ask(`/api/sign-in/github/start?to=${encodeURIComponent(to)}`);
  expect(await problem(refused)).toMatch(/^400 to must be a path of this site/);
});

test("a path that only looks like another host stays on this one", async () => {
  for (const to of ["/%2F/evil.test", "/%5Cevil.test", "/@evil.test", "/me?next=//evil.test"]) {
    const back = await signIn(visitor(), "github", to);
    expect(back.headers.get("location")).toBe(`https://podyard.test${to}`);
  }
  // Whoever could write the cookie could not lead anywhere either.
  const who = visitor();
  const back = provider.agree(await start(who, "github"));
  const [[name, value]] = [...who.cookies] as [[string, string]];
  who.cookies.set(name, `${value.slice(0, 44)}${btoa("//evil.test")}`);
  expect((await who.ask(back)).status).toBe(400);
});

test("what a provider refuses, and that it does not answer, is said with what to do", async () => {
  const who = visitor();
  const denied = provider.agree(await start(who, "github"), { error: "access_denied" });
  expect(await problem(await who.ask(denied))).toBe(
    "403 you declined at GitHub; nothing has changed; begin again to sign in",
  );
  for (const failure of [
    () => new Response("sorry", { status: 502 }),
    () => new Response("x".repeat(300_000)),
    () => {
      throw new TypeError("connection refused");
    },
  ]) {
    const back = provider.agree(await start(who, "github"));
    provider.failure = failure;
    const failed = await who.ask(back);
    expect(failed.headers.get("retry-after")).toBe("60");
    expect(await problem(failed)).toMatch(/^503 GitHub does not answer; nothing has changed; try/);
    provider.failure = undefined;
  }
  const back = provider.agree(await start(who, "oidc"));
  provider.failure = () => Response.json({ error: "invalid_client" }, { status: 401 });
  expect(await problem(await who.ask(back))).toMatch(/^503 The school does not accept this dep/);
  provider.failure = undefined;
  // A browser shows it as a page, in which nothing of the address stands.
  const page = await who.ask("/api/sign-in/github/callback?state=<script>", {
    headers: { accept: "text/html,application/xhtml+xml" },
  });
  expect(page.status).toBe(400);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  const html = await page.text();
  expect(html).toContain("this sign-in is not under way");
  expect(html).not.toContain("<script>");
  expect(who.session).toBeUndefined();
});

test("who was anonymous keeps what they made, under a new session", async () => {
  provider.github = { id: 1001, login: "keeper" };
  const who = visitor();
  const made = await make(who);
  const before = await who.read<Me>("/api/me");
  const planted = who.session;
  const ends = (await who.read<{ expiresAt: string }>(`/api/sandboxes/${made.id}`)).expiresAt;
  expect((await signIn(who, "github", `/s/${made.id}`)).status).toBe(303);
  expect(await who.read("/api/me")).toEqual({ ...before, name: "keeper" });
  expect(await sandboxesOf(who)).toEqual([made.id]);
  const later = (await who.read<{ expiresAt: string }>(`/api/sandboxes/${made.id}`)).expiresAt;
  expect(Date.parse(later) - Date.parse(ends)).toBeGreaterThan(28 * 24 * 3_600_000);
  expect(who.session).not.toBe(planted);
  const other = visitor();
  other.cookies.set("__Host-podyard", planted!);
  expect((await other.ask("/api/me")).status).toBe(401);
  // The object knows its new end too: after the old one it still answers.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(ends) + 3_600_000 });
  expect((await kube(made, "/version")).status).toBe(200);
});

test("who is known already gets what the anonymous one made, and that one is gone", async () => {
  provider.github = { id: 1002, login: "known" };
  const home = visitor();
  await signIn(home, "github");
  const { id } = await home.read<Me>("/api/me");
  const [own, shared] = [await make(home), await make(visitor())];
  const { url } = (await (
    await home.post(`/api/sandboxes/${own.id}/invitations`, { role: "editor" })
  ).json()) as { url: string };
  const away = visitor();
  const made = await make(away);
  const anonymous = await away.read<Me>("/api/me");
  await away.post(`/api/invitations/${url.slice(url.lastIndexOf("/") + 1)}/accept`);
  expect((await signIn(away, "github")).status).toBe(303);
  expect((await away.read<Me>("/api/me")).id).toBe(id);
  expect((await sandboxesOf(home)).sort()).toEqual([own.id, made.id].sort());
  expect(await countOf("users", `id = '${anonymous.id}'`)).toBe(0);
  expect(await countOf("members", `sandbox_id = '${own.id}'`)).toBe(0);
  expect((await kube(made, "/version")).status).toBe(200);
  expect((await home.ask(`/api/sandboxes/${shared.id}`)).status).toBe(404);
});

test("of two roles in a sandbox the larger one stays", async () => {
  const host = visitor();
  const { id } = await make(host);
  const invite = async (role: string): Promise<string> => {
    const made = await host.post(`/api/sandboxes/${id}/invitations`, { role });
    const { url } = (await made.json()) as { url: string };
    return `/api/invitations/${url.slice(url.lastIndexOf("/") + 1)}/accept`;
  };
  provider.github = { id: 1003, login: "twice" };
  const home = visitor();
  await signIn(home, "github");
  expect((await home.post(await invite("viewer"))).status).toBe(200);
  const away = visitor();
  expect((await away.post(await invite("editor"))).status).toBe(200);
  await signIn(away, "github");
  const members = await env.DB.prepare("SELECT role FROM members WHERE sandbox_id = ?")
    .bind(id)
    .all();
  expect(members.results).toEqual([{ role: "editor" }]);
});

test("a second identity is added, signs in the same person, and the last one stays", async () => {
  provider.github = { id: 1004, login: "linker" };
  provider.claims = { sub: "pupil-4" };
  const who = visitor();
  await signIn(who, "github");
  const { id } = await who.read<Me>("/api/me");
  await signIn(who, "oidc");
  expect((await who.read<Me>("/api/me")).id).toBe(id);
  const other = visitor();
  await signIn(other, "oidc");
  expect((await other.read<Me>("/api/me")).id).toBe(id);
  const { identities } = await who.read<{ identities: { id: string; provider: string }[] }>(
    "/api/me/identities",
  );
  expect(identities.map(({ provider: by }) => by).sort()).toEqual(["github", issuer]);
  const remove = (one: string): Promise<Response> =>
    who.post(`/api/me/identities/${one}`, {}, "DELETE");
  expect((await remove(identities[0]!.id)).status).toBe(204);
  expect(await problem(await remove(identities[1]!.id))).toMatch(/^409 this is your last way/);
  expect(await problem(await remove("x"))).toMatch(/^404/);
});

test("two who are both known are never made one", async () => {
  provider.github = { id: 1005, login: "five" };
  provider.claims = { sub: "pupil-5" };
  const [one, two] = [visitor(), visitor()];
  await signIn(one, "github");
  await signIn(two, "oidc");
  const before = await one.read<Me>("/api/me");
  expect(await problem(await signIn(one, "oidc"))).toMatch(/^409 this belongs to another account/);
  expect(await one.read("/api/me")).toEqual(before);
  // Begun as nobody, come back as somebody: nothing is added to an account that was not meant.
  const three = visitor();
  provider.github = { id: 1006, login: "six" };
  const back = provider.agree(await start(three, "github"));
  await signIn(three, "oidc");
  expect(await problem(await three.ask(back))).toMatch(/^409 you signed in as somebody else/);
});

test("the number of attempts is limited per network", async () => {
  const who = new Visitor({ ...variables, SIGN_INS_PER_MINUTE_MAX: "2" });
  const ask = (address: string): Promise<Response> =>
    who.ask("/api/sign-in/github/start", { headers: { "cf-connecting-ip": address } });
  for (const status of [302, 302, 429]) expect((await ask("192.0.2.60")).status).toBe(status);
  expect(await problem(await ask("192.0.2.60"))).toMatch(
    /^429 too many attempts to sign in: the limit is SIGN_INS_PER_MINUTE_MAX, 2 a minute/,
  );
  expect((await ask("192.0.2.61")).status).toBe(302);
});

test("pages elsewhere, keys and tokens sign nobody in", async () => {
  const local = new Visitor({ MODE: "local" }, "http://localhost:8787");
  const post = (headers: Record<string, string>): Promise<Response> =>
    local.ask("/api/sign-in/development", {
      method: "POST",
      headers,
      body: JSON.stringify({ name: "x" }),
    });
  expect((await post({ origin: "https://evil.test" })).status).toBe(403);
  const { secret } = await make(visitor());
  expect((await post({ authorization: `Bearer ${secret}` })).status).toBe(403);
  expect(local.session).toBeUndefined();
});

test("a name tells who has signed in, so the anonymous have none", async () => {
  const who = visitor();
  await make(who);
  expect(await problem(await who.post("/api/me", { name: "me" }, "PATCH"))).toMatch(/^403 sign in/);
  provider.github = { id: 1007, login: "\u0007 \n" + "x".repeat(100) };
  await signIn(who, "github");
  expect((await who.read<Me>("/api/me")).name).toBe("x".repeat(60));
  expect((await who.post("/api/me", { name: "me" }, "PATCH")).status).toBe(200);
});
