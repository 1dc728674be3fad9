/**
 * Service accounts' tokens in a snapshot. They are signed with a key that is one sandbox's own, and lie about in Secrets,
 * files, variables and logs. In a snapshot they name no key and carry no signature, so they open nothing; restored, they are
 * signed anew by the sandbox that they are in then. Their length stays, as files know theirs.
 */
import type { Snapshot } from "../core/snapshot.ts";
import { signText, tokenHead, type SigningKey } from "../api/auth/tokens.ts";
import { snapshotTokensMax } from "../core/limits.ts";
import { fromBase64, toBase64 } from "../runtime/bytes.ts";
import { insideBase64, mapTexts, sharedBefore } from "./texts.ts";

/** base64url characters of a P-256 signature. */
const signatureLength = 86;
const noSignature = "A".repeat(signatureLength);

/** A key's head, and how its beginning shows in base64, by the bytes before it in its group of three. */
interface Head {
  text: string;
  encoded: { middle: string; skipped: number }[];
}

function headOf(text: string): Head {
  const encoded = [0, 1, 2].map((before) => ({
    middle: insideBase64(text, before),
    skipped: sharedBefore(before),
  }));
  return { text, encoded };
}

/** What becomes of a token, from its claims and its signature; undefined: it stays. */
type Swap = (claims: string, signature: string) => string | undefined;

/** Of a key that is nobody's, whose name is as long as another's. */
const noHead = (key: SigningKey): string => tokenHead({ id: "0".repeat(key.id.length) });

/** Without what its own key signed. What looks like it and is not stays as it is. */
export function withoutTokens(snapshot: Snapshot, key: SigningKey): Snapshot {
  const head = tokenHead(key);
  const blank = noHead(key);
  /** The signature that claims would have. */
  const found = new Map<string, string>();
  const seen = new Set<string>();
  const swap: Swap = (claims, signature) => {
    let signed = found.get(claims);
    if (signed === undefined && found.size < snapshotTokensMax) {
      signed = signText(key, `${head}.${claims}`);
      found.set(claims, signed);
    }
    // Those beyond what is looked at are worth nothing any more.
    const own = signed === undefined || signed === signature;
    if (signed === signature) seen.add(claims);
    return own ? `${blank}.${claims}.${noSignature}` : undefined;
  };
  const without = mapSnapshot(snapshot, headOf(head), swap);
  return { ...without, tokens: [...seen].sort() };
}

/** With those signed that it says were. */
export function withTokens(snapshot: Snapshot, key: SigningKey): Snapshot {
  if (snapshot.tokens.length === 0) return snapshot;
  const head = tokenHead(key);
  const signatures = new Map<string, string>();
  for (const claims of snapshot.tokens.slice(0, snapshotTokensMax)) {
    signatures.set(claims, signText(key, `${head}.${claims}`));
  }
  return mapSnapshot(snapshot, headOf(noHead(key)), (claims) => {
    const signature = signatures.get(claims);
    return signature && `${head}.${claims}.${signature}`;
  });
}

function mapSnapshot(snapshot: Snapshot, head: Head, swap: Swap): Snapshot {
  const change = (text: string): string => swapIn(text, head, swap);
  return {
    ...snapshot,
    objects: mapTexts(snapshot.objects, change),
    records: mapTexts(snapshot.records, change),
    past: mapTexts(snapshot.past, change),
  };
}

function swapIn(text: string, head: Head, swap: Swap): string {
  if (text.length < head.text.length) return text;
  let out = swapPlain(text, head, swap);
  for (const { middle, skipped } of head.encoded)
    out = swapEncoded(out, head, middle, skipped, swap);
  return out;
}

const isTokenPart = (c: number): boolean =>
  (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 45 || c === 95;

function swapPlain(text: string, head: Head, swap: Swap): string {
  let out = "";
  let done = 0;
  for (let at = text.indexOf(head.text); at >= 0; at = text.indexOf(head.text, at + 1)) {
    if (at < done) continue;
    const claims = at + head.text.length + 1;
    let dot = claims;
    while (isTokenPart(text.charCodeAt(dot))) dot++;
    const end = dot + 1 + signatureLength;
    if (text[claims - 1] !== "." || text[dot] !== "." || end > text.length) continue;
    const token = swap(text.slice(claims, dot), text.slice(dot + 1, end));
    if (token === undefined) continue;
    out += text.slice(done, at) + token;
    done = end;
  }
  return done === 0 ? text : out + text.slice(done);
}

const isBase64 = (c: number): boolean =>
  (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 43 || c === 47;

/** Tokens in what stands in base64: from the group in which the first begins up to the end of the run. */
function swapEncoded(
  text: string,
  head: Head,
  middle: string,
  skipped: number,
  swap: Swap,
): string {
  const found = text.indexOf(middle);
  if (found < skipped) return text;
  const from = found - skipped;
  let end = found;
  while (isBase64(text.charCodeAt(end))) end++;
  while (text[end] === "=" && (end - from) % 4 !== 0) end++;
  end -= (end - from) % 4;
  const plain = fromBase64(text.slice(from, end));
  if (plain === undefined) return text;
  const swapped = swapPlain(plain, head, swap);
  return swapped === plain ? text : text.slice(0, from) + toBase64(swapped) + text.slice(end);
}
