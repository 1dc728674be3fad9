import { env } from "cloudflare:workers";
import { newSession } from "../../../worker/cookie-sessions.ts";
import { insertSession } from "../../../worker/db/people.ts";
import type { Scope } from "../../../worker/scopes.ts";
import { edge, post, type Made } from "../edge.ts";

/** People of the service, as their browsers and programs show themselves. */

export type Headers_ = Record<string, string>;

export const own = "https://podyard.test";
export const cookie = (secret: string): Headers_ => ({
  cookie: `__Host-podyard=${secret}`,
  origin: own,
});

export interface Person {
  id: string;
  headers: Headers_;
}

const address = (): Headers_ => ({ "cf-connecting-ip": crypto.randomUUID() });

export async function asked<T>(path: string, init: RequestInit, status: number): Promise<T> {
  const response = await edge(path, init);
  const text = await response.text();
  if (response.status !== status) throw new Error(`${path}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

const secretIn = (response: Response): string =>
  /^__Host-podyard=([\w-]{43});/.exec(response.headers.get("set-cookie") ?? "")![1]!;

async function personOf(response: Response): Promise<Person> {
  const headers = cookie(secretIn(response));
  const { id } = await asked<{ id: string }>("/api/me", { headers }, 200);
  return { id, headers };
}

/** An anonymous person with a sandbox of theirs. */
export async function owner(
  options: unknown = {},
): Promise<{ person: Person; made: Made & { secret: string } }> {
  const init = post(options);
  const response = await edge("/api/sandboxes", {
    ...init,
    headers: { ...init.headers, ...address() },
  });
  const made = await response.clone().json<Made>();
  const secret = made.url.slice(made.url.indexOf("#k=") + 3);
  return { person: await personOf(response), made: { ...made, secret } };
}

/** Secret of an invitation. */
export async function invitation(
  by: Headers_,
  sandbox: string,
  role: string,
): Promise<{ id: string; secret: string }> {
  const init = post({ role });
  const { id, url } = await asked<{ id: string; url: string }>(
    `/api/sandboxes/${sandbox}/invitations`,
    { ...init, headers: { ...init.headers, ...by } },
    201,
  );
  return { id, secret: url.slice(url.lastIndexOf("/") + 1) };
}

/** Somebody new who accepts an invitation. */
export async function member(by: Headers_, sandbox: string, role: string): Promise<Person> {
  const { secret } = await invitation(by, sandbox, role);
  return personOf(await edge(`/api/invitations/${secret}/accept`, post({})));
}

export async function key(
  by: Headers_,
  sandbox: string,
  role?: string,
): Promise<{ id: string; secret: string }> {
  const init = post(role === undefined ? {} : { role });
  const { id, kubeconfig } = await asked<{ id: string; kubeconfig: string }>(
    `/api/sandboxes/${sandbox}/keys`,
    { ...init, headers: { ...init.headers, ...by } },
    201,
  );
  return { id, secret: /token: (\S+)/.exec(kubeconfig)![1]! };
}

export async function token(
  by: Headers_,
  scopes: readonly Scope[],
): Promise<{ id: string; token: string }> {
  const init = post({ name: "test", scopes });
  return asked("/api/me/tokens", { ...init, headers: { ...init.headers, ...by } }, 201);
}

/** One more browser of theirs. */
export async function session(userId: string): Promise<{ id: string; headers: Headers_ }> {
  const made = await newSession(new Request(own), userId, "anonymous", Date.now());
  await insertSession(env.DB, made.session);
  return { id: made.session.id, headers: cookie(made.secret) };
}
