import * as v from "valibot";
import { insertPasskey, passkeysOf, removePasskey, type Passkey } from "../db/passkeys.ts";
import { EdgeError } from "../errors.ts";
import { passkeysPerPersonMax } from "../limits.ts";
import type { Call, Row } from "../route.ts";
import { iso, keyName, personName } from "../schemas.ts";
import { signIn } from "../sign-in/arrival.ts";
import { beginAttempt, takeAttempt } from "../sign-in/attempt.ts";
import {
  challengeIn,
  creationOptions,
  mustHavePasskeys,
  passkey as way,
  registered,
  registrationShape,
} from "../sign-in/passkey.ts";
import { mayTry } from "./sign-in.ts";

const passkey = v.object({
  id: v.string(),
  name: v.string(),
  createdAt: v.string(),
  usedAt: v.string(),
});

const beginning = v.strictObject({ person: v.optional(personName) });
const registration = v.strictObject({
  credential: registrationShape,
  name: v.optional(keyName, "Passkey"),
  person: v.optional(personName),
});

export const passkeyRoutes: Row[] = [
  {
    method: "GET",
    path: "/api/me/passkeys",
    who: "person",
    scope: "account:read",
    title: "List your passkeys",
    answers: { 200: { text: "Oldest first", schema: v.object({ passkeys: v.array(passkey) }) } },
    handle: async (call) => {
      const found = await passkeysOf(call.env.DB, call.person!.id);
      return call.json({ passkeys: found.map(told) });
    },
  },
  {
    method: "POST",
    path: "/api/me/passkeys/options",
    // Who is nobody yet becomes a person: the one that the passkey will be of.
    who: "anyone",
    title: "Begin to register a passkey",
    body: beginning,
    answers: {
      200: {
        text: "For `navigator.credentials.create`",
        schema: v.object({ publicKey: v.record(v.string(), v.unknown()) }),
      },
    },
    handle: (call) => begin(call as Call<v.InferOutput<typeof beginning>>),
  },
  {
    method: "POST",
    path: "/api/me/passkeys/verify",
    who: "person",
    title: "Register a passkey; who was anonymous is signed in by it",
    body: registration,
    makes: "/api/me/passkeys/:made",
    answers: { 201: { text: "It signs you in from now on", schema: passkey } },
    handle: (call) => register(call as Call<v.InferOutput<typeof registration>>),
  },
  {
    method: "DELETE",
    path: "/api/me/passkeys/:passkey",
    who: "person",
    title: "Remove a passkey; not your last way to sign in",
    answers: { 204: { text: "It signs nobody in any more" } },
    handle: remove,
  },
];

/** In `sign_ins`: not the row of those who sign in, so that the one answer is no good for the other. */
const registering = "passkey registration";

const guest = (id: string): string => `guest-${id.slice(0, 4)}`;

async function begin(call: Call<v.InferOutput<typeof beginning>>): Promise<Response> {
  const url = new URL(call.request.url);
  mustHavePasskeys(url);
  await mayTry(call);
  const person = (await call.somebody())!;
  const known = await passkeysOf(call.env.DB, person.id);
  if (known.length >= passkeysPerPersonMax) throw tooMany();
  const { attempt, cookie } = await beginAttempt(call, registering, "/");
  const name = person.name ?? call.body.person ?? guest(person.id);
  const user = { id: person.id, name };
  const response = call.json({
    publicKey: creationOptions(attempt.state, url.hostname, user, known),
  });
  response.headers.append("set-cookie", cookie);
  return response;
}

async function register(call: Call<v.InferOutput<typeof registration>>): Promise<Response> {
  await mayTry(call);
  const { credential, name, person: called } = call.body;
  const person = call.person!;
  const challenge = challengeIn(credential.response.clientDataJSON);
  const { attempt, cookie } = await takeAttempt(call, registering, challenge);
  if (attempt.userId !== person.id) {
    throw new EdgeError(409, "you signed in as somebody else meanwhile; begin again");
  }
  const made = await registered(credential, { challenge, origin: call.origin });
  const row: Passkey = {
    ...made,
    userId: person.id,
    transports: (credential.response.transports ?? []).join(","),
    name,
    createdAt: call.now,
    usedAt: call.now,
  };
  const personsName = called ?? guest(person.id);
  if (!(await insertPasskey(call.env.DB, row, personsName, passkeysPerPersonMax))) {
    const own = await passkeysOf(call.env.DB, person.id);
    if (own.length >= passkeysPerPersonMax) throw tooMany();
    throw new EdgeError(409, "this passkey is registered already");
  }
  call.audit("passkey registered", row.id);
  const response = call.json(told(row), 201);
  response.headers.append("set-cookie", cookie);
  if (person.name === null) {
    response.headers.append("set-cookie", await signIn(call, person, way));
  }
  return response;
}

async function remove(call: Call): Promise<Response> {
  const { id: userId } = call.person!;
  const id = call.param("passkey");
  if (!(await removePasskey(call.env.DB, userId, id))) {
    const own = await passkeysOf(call.env.DB, userId);
    if (!own.some((one) => one.id === id)) throw new EdgeError(404, "you have no such passkey");
    throw new EdgeError(
      409,
      "this is your last way to sign in; add another before, or delete your account",
    );
  }
  call.audit("passkey removed", id);
  return call.nothing();
}

const tooMany = (): EdgeError =>
  new EdgeError(
    409,
    `you have ${passkeysPerPersonMax} passkeys, the most that one may; remove one`,
  );

const told = ({ id, name, createdAt, usedAt }: Passkey) => ({
  id,
  name,
  createdAt: iso(createdAt),
  usedAt: iso(usedAt),
});
