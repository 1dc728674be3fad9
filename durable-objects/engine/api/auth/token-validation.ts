/** Whose token it is, or why it is refused. k8s: pkg/serviceaccount/jwt.go, claims.go, legacy.go */
import type { Secret } from "../../kinds/secret.ts";
import { parseTime } from "../../core/clock.ts";
import { decodeUtf8 } from "../../core/utf8.ts";
import type { KubeObject } from "../../core/object.ts";
import { fromBase64 } from "../../machinery/base64.ts";
import type { User } from "../../ports/request.ts";
import type { Reader } from "../../ports/controller.ts";
import { goQuote } from "../../machinery/field.ts";
import * as status from "../../machinery/status.ts";
import {
  bytesOf,
  isSigned,
  issuer,
  legacyIssuer,
  legacyPrefix,
  type Claims,
  type LegacyClaims,
  type SigningKey,
} from "./tokens.ts";

const extraPrefix = "authentication.kubernetes.io";
export const nodeNameExtra = `${extraPrefix}/node-name`;

/** What is deleted counts for so long still. k8s: jwt.DefaultLeeway */
const leewayMs = 60_000;

/** The error for an unknown token. k8s: apiserver/pkg/authentication/request/bearertoken */
const invalidToken = "invalid bearer token";

export interface Authenticated {
  user: User;
  audiences: string[];
}

class Refusal extends Error {}

const refuse = (text: string): Refusal => new Refusal(text);

/** `audiences`: those the asker takes part in; the token must be for one of them. */
export function verifyToken(
  key: SigningKey,
  token: string,
  audiences: readonly string[],
  reader: Reader,
): Authenticated | { error: string } {
  try {
    const claims = signedClaims(key, token);
    if (claims.iss === legacyIssuer) {
      checkAudiences([issuer], audiences);
      const user = userOfLegacy(claims as unknown as LegacyClaims, token, reader);
      return { user, audiences: audiences.filter((a) => a === issuer) };
    }
    const shared = checkAudiences(claims.aud, audiences);
    return { user: validated(claims, reader), audiences: shared };
  } catch (error) {
    if (error instanceof Refusal || error instanceof status.StatusError)
      return { error: error.message };
    throw error;
  }
}

function signedClaims(key: SigningKey, token: string): Claims {
  const [head = "", body = "", signature = "", ...more] = token.split(".");
  const claims = more.length === 0 ? (jsonOf(body) as Claims | undefined) : undefined;
  if (claims?.iss !== issuer && claims?.iss !== legacyIssuer) throw refuse(invalidToken);
  const header = jsonOf(head) as { kid?: string } | undefined;
  const bytes = bytesOf(signature);
  if (!header || !bytes) throw refuse(invalidToken);
  if (header.kid && header.kid !== key.id) throw refuse("invalid signature, no keys found");
  if (!isSigned(bytes, `${head}.${body}`, key)) {
    throw refuse("go-jose/go-jose: error in cryptographic primitive");
  }
  return claims;
}

function jsonOf(text: string): unknown {
  const bytes = bytesOf(text);
  if (!bytes) return undefined;
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch {
    return undefined;
  }
}

function checkAudiences(has: readonly string[], wanted: readonly string[]): string[] {
  const shared = has.filter((audience) => wanted.includes(audience));
  if (shared.length > 0) return shared;
  const shown = (list: readonly string[]): string => `[${list.map(goQuote).join(" ")}]`;
  throw refuse(
    `token audiences ${shown(has)} is invalid for the target audiences ${shown(wanted)}`,
  );
}

/** k8s: pkg/serviceaccount/claims.go Validate */
function validated(claims: Claims, reader: Reader): User {
  const now = reader.now;
  if (claims.exp * 1000 + leewayMs < now) throw refuse("service account token has expired");
  if (claims.nbf * 1000 - leewayMs > now) throw refuse("service account token is not valid yet");
  const { namespace, serviceaccount, pod, secret, node } = claims["kubernetes.io"];
  const account = reader.get("serviceaccounts", namespace, serviceaccount.name);
  if (!account) throw status.notFound(accounts, serviceaccount.name);
  if (account.metadata.uid !== serviceaccount.uid) {
    throw refuse(
      `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`,
    );
  }
  if (isGone(account, now)) {
    throw refuse(`service account ${namespace}/${serviceaccount.name} has been deleted`);
  }
  if (secret) checkBound(reader, "secret", namespace, secret);
  if (pod) checkBound(reader, "pod", namespace, pod);
  if (node && !pod) checkBound(reader, "node", "", node);
  return userOf(claims);
}

const accounts = { group: "", plural: "serviceaccounts" };

const isGone = ({ metadata }: KubeObject, now: number): boolean =>
  metadata.deletionTimestamp !== undefined &&
  parseTime(metadata.deletionTimestamp) < now - leewayMs;

function checkBound(
  reader: Reader,
  what: "secret" | "pod" | "node",
  namespace: string,
  bound: { name: string; uid?: string },
): void {
  const object = reader.get(`${what}s`, namespace, bound.name);
  if (!object) throw refuse("service account token has been invalidated");
  const { uid } = object.metadata;
  if (uid !== bound.uid) {
    const claim = `service account ${what} ref claim (${bound.uid ?? ""})`;
    throw refuse(`${what} UID (${uid}) does not match ${claim}`);
  }
  if (isGone(object, reader.now)) throw refuse("service account token has been invalidated");
}

/** Tokens that lie in Secrets and never expire. k8s: pkg/serviceaccount/legacy.go */
function userOfLegacy(claims: LegacyClaims, token: string, reader: Reader): User {
  const claim = (name: string): string => claims[legacyPrefix + name] ?? "";
  const namespace = claim("namespace");
  const name = claim("service-account.name");
  const uid = claim("service-account.uid");
  const secret = reader.get<Secret>("secrets", namespace, claim("secret.name"));
  if (!secret || secret.metadata.deletionTimestamp) throw refuse("Token has been invalidated");
  if (decodeUtf8(fromBase64(secret.data?.["token"] ?? "")) !== token) {
    throw refuse("Token does not match server's copy");
  }
  const account = reader.get("serviceaccounts", namespace, name);
  if (!account) throw status.notFound(accounts, name);
  if (account.metadata.deletionTimestamp) {
    throw refuse(`ServiceAccount ${namespace}/${name} has been deleted`);
  }
  if (account.metadata.uid !== uid) {
    throw refuse(`ServiceAccount UID (${account.metadata.uid}) does not match claim (${uid})`);
  }
  return { name: `system:serviceaccount:${namespace}:${name}`, uid, groups: groupsIn(namespace) };
}

const groupsIn = (namespace: string): string[] => [
  "system:serviceaccounts",
  `system:serviceaccounts:${namespace}`,
  "system:authenticated",
];

/** k8s: apiserver/pkg/authentication/serviceaccount/util.go UserInfo */
function userOf(claims: Claims): User {
  const { namespace, serviceaccount, pod, node } = claims["kubernetes.io"];
  const extra: Record<string, string[]> = {};
  const tell = (key: string, value: string | undefined): void => {
    if (value) extra[`${extraPrefix}/${key}`] = [value];
  };
  tell("credential-id", claims.jti && `JTI=${claims.jti}`);
  tell("node-name", node?.name);
  tell("node-uid", node?.uid);
  tell("pod-name", pod?.name);
  tell("pod-uid", pod?.uid);
  return { name: claims.sub, uid: serviceaccount.uid, groups: groupsIn(namespace), extra };
}
