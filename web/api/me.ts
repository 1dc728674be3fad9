import { onStorage } from "../ui/storage.ts";
import { ask, ApiError, askJson } from "./client.ts";

/** Who looks at the page, and what belongs to their account. */

export interface Me {
  id: string;
  /** Null: somebody whom only the cookie knows. */
  name: string | null;
  createdAt: string;
  /** Origins whose pages may show what is theirs in frames. Null: all. */
  embedOrigins: string[] | null;
}

const known = "podyard.known";

/** The cookie cannot be read from here: this says that there may be one, so that nobody is asked for in vain. */
export const knowMe = (): void => onStorage((storage) => storage.setItem(known, "1"));
export const mayBeKnown = (): boolean =>
  onStorage((storage) => storage.getItem(known) !== null) ?? false;
const forgetMe = (): void => onStorage((storage) => storage.removeItem(known));

/** Undefined: nobody. */
export async function readMe(): Promise<Me | undefined> {
  if (!mayBeKnown()) return undefined;
  try {
    return await askJson<Me>("/api/me");
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    forgetMe();
    return undefined;
  }
}

export const renameMe = (name: string): Promise<Me> =>
  askJson("/api/me", { method: "PATCH", body: { name } });

/** Null: all. */
export const setEmbedOrigins = (embedOrigins: string[] | null): Promise<Me> =>
  askJson("/api/me", { method: "PATCH", body: { embedOrigins } });

export async function deleteMe(confirm: string): Promise<void> {
  await ask("/api/me", { method: "DELETE", body: { confirm } });
  forgetMe();
}

export interface Session {
  id: string;
  provider: string;
  userAgent: string;
  seenAt: string;
  current: boolean;
}

export const listSessions = async (): Promise<Session[]> =>
  (await askJson<{ sessions: Session[] }>("/api/me/sessions")).sessions;

export async function signOut(session: string): Promise<void> {
  await ask(`/api/me/sessions/${session}`, { method: "DELETE" });
  if (session === "current" || session === "all") forgetMe();
}

export interface ApiToken {
  id: string;
  name: string;
  scopes: string[];
  expiresAt: string;
  /** Told once, when it is made. */
  token?: string;
}

export const scopes = [
  "account:read",
  "sandboxes:read",
  "sandboxes:write",
  "snapshots:read",
  "snapshots:write",
  "scenarios:read",
  "scenarios:write",
];

export const listApiTokens = async (): Promise<ApiToken[]> =>
  (await askJson<{ tokens: ApiToken[] }>("/api/me/tokens")).tokens;
export const makeApiToken = (name: string, of: string[]): Promise<ApiToken> =>
  askJson("/api/me/tokens", { method: "POST", body: { name, scopes: of } });
export const revokeApiToken = (id: string): Promise<unknown> =>
  ask(`/api/me/tokens/${id}`, { method: "DELETE" });

export interface Passkey {
  id: string;
  name: string;
  createdAt: string;
}

export const listPasskeys = async (): Promise<Passkey[]> =>
  (await askJson<{ passkeys: Passkey[] }>("/api/me/passkeys")).passkeys;
export const removePasskey = (id: string): Promise<unknown> =>
  ask(`/api/me/passkeys/${encodeURIComponent(id)}`, { method: "DELETE" });

/** An account elsewhere by which one signs in here. */
export interface Identity {
  id: string;
  /** `github`, or an issuer's address. */
  provider: string;
  name: string;
  createdAt: string;
}

export const listIdentities = async (): Promise<Identity[]> =>
  (await askJson<{ identities: Identity[] }>("/api/me/identities")).identities;
export const removeIdentity = (id: string): Promise<unknown> =>
  ask(`/api/me/identities/${encodeURIComponent(id)}`, { method: "DELETE" });
