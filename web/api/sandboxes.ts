import { ask, askJson } from "./client.ts";
import { askAsHuman } from "./human.ts";
import { knowMe } from "./me.ts";

/** Sandboxes: those one made or belongs to, and the ones that a key opens. */

export type Role = "owner" | "editor" | "viewer";

export interface Summary {
  id: string;
  name: string;
  title: string;
  nodes: number;
  role: Role;
  url: string;
  /** RFC 3339, as all times. */
  createdAt: string;
  usedAt: string;
  expiresAt: string;
}

export interface Sandbox extends Summary {
  /** Absent where the cookie opens it. */
  key?: string;
  /** Told to who made it, or shows a key. */
  kubeconfig?: string;
  /** What it was made from; null: an empty cluster. */
  source?: { kind: string; id?: string } | null;
}

/** What a sandbox is made from; nothing: an empty cluster. */
export type From = { snapshot: string } | { scenario: string } | { manifests: string };

export const keyIn = (url: string): string | undefined => /#k=([\w-]+)$/.exec(url)?.[1];

export async function createSandbox(from?: From): Promise<Sandbox> {
  const made = await askAsHuman<Sandbox>("/api/sandboxes", {
    method: "POST",
    body: from ? { from } : {},
  });
  knowMe();
  return withKey(made);
}

/** `at`: as it was at this revision. */
export async function forkSandbox({ id, key }: Sandbox, at?: number): Promise<Sandbox> {
  const body = at === undefined ? {} : { at };
  return withKey(
    await askAsHuman<Sandbox>(`/api/sandboxes/${id}/fork`, { method: "POST", body, key }),
  );
}

/** The secret stands in the address that is told to who made it. */
export function withKey(made: Sandbox): Sandbox {
  const key = keyIn(made.url);
  return key === undefined ? made : { ...made, key };
}

export async function readSandbox(id: string, key?: string): Promise<Sandbox> {
  const found = await askJson<Sandbox>(`/api/sandboxes/${id}`, { key });
  return key === undefined ? found : { ...found, key };
}

export const listSandboxes = async (): Promise<Summary[]> =>
  (await askJson<{ sandboxes: Summary[] }>("/api/sandboxes?limit=100")).sandboxes;

export const renameSandbox = (id: string, title: string, key?: string): Promise<Summary> =>
  askJson(`/api/sandboxes/${id}`, { method: "PATCH", body: { title }, key });

/** Anew, from what it was made from. */
export const resetSandbox = (id: string, key?: string): Promise<unknown> =>
  ask(`/api/sandboxes/${id}/reset`, { method: "POST", key });

export const deleteSandbox = (id: string, key?: string): Promise<unknown> =>
  ask(`/api/sandboxes/${id}`, { method: "DELETE", key });

export interface Member {
  id: string;
  name: string;
  role: Role;
  since: string;
}

export interface Invitation {
  id: string;
  role: Role;
  expiresAt: string;
  uses: number;
  usesMax: number;
  /** Told once, when it is made. */
  url?: string;
}

export interface Key {
  id: string;
  role: Role;
  name: string;
  expiresAt: string;
  /** Told once, when it is made. */
  kubeconfig?: string;
}

/** Its page, with the key where there is one. */
export const placeOf = ({ id, key }: { id: string; key?: string }): string =>
  `/s/${id}${key === undefined ? "" : `#k=${key}`}`;

/** What who shares a sandbox does with it. */
export function sharingOf({ id, key }: Sandbox) {
  const at = `/api/sandboxes/${id}`;
  return {
    members: async () => (await askJson<{ members: Member[] }>(`${at}/members`, { key })).members,
    changeMember: (member: string, role: Role) =>
      ask(`${at}/members/${member}`, { method: "PATCH", body: { role }, key }),
    removeMember: (member: string) => ask(`${at}/members/${member}`, { method: "DELETE", key }),
    invitations: async () =>
      (await askJson<{ invitations: Invitation[] }>(`${at}/invitations`, { key })).invitations,
    invite: (role: Role) =>
      askJson<Invitation>(`${at}/invitations`, { method: "POST", body: { role }, key }),
    withdrawInvitation: (invitation: string) =>
      ask(`${at}/invitations/${invitation}`, { method: "DELETE", key }),
    keys: async () => (await askJson<{ keys: Key[] }>(`${at}/keys`, { key })).keys,
    makeKey: (body: { name?: string; role?: Role }) =>
      askJson<Key & { apiServer: string; kubeconfig: string }>(`${at}/keys`, {
        method: "POST",
        body,
        key,
      }),
    revokeKey: (one: string) => ask(`${at}/keys/${one}`, { method: "DELETE", key }),
  };
}

export interface InvitationTo {
  sandbox: { title: string; name: string };
  role: Role;
  expiresAt: string;
}

export const readInvitation = (secret: string): Promise<InvitationTo> =>
  askJson(`/api/invitations/${encodeURIComponent(secret)}`);

export async function acceptInvitation(secret: string, name: string): Promise<{ id: string }> {
  const joined = await askJson<{ id: string }>(
    `/api/invitations/${encodeURIComponent(secret)}/accept`,
    { method: "POST", body: name === "" ? {} : { name } },
  );
  knowMe();
  return joined;
}
