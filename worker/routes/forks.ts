import * as v from "valibot";
import { verifyHuman } from "../human.ts";
import { titleCharsMax } from "../limits.ts";
import { momentOf } from "../snapshots/object-answers.ts";
import type { Call, Row } from "../route.ts";
import { past, revision, title } from "../schemas.ts";
import { originOfFork, sourceAgain } from "../sandbox-sources.ts";
import {
  answerMade,
  description,
  makeFor,
  refuseUnborn,
  summarised,
  summary,
} from "./sandboxes.ts";

const forking = v.strictObject({
  at: v.optional(revision("at")),
  title: v.optional(title),
  past: v.optional(past),
});

export const forkRoutes: Row[] = [
  {
    method: "POST",
    path: "/api/sandboxes/:id/fork",
    who: "fork",
    scope: "sandboxes:write",
    title: "Make another sandbox that goes on from this one, as it is or as it was at a revision",
    body: forking,
    makes: "/api/sandboxes/:made",
    answers: {
      201: {
        text: "It runs, and is yours. Of a viewer's, what Secrets hold was left out. As YAML: its kubeconfig alone.",
        schema: description,
      },
    },
    handle: (call) => forkSandbox(call as Call<v.InferOutput<typeof forking>>),
  },
  {
    method: "POST",
    path: "/api/sandboxes/:id/reset",
    who: "manage",
    scope: "sandboxes:write",
    title: "Make a sandbox anew, from what it was made from",
    answers: { 200: { text: "It is as it was at first; members and keys stay", schema: summary } },
    handle: resetSandbox,
  },
];

async function forkSandbox(call: Call<v.InferOutput<typeof forking>>): Promise<Response> {
  const { access, body, env } = call;
  const { sandbox, role } = access;
  await verifyHuman(call.request, env, call.principal);
  // Who may not read Secrets must not come by them in a cluster of their own.
  const secrets = role !== "viewer";
  const { name, nodes, seed } = sandbox;
  const birth = { name, nodes, seed };
  const made = await makeFor(call, async () => {
    const moment = await momentOf(env, access, { at: body.at, past: body.past, secrets });
    return {
      ...birth,
      title: body.title ?? forkedTitle(sandbox.title || sandbox.name),
      origin: originOfFork(sandbox, moment.revision, { bytes: moment.bytes, birth }),
    };
  });
  call.audit("sandbox forked", made.sandbox.id);
  return answerMade(call, made);
}

function forkedTitle(of: string): string {
  const mark = " (fork)";
  return of.endsWith(mark) ? of : of.slice(0, titleCharsMax - mark.length) + mark;
}

async function resetSandbox(call: Call): Promise<Response> {
  const { access, env } = call;
  const { sandbox, role, grant } = access;
  const from = await sourceAgain(env, sandbox);
  const { id, name, nodes, seed, expiresAt } = sandbox;
  const birth = { id, name, nodes, seed, expiresAtMs: expiresAt };
  const born = await env.SANDBOX.getByName(id).reset(grant, { ...birth, ...(from && { from }) });
  refuseUnborn(born);
  call.audit("sandbox reset", id);
  return call.json(summarised(sandbox, role, call.origin));
}
