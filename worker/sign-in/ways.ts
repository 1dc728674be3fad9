import type { Env } from "../env.ts";
import { EdgeError } from "../errors.ts";
import { developmentWay } from "./development.ts";
import { githubWay } from "./github.ts";
import { openIdWays } from "./openid.ts";
import { passkeyWay } from "./passkey.ts";
import type { Way } from "./way.ts";

/** The ways to sign in: one table, of which a deployment has the rows that its variables name. */

const table: readonly ((env: Env, url: URL) => Way | Way[] | undefined)[] = [
  githubWay,
  openIdWays,
  passkeyWay,
  developmentWay,
];

export const waysOf = (env: Env, url: URL): Way[] => table.flatMap((row) => row(env, url) ?? []);

/** Throws 404 where this deployment does not have it. */
export function wayCalled<K extends Way["kind"]>(
  env: Env,
  url: URL,
  id: string,
  kind: K,
): Extract<Way, { kind: K }> {
  const ways = waysOf(env, url);
  const found = ways.find((way) => way.id === id && way.kind === kind);
  if (found) return found as Extract<Way, { kind: K }>;
  const there = ways.map((way) => way.id).join(", ") || "none";
  throw new EdgeError(404, `there is no such way to sign in here; there are: ${there}`);
}
