/** Service account tokens: real JWTs, ES256, signed with a key that the seed gives. k8s: pkg/registry/core/serviceaccount/storage/token.go */
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { decodeBase64Url, encodeBase64Url } from "../core/base64url.ts";
import { parseTime } from "../core/clock.ts";
import { decodeUtf8, encodeUtf8 } from "../core/utf8.ts";
import type { KubeObject } from "../core/object.ts";
import { toBase64 } from "../schema/base64.ts";
import type { Reply, User } from "../ports.ts";
import type { Reader } from "../controllers/define.ts";
import { json } from "./reply.ts";

export const issuer = "https://kubernetes.default.svc.cluster.local";

interface Claims {
  aud: string[];
  exp: number;
  iat: number;
  iss: string;
  jti: string;
  "kubernetes.io": {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    pod?: { name: string; uid: string };
    node?: { name: string; uid: string };
    secret?: { name: string; uid: string };
  };
  nbf: number;
  sub: string;
}

/** Private key of the cluster: a hash of its seed. */
export const signingKey = (seed: string): Uint8Array =>
  sha256(encodeUtf8(`podyard service account key ${seed}`));

const encodeJson = (value: unknown): string => encodeBase64Url(encodeUtf8(JSON.stringify(value)));

/** Claims of tokens that lie in Secrets and never expire. k8s: pkg/serviceaccount/legacy.go */
type LegacyClaims = Record<string, string>;

const legacyIssuer = "kubernetes/serviceaccount";
const legacyPrefix = "kubernetes.io/serviceaccount/";

/** The same in the newer form; undefined: its Secret is gone or holds another token. */
function fromLegacy(claims: LegacyClaims, token: string, reader: Reader): Claims | undefined {
  const claim = (name: string): string => claims[legacyPrefix + name] ?? "";
  const namespace = claim("namespace");
  const secret = reader.get<KubeObject & { data?: Record<string, string> }>(
    "secrets",
    namespace,
    claim("secret.name"),
  );
  if (!secret || secret.data?.["token"] !== toBase64(encodeUtf8(token))) return undefined;
  const serviceaccount = {
    name: claim("service-account.name"),
    uid: claim("service-account.uid"),
  };
  const about = { namespace, serviceaccount };
  const sub = claims["sub"] ?? "";
  const never = Number.POSITIVE_INFINITY;
  return {
    aud: [issuer],
    exp: never,
    iat: 0,
    iss: issuer,
    jti: "",
    "kubernetes.io": about,
    nbf: 0,
    sub,
  };
}

export function signLegacyToken(key: Uint8Array, account: KubeObject, secret: string): string {
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

export function signToken(key: Uint8Array, claims: Claims | LegacyClaims): string {
  const head = encodeJson({ alg: "ES256", kid: keyId(key), typ: "JWT" });
  const body = `${head}.${encodeJson(claims)}`;
  return `${body}.${encodeBase64Url(p256.sign(encodeUtf8(body), key))}`;
}

export function keyId(key: Uint8Array): string {
  return encodeBase64Url(sha256(p256.getPublicKey(key, true)));
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
export function jsonWebKeys(key: Uint8Array): Reply {
  const point = p256.getPublicKey(key, false);
  const jwk = {
    use: "sig",
    kty: "EC",
    kid: keyId(key),
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
    bound?: { kind: string; name: string; uid: string };
  },
): Claims {
  const { namespace = "", name, uid } = account.metadata;
  const iat = Math.floor(now / 1000);
  const bound = options.bound;
  return {
    aud: options.audiences.length ? options.audiences : [issuer],
    exp: iat + options.seconds,
    iat,
    iss: issuer,
    jti: options.jti,
    "kubernetes.io": {
      namespace,
      ...(bound ? { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } } : {}),
      serviceaccount: { name, uid },
    },
    nbf: iat,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
}

/** The user behind a token, or why it is refused. k8s: pkg/serviceaccount/claims.go Validate */
export function verifyToken(
  key: Uint8Array,
  token: string,
  reader: Reader,
  now: number,
): { user: User; audiences: string[] } | { error: string } {
  const parts = token.split(".");
  if (parts.length !== 3) return { error: "invalid bearer token" };
  let claims: Claims;
  try {
    const [head = "", body = "", signature = ""] = parts;
    const signed = encodeUtf8(`${head}.${body}`);
    if (!p256.verify(decodeBase64Url(signature), signed, p256.getPublicKey(key, true))) {
      return { error: "invalid bearer token" };
    }
    claims = JSON.parse(decodeUtf8(decodeBase64Url(body))) as Claims;
  } catch {
    return { error: "invalid bearer token" };
  }
  if (claims.iss === legacyIssuer) {
    const newer = fromLegacy(claims as unknown as LegacyClaims, token, reader);
    if (!newer) return { error: "Token has been invalidated" };
    claims = newer;
  }
  if (claims.exp * 1000 < now) return { error: "service account token has expired" };
  const about = claims["kubernetes.io"];
  const account = reader.get("serviceaccounts", about.namespace, about.serviceaccount.name);
  if (!account || account.metadata.uid !== about.serviceaccount.uid) {
    return { error: `serviceaccounts "${about.serviceaccount.name}" not found` };
  }
  if (about.pod) {
    const pod = reader.get("pods", about.namespace, about.pod.name);
    if (!pod || pod.metadata.uid !== about.pod.uid)
      return { error: `pods "${about.pod.name}" not found` };
    const leaving = parseTime(pod.metadata.deletionTimestamp);
    if (leaving + 60_000 < now) return { error: "service account token has been invalidated" };
  }
  return { user: userOf(claims), audiences: claims.aud };
}

function userOf(claims: Claims): User {
  const about = claims["kubernetes.io"];
  const extra: Record<string, string[]> = claims.jti
    ? { "authentication.kubernetes.io/credential-id": [`JTI=${claims.jti}`] }
    : {};
  if (about.pod) {
    extra["authentication.kubernetes.io/pod-name"] = [about.pod.name];
    extra["authentication.kubernetes.io/pod-uid"] = [about.pod.uid];
  }
  return {
    name: claims.sub,
    uid: about.serviceaccount.uid,
    groups: [
      "system:serviceaccounts",
      `system:serviceaccounts:${about.namespace}`,
      "system:authenticated",
    ],
    extra,
  };
}
