/**
 * Who asks a server of the cluster's own, and may they: as the API server tells it. k8s: apiserver/pkg/server/options
 * authentication.go and authorization.go, Delegating*Options
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { sandboxOwner } from "../../api/users.ts";
import type { User } from "../../ports/request.ts";
import { binaryOf, bytesOf, decodeUtf8, encodeUtf8 } from "../bytes.ts";
import type { HttpRequest } from "../kernel/state.ts";
import type { RuntimeContext } from "../kernel/types.ts";
import { isAdmin } from "./admin-access.ts";

/** What a review of the API server's came to; undefined: none came of it. */
function review(
  context: RuntimeContext,
  user: User,
  [group, plural, kind]: readonly [group: string, plural: string, kind: string],
  spec: object,
): Record<string, unknown> | undefined {
  const apiVersion = `${group}/v1`;
  const answer = context.apiServer?.({
    method: "POST",
    path: `/apis/${apiVersion}/${plural}`,
    query: "",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: bytesOf(encodeUtf8(JSON.stringify({ apiVersion, kind, spec }))),
    user,
  });
  if (answer?.type !== "reply" || answer.status !== 201) return undefined;
  const { body } = answer;
  const text = typeof body === "string" ? body : decodeUtf8(binaryOf(body));
  return JSON.parse(text).status;
}

/** Who asks, by certificate or token; undefined: nobody known. `server` is as whom the API server is asked. */
export function userOf(
  context: RuntimeContext,
  server: User,
  request: HttpRequest,
): User | undefined {
  const { tokens } = context;
  if (request.clientCertificate) {
    const certified = tokens?.certifiedUser(request.clientCertificate, context.now);
    if (certified) return certified;
  }
  const { authorization = "" } = request.headers;
  const token = /^bearer (.+)$/i.exec(authorization)?.[1];
  if (token === undefined) return undefined;
  if (request.known?.sha256 === bytesToHex(sha256(bytesOf(token)))) return request.known.user;
  if (tokens && isAdmin(tokens, authorization)) return sandboxOwner;
  const kind = ["authentication.k8s.io", "tokenreviews", "TokenReview"] as const;
  const found = review(context, server, kind, { token });
  const user = found?.["user"] as
    | { username: string; uid?: string; groups?: string[]; extra?: User["extra"] }
    | undefined;
  if (!found?.["authenticated"] || !user) return undefined;
  const { username: name, groups = [], uid, extra } = user;
  return { name, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
}

/** Whether a user may do something; `what`: the attributes of a SubjectAccessReview. */
export function mayDo(
  context: RuntimeContext,
  server: User,
  { name, groups, uid, extra }: User,
  what: object,
): boolean {
  const kind = ["authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview"] as const;
  const spec = { user: name, groups, uid, extra, ...what };
  return review(context, server, kind, spec)?.["allowed"] === true;
}
