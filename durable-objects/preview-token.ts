import { encodeBase64Url } from "./engine/core/base64url.ts";

/**
 * A preview's token opens what a sandbox's Services serve to browsers, and nothing else. It says which key read it, so that
 * it ends with that key, and is signed with a secret of the object's own.
 */

const secretBytes = 32;
const macBytes = 16;

/** The id of a key, then the signature. */
export const previewTokenShape = /^([0-9a-f]{12})[A-Za-z0-9_-]{22}$/;

/** Always the same for a key. */
export async function previewToken(
  kv: SyncKvStorage,
  sandboxId: string,
  keyId: string,
): Promise<string> {
  let secret = kv.get<Uint8Array>("previewSecret");
  if (!secret) {
    secret = crypto.getRandomValues(new Uint8Array(secretBytes));
    kv.put("previewSecret", secret);
  }
  return keyId + (await signature(secret, sandboxId, keyId));
}

export async function opensPreview(
  kv: SyncKvStorage,
  sandboxId: string,
  token: string,
): Promise<boolean> {
  const secret = kv.get<Uint8Array>("previewSecret");
  const keyId = previewTokenShape.exec(token)?.[1];
  if (!secret || keyId === undefined) return false;
  return sameSecret(token, keyId + (await signature(secret, sandboxId, keyId)));
}

async function signature(secret: Uint8Array, sandboxId: string, keyId: string): Promise<string> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret as BufferSource, hmac, false, ["sign"]);
  const text = new TextEncoder().encode(`preview ${sandboxId} ${keyId}`);
  const bytes = new Uint8Array(await crypto.subtle.sign("HMAC", key, text)).subarray(0, macBytes);
  return encodeBase64Url(bytes);
}

/** Compares secrets of equal length without telling by its time how far they agree. */
function sameSecret(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++)
    difference |= a.charCodeAt(i) ^ b.charCodeAt(i % (b.length || 1));
  return b !== "" && difference === 0;
}
