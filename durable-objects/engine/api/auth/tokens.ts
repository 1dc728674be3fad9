/** Service account tokens: real JWTs, ES256, signed with the cluster's own key. k8s: pkg/registry/core/serviceaccount/storage/token.go */
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { decodeBase64Url, encodeBase64Url } from "../../core/base64url.ts";
import { tokenMemoEntriesMax } from "../../core/limits.ts";
import { keep } from "../../core/memo.ts";
import { decodeUtf8, encodeUtf8 } from "../../core/utf8.ts";
import type { KubeObject } from "../../core/object.ts";
import type { Reply } from "../../ports/request.ts";
import { json } from "../request/reply.ts";

export const issuer = "https://kubernetes.default.svc.cluster.local";

export interface Claims {
  aud: string[];
  exp: number;
  iat: number;
  iss: string;
  jti: string;
  "kubernetes.io": {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    pod?: { name: string; uid: string };
    /** Its uid is not known of a node that is gone. */
    node?: { name: string; uid?: string };
    secret?: { name: string; uid: string };
    warnafter?: number;
  };
  nbf: number;
  sub: string;
}

/** What the cluster signs with, and the name of that key, which a token's header carries. */
export interface SigningKey {
  secret: Uint8Array;
  /** Compressed; what signatures are checked with. */
  publicKey: Uint8Array;
  id: string;
}

/** What makes a cluster's tokens its own: nothing of it follows from the seed, and nothing of it is stored by the engine. */
export interface Identity {
  /** Stands before the first dot of the key's id, so that whoever sees a token knows whom to ask. */
  id: string;
  /** Known to nobody else. */
  secret: string;
}

/** The ES256 key of a sandbox's tokens, from its secret alone: the same secret makes the same key. */
export function signingKey(identity: Identity): SigningKey {
  const key = {} as SigningKey;
  renewKey(key, identity);
  return key;
}

/** The key becomes another identity's: whoever holds it signs and checks with that one from then on. */
export function renewKey(key: SigningKey, identity: Identity): void {
  const secret = sha256(encodeUtf8(`podyard service account key ${identity.secret}`));
  let publicKey: Uint8Array | undefined;
  let id: string | undefined;
  Object.defineProperties(key, {
    secret: { value: secret, enumerable: true, configurable: true },
    // Takes a millisecond or two of arithmetic, and most starts sign nothing.
    publicKey: {
      get: () => (publicKey ??= p256.getPublicKey(secret, true)),
      enumerable: true,
      configurable: true,
    },
    id: {
      get: () => (id ??= `${identity.id}.${encodeBase64Url(sha256(key.publicKey))}`),
      enumerable: true,
      configurable: true,
    },
  });
}

const encodeJson = (value: unknown): string => encodeBase64Url(encodeUtf8(JSON.stringify(value)));

/** Claims of tokens that lie in Secrets and never expire. k8s: pkg/serviceaccount/legacy.go */
export type LegacyClaims = Record<string, string>;

export const legacyIssuer = "kubernetes/serviceaccount";
export const legacyPrefix = "kubernetes.io/serviceaccount/";

/** The token of a Secret of type service-account-token: without an expiry, valid while account and Secret exist. */
export function signLegacyToken(key: SigningKey, account: KubeObject, secret: string): string {
  const { namespace = "", name, uid } = account.metadata;
  return signToken(key, {
    iss: legacyIssuer,
    [`${legacyPrefix}namespace`]: namespace,
    [`${legacyPrefix}secret.name`]: secret,
    [`${legacyPrefix}service-account.name`]: name,
    [`${legacyPrefix}service-account.uid`]: uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  });
}

/** `claims`: a `Claims` or `LegacyClaims`. */
export function signToken(key: SigningKey, claims: object): string {
  const body = `${tokenHead(key)}.${encodeJson(claims)}`;
  return `${body}.${signText(key, body)}`;
}

/** Whether a text is a token that another key of this service's signed: of a former key, or of another cluster. */
export function isForeign(token: string, key: SigningKey): boolean {
  const [head = ""] = token.split(".");
  if (head === tokenHead(key)) return false;
  const { kid = "" } = (headIn(head) ?? {}) as { kid?: string };
  return head === tokenHead({ id: kid }) && ownKeyId.test(kid);
}

/** What stands before the dot is a cluster's id, behind it the hash of a public key. */
const ownKeyId = /^[a-z0-9-]*\.[A-Za-z0-9_-]{43}$/;

function headIn(head: string): unknown {
  try {
    return JSON.parse(decodeUtf8(bytesOf(head) ?? new Uint8Array()));
  } catch {
    return undefined;
  }
}

/** How all tokens of a key begin, up to the first dot. */
export function tokenHead({ id }: Pick<SigningKey, "id">): string {
  return encodeJson({ alg: "ES256", kid: id, typ: "JWT" });
}

/**
 * Signing takes a millisecond and checking two, one look at a file asks several times for the same token, and a client sends it
 * with every request: signatures that were made, and those that were found good, are kept by key and text. Upstream keeps the
 * whole answer for ten seconds. k8s: pkg/kubeapiserver/authenticator/config.go
 */
const made = new Map<string, string>();
const good = new Map<string, string>();

const about = (key: SigningKey, text: string): string => `${key.id} ${text}`;

/** Deterministic: the same text has the same signature. */
export function signText(key: SigningKey, text: string): string {
  const what = about(key, text);
  const known = made.get(what);
  if (known !== undefined) return known;
  const signature = encodeBase64Url(p256.sign(encodeUtf8(text), key.secret));
  return keep(made, tokenMemoEntriesMax, what, signature);
}

/** Whether a token's signature (ES256, 64 bytes) is this key's over its text. */
export function isSigned(signature: Uint8Array, text: string, key: SigningKey): boolean {
  if (signature.length !== 64) return false;
  const what = about(key, text);
  const written = encodeBase64Url(signature);
  if (made.get(what) === written || good.get(what) === written) return true;
  if (!p256.verify(signature, encodeUtf8(text), key.publicKey)) return false;
  keep(good, tokenMemoEntriesMax, what, written);
  return true;
}

/** Of base64url; undefined: it is none. */
export function bytesOf(text: string): Uint8Array | undefined {
  return /^[A-Za-z0-9_-]+$/.test(text) && text.length % 4 !== 1 ? decodeBase64Url(text) : undefined;
}

/** Whether the key signed a token, whatever it says. */
export function signedBy(key: SigningKey, token: string): boolean {
  const [head = "", body = "", signature = "", ...more] = token.split(".");
  const bytes = more.length === 0 ? bytesOf(signature) : undefined;
  return bytes !== undefined && isSigned(bytes, `${head}.${body}`, key);
}

/** k8s: pkg/serviceaccount/openidmetadata.go */
export function openidConfiguration(): Reply {
  const body = {
    issuer,
    jwks_uri: "https://10.96.0.1:443/openid/v1/jwks",
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
  };
  return json(200, body, { "cache-control": "public, max-age=3600" });
}

/** The public key that tokens are checked with. */
export function jsonWebKeys(key: SigningKey): Reply {
  const point = p256.getPublicKey(key.secret, false);
  const jwk = {
    use: "sig",
    kty: "EC",
    kid: key.id,
    crv: "P-256",
    alg: "ES256",
    x: encodeBase64Url(point.slice(1, 33)),
    y: encodeBase64Url(point.slice(33)),
  };
  const headers = {
    "content-type": "application/jwk-set+json",
    "cache-control": "public, max-age=3600",
  };
  return json(200, { keys: [jwk] }, headers);
}

/** Claims for a service account's token. */
export function claimsFor(
  account: KubeObject,
  now: number,
  options: {
    seconds: number;
    audiences: string[];
    jti: string;
    bound?: Pick<Claims["kubernetes.io"], "pod" | "node" | "secret">;
    /** From then on its use is counted as late. */
    warnAfterSeconds?: number;
  },
): Claims {
  const { namespace = "", name, uid } = account.metadata;
  const iat = Math.floor(now / 1000);
  const { bound = {}, warnAfterSeconds } = options;
  return {
    aud: options.audiences.length ? options.audiences : [issuer],
    exp: iat + options.seconds,
    iat,
    iss: issuer,
    jti: options.jti,
    "kubernetes.io": {
      namespace,
      ...bound,
      serviceaccount: { name, uid },
      ...(warnAfterSeconds === undefined ? {} : { warnafter: iat + warnAfterSeconds }),
    },
    nbf: iat,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
}
