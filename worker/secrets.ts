/** Secrets, ids, and what is stored of them. */

/** 256 random bits as 43 characters, after what tells a reader, and scanners of leaked secrets, what it is. */
export const newSecret = (prefix = ""): string =>
  prefix + base64url(crypto.getRandomValues(new Uint8Array(32)));

export const secretShape = /^[A-Za-z0-9_-]{43}$/;

/** 48 random bits in hex: unique beside its neighbours, no secret. */
export const newShortId = (): string => hex(crypto.getRandomValues(new Uint8Array(6)));

/** Of which ids are made. */
export const idLetters = "abcdefghijklmnopqrstuvwxyz234567";

/** 128 random bits in base 32, so that it is a DNS label and nobody guesses it. */
export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(26)), (byte) => idLetters[byte & 31]).join("");

export const idShape = /^[a-z2-7]{26}$/;

const encoder = new TextEncoder();

/** SHA-256 in hex. */
export async function hashOf(content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource)));
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** Throws where it is none. */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  const decoded = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(decoded, (each) => each.charCodeAt(0));
}
