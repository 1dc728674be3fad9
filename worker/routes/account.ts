import * as v from "valibot";
import { removeEverything } from "../account-removal.ts";
import { everythingOf } from "../db/accounts.ts";
import { identitiesOf, removeIdentity, type Identity } from "../db/identities.ts";
import { EdgeError } from "../errors.ts";
import { exportRowsMax } from "../limits.ts";
import type { Call, Row } from "../route.ts";
import { iso } from "../schemas.ts";
import { hashOf } from "../secrets.ts";
import { cookieWith } from "../cookie-sessions.ts";

const identity = v.object({
  id: v.string(),
  provider: v.string(),
  name: v.string(),
  createdAt: v.string(),
});

const removal = v.strictObject({ confirm: v.string("confirm must be a text") });

export const accountRoutes: Row[] = [
  {
    method: "GET",
    path: "/api/me/identities",
    who: "person",
    scope: "account:read",
    title: "List by whom you can sign in",
    answers: {
      200: { text: "Oldest first", schema: v.object({ identities: v.array(identity) }) },
    },
    handle: async (call) => {
      const found = await identitiesOf(call.env.DB, call.person!.id);
      return call.json({ identities: await Promise.all(found.map(told)) });
    },
  },
  {
    method: "DELETE",
    path: "/api/me/identities/:identity",
    who: "person",
    title: "Remove an identity; not your last way to sign in",
    answers: { 204: { text: "It signs you in no more" } },
    handle: unlink,
  },
  {
    method: "GET",
    path: "/api/me/export",
    who: "person",
    title: "Export everything that is stored of you",
    answers: {
      200: {
        text: "Rows by table, newest first, times in ms since 1970, no secret; `cutShort` names tables with more rows than it tells",
        schema: v.record(v.string(), v.unknown()),
      },
    },
    handle: exportAll,
  },
  {
    method: "DELETE",
    path: "/api/me",
    who: "person",
    title: "Delete your account, your sandboxes, snapshots and scenarios",
    body: removal,
    answers: { 204: { text: "Nothing of you is left" } },
    handle: (call) => deleteAccount(call as Call<v.InferOutput<typeof removal>>),
  },
];

/** The subject is the provider's word for them, and long: in addresses stands its hash. */
const idOf = async ({ provider, subject }: Identity): Promise<string> =>
  (await hashOf(`${provider} ${subject}`)).slice(0, 16);

const told = async (one: Identity) => ({
  id: await idOf(one),
  provider: one.provider,
  name: one.name,
  createdAt: iso(one.createdAt),
});

async function unlink(call: Call): Promise<Response> {
  const named = call.param("identity");
  for (const one of await identitiesOf(call.env.DB, call.person!.id)) {
    if ((await idOf(one)) !== named) continue;
    if (!(await removeIdentity(call.env.DB, one))) {
      throw new EdgeError(
        409,
        "this is your last way to sign in; add another before, or delete your account",
      );
    }
    call.audit("identity removed", one.provider);
    return call.nothing();
  }
  throw new EdgeError(404, "you have no such identity");
}

async function exportAll(call: Call): Promise<Response> {
  const found = await everythingOf(call.env.DB, call.person!.id, exportRowsMax);
  const cutShort = Object.keys(found).filter((name) => found[name]!.length === exportRowsMax);
  return call.json({ exportedAt: iso(call.now), ...found, cutShort }, 200, {
    "content-disposition": 'attachment; filename="podyard.json"',
  });
}

async function deleteAccount(call: Call<v.InferOutput<typeof removal>>): Promise<Response> {
  const { id, name } = call.person!;
  const { confirm } = call.body;
  if (confirm !== id && confirm !== name) {
    const what = name === null ? `your id, ${id}` : `your name, ${name}, or your id`;
    throw new EdgeError(400, `confirm must be ${what}`, "confirm");
  }
  await removeEverything(call.env, id, call.now);
  const response = call.nothing();
  response.headers.append("set-cookie", cookieWith(call.request, undefined));
  return response;
}
