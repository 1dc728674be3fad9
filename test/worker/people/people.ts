import { bearer, edge } from "../edge.ts";

/** Somebody in a browser of their own, for the tests of this folder. */
export interface Somebody {
  cookie: string;
  /** As the page of this origin asks. */
  ask(path: string, init?: RequestInit & { headers?: Record<string, string> }): Promise<Response>;
}

export interface Sandboxed {
  id: string;
  secret: string;
  title: string;
  source: unknown;
}

const own = (cookie: string): Somebody => ({
  cookie,
  ask: (path, init = {}) =>
    edge(path, {
      ...init,
      headers: Object.assign({ cookie, origin: "https://podyard.test" }, init.headers),
    }),
});

/** Of the answer to whoever made or forked something. */
export async function sandboxOf(response: Response): Promise<Sandboxed> {
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  const made = (await response.json()) as Sandboxed & { url: string };
  return { ...made, secret: made.url.slice(made.url.indexOf("#k=") + 3) };
}

/** A person with a sandbox. */
export async function newcomer(options: unknown = {}): Promise<Somebody & { made: Sandboxed }> {
  const response = await edge("/api/sandboxes", {
    method: "POST",
    headers: { "cf-connecting-ip": crypto.randomUUID() },
    body: JSON.stringify(options),
  });
  const cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
  return { ...own(cookie), made: await sandboxOf(response) };
}

/** Somebody else, who has accepted an invitation of the owner's as that role. */
export async function memberOf(
  owner: Somebody & { made: Sandboxed },
  role: string,
): Promise<Somebody & { made: Sandboxed }> {
  const invited = await owner.ask(`/api/sandboxes/${owner.made.id}/invitations`, json({ role }));
  if (invited.status !== 201) throw new Error(`${invited.status} ${await invited.text()}`);
  const { url } = (await invited.json()) as { url: string };
  const member = await newcomer();
  const accepted = await member.ask(
    `/api/invitations/${url.slice(url.lastIndexOf("/") + 1)}/accept`,
    json({}),
  );
  if (!accepted.ok) throw new Error(`${accepted.status} ${await accepted.text()}`);
  return member;
}

export const json = (
  body: unknown,
  method = "POST",
): RequestInit & { headers: Record<string, string> } => ({
  method,
  headers: { "content-type": "application/json", "cf-connecting-ip": crypto.randomUUID() },
  body: JSON.stringify(body),
});

/** By the key of a sandbox alone, without a person. */
export const byKey = (secret: string): Somebody => ({
  cookie: "",
  ask: (path, init = {}) =>
    edge(path, { ...init, headers: Object.assign(bearer(secret), init.headers) }),
});
