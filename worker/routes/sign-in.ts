import * as v from "valibot";
import { spendSignIn } from "../creation-limits.ts";
import { findPasskey, usePasskey } from "../db/passkeys.ts";
import type { Person } from "../db/people.ts";
import { EdgeError, edgeErrorResponse } from "../errors.ts";
import { limitsOf } from "../limits.ts";
import { refuseForeignHosts, refuseForeignSignIn } from "../foreign-pages.ts";
import type { Call, Row } from "../route.ts";
import { iso, personName } from "../schemas.ts";
import { personBehind, signIn } from "../sign-in/arrival.ts";
import { beginAttempt, returnPath, takeAttempt } from "../sign-in/attempt.ts";
import { developmentIdentity } from "../sign-in/development.ts";
import {
  asserted,
  assertionShape,
  challengeIn,
  handleOf,
  mustHavePasskeys,
  passkey,
  refused,
  requestOptions,
} from "../sign-in/passkey.ts";
import { failurePage } from "../sign-in/failure-page.ts";
import type { RedirectWay } from "../sign-in/way.ts";
import { wayCalled, waysOf } from "../sign-in/ways.ts";

const way = v.object({
  id: v.string(),
  kind: v.string(),
  name: v.string(),
  /** Where a link leads, of the ways that go by a provider's pages. */
  start: v.optional(v.string()),
});

/** Who is signed in now. */
const signedIn = v.object({ id: v.string(), name: v.string(), createdAt: v.string() });

const named = v.strictObject({ name: personName });
const assertion = v.strictObject({ credential: assertionShape });

export const signInRoutes: Row[] = [
  {
    method: "GET",
    path: "/api/sign-in",
    who: "anyone",
    title: "List the ways to sign in that this deployment has",
    answers: { 200: { text: "In the order to show", schema: v.object({ ways: v.array(way) }) } },
    handle: (call) => call.json({ ways: waysOf(call.env, urlOf(call)).map(told) }),
  },
  {
    method: "GET",
    path: "/api/sign-in/:way/start",
    who: "anyone",
    title: "Begin to sign in, or to add an identity, at a provider",
    query: { to: "Path of this site to come back to; / without" },
    answers: { 302: { text: "To the provider" } },
    handle: (call) => onPages(call, () => start(call)),
  },
  {
    method: "GET",
    path: "/api/sign-in/:way/callback",
    who: "anyone",
    title: "Come back from a provider",
    query: { state: "As the start gave it", code: "The provider's", error: "The provider's" },
    answers: { 303: { text: "Signed in, to where the start said" } },
    handle: (call) => onPages(call, () => comeBack(call)),
  },
  {
    method: "POST",
    path: "/api/sign-in/passkey/options",
    who: "anyone",
    title: "Begin to sign in by a passkey",
    answers: {
      200: {
        text: "For `navigator.credentials.get`",
        schema: v.object({ publicKey: v.record(v.string(), v.unknown()) }),
      },
    },
    handle: passkeyOptions,
  },
  {
    method: "POST",
    path: "/api/sign-in/passkey/verify",
    who: "anyone",
    title: "Sign in by a passkey",
    body: assertion,
    answers: { 200: { text: "Signed in", schema: signedIn } },
    handle: (call) => byPasskey(call as Call<v.InferOutput<typeof assertion>>),
  },
  {
    method: "POST",
    path: "/api/sign-in/development",
    who: "anyone",
    title: "Sign in by a name alone (local mode only)",
    body: named,
    answers: { 200: { text: "Signed in", schema: signedIn } },
    handle: (call) => byName(call as Call<v.InferOutput<typeof named>>),
  },
];

const urlOf = (call: Call): URL => new URL(call.request.url);

const told = ({ id, kind, name }: { id: string; kind: string; name: string }) => ({
  id,
  kind,
  name,
  ...(kind === "redirect" && { start: `/api/sign-in/${id}/start` }),
});

/** Signing in is for browsers: what shows a key or a token is somebody already. And it is limited. */
export async function mayTry(call: Call): Promise<void> {
  const { by } = call.principal;
  if (by === "key" || by === "token") {
    throw new EdgeError(403, "sign in without a key or an API token");
  }
  refuseForeignSignIn(call.request);
  refuseForeignHosts(call.request, call.env);
  const address = call.request.headers.get("cf-connecting-ip") ?? undefined;
  await spendSignIn(call.env, limitsOf(call.env), address, call.now);
}

/** A person reads a failure on a page; a program as problem details. */
async function onPages(call: Call, step: () => Promise<Response>): Promise<Response> {
  try {
    return await step();
  } catch (error) {
    const html = (call.request.headers.get("accept") ?? "").includes("text/html");
    if (!(error instanceof EdgeError) || !html) throw error;
    return failurePage(error, edgeErrorResponse(error));
  }
}

const backTo = (call: Call, { id }: RedirectWay): string =>
  `${call.origin}/api/sign-in/${id}/callback`;

async function start(call: Call): Promise<Response> {
  const found = wayCalled(call.env, urlOf(call), call.param("way"), "redirect");
  const to = returnPath(call.c.req.query("to") ?? "/", call);
  await mayTry(call);
  const { attempt, cookie } = await beginAttempt(call, found.id, to);
  const url = await found.start(attempt, backTo(call, found));
  return redirect(302, url.href, [cookie]);
}

async function comeBack(call: Call): Promise<Response> {
  const found = wayCalled(call.env, urlOf(call), call.param("way"), "redirect");
  const answered = urlOf(call).searchParams;
  const { attempt, cookie } = await takeAttempt(call, found.id, answered.get("state") ?? "");
  refuseOther(call, attempt.userId);
  const identity = await found.finish(attempt, backTo(call, found), answered);
  const session = await signIn(call, await personBehind(call, identity), found.id);
  // Of this origin in full: whatever the path is, it leads nowhere else.
  return redirect(303, call.origin + attempt.to, [cookie, session]);
}

/** Else an identity would be added to an account that was not meant. */
function refuseOther({ person }: Call, userId: string | null): void {
  if (person && person.name !== null && person.id !== userId) {
    throw new EdgeError(409, "you signed in as somebody else meanwhile; sign out, and begin again");
  }
}

function redirect(status: 302 | 303, location: string, cookies: string[]): Response {
  const headers = new Headers({
    location,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
  });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status, headers });
}

async function passkeyOptions(call: Call): Promise<Response> {
  mustHavePasskeys(urlOf(call));
  await mayTry(call);
  const { attempt, cookie } = await beginAttempt(call, passkey, "/");
  const response = call.json({ publicKey: requestOptions(attempt.state, urlOf(call).hostname) });
  response.headers.append("set-cookie", cookie);
  return response;
}

async function byPasskey(call: Call<v.InferOutput<typeof assertion>>): Promise<Response> {
  mustHavePasskeys(urlOf(call));
  await mayTry(call);
  const { credential } = call.body;
  const challenge = challengeIn(credential.response.clientDataJSON);
  const { cookie } = await takeAttempt(call, passkey, challenge);
  const found = await findPasskey(call.env.DB, credential.id);
  if (!found) {
    throw new EdgeError(
      403,
      "this passkey is not known here, or was removed; sign in another way, and remove it from your device",
    );
  }
  const handle = handleOf(credential.response.userHandle);
  if (handle !== undefined && handle !== found.person.id) throw refused();
  const expected = { challenge, origin: call.origin };
  const counter = await asserted(credential, expected, found.passkey);
  if (!(await usePasskey(call.env.DB, found.passkey.id, counter, call.now))) throw refused();
  return arrived(call, found.person, passkey, [cookie]);
}

async function byName(call: Call<v.InferOutput<typeof named>>): Promise<Response> {
  const { id } = wayCalled(call.env, urlOf(call), "development", "development");
  await mayTry(call);
  const person = await personBehind(call, developmentIdentity(call.body.name));
  return arrived(call, person, id, []);
}

async function arrived(
  call: Call,
  person: Person,
  by: string,
  cookies: string[],
): Promise<Response> {
  const session = await signIn(call, person, by);
  const response = call.json({
    id: person.id,
    name: person.name,
    createdAt: iso(person.createdAt),
  });
  for (const cookie of [...cookies, session]) response.headers.append("set-cookie", cookie);
  return response;
}
