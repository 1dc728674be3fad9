/** POST serviceaccounts/NAME/token. k8s: pkg/registry/core/serviceaccount/storage/token.go */
import type { Pod } from "../../kinds/pod/types.ts";
import { schemaNamed } from "../../schema/types.ts";
import { lookup } from "../../core/lookup.ts";
import { rfc3339 } from "../../core/clock.ts";
import type { KubeObject } from "../../core/object.ts";
import type { ApiResponse } from "../../ports/request.ts";
import { decodeAs, fieldValidationOf, readBodyOf } from "../request/body.ts";
import type { Call } from "../context.ts";
import { goQuote, invalid, invalidObject } from "../../machinery/field.ts";
import { formOf } from "../request/negotiation.ts";
import { written } from "../request/reply.ts";
import * as status from "../../machinery/status.ts";
import { claimsFor, issuer, signToken, type Claims } from "../auth/tokens.ts";
import { checkNodeToken } from "../admission/node-tokens.ts";
import { existing } from "../read/object.ts";
import { writeOptions } from "../request/write-parameters.ts";

/** k8s: pkg/apis/authentication/validation ValidateTokenRequest */
const expirationSecondsDefault = 3600;
const expirationSecondsMin = 600;
const expirationSecondsMax = 2 ** 32;
/** What the kubelet's own projection asks for; of such a token only the use after that is counted. k8s: WarnOnlyBoundTokenExpirationSeconds */
const warnOnlySeconds = 3607;
const extendedSeconds = 365 * 24 * 3600;

interface TokenRequest extends KubeObject {
  spec: {
    audiences?: string[];
    expirationSeconds?: number;
    boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string };
  };
}

const group = "authentication.k8s.io";
const wanted = { apiVersion: `${group}/v1`, kind: "TokenRequest" };

/**
 * Signs a token of a service account for a time and an audience, bound to an object where one is asked for. Throws 400, 403, 404, 409 and 422.
 */
export function createToken(call: Call): ApiResponse {
  const { context, info, request, warnings } = call;
  const body = readBodyOf(request, "TokenRequest");
  const validation = fieldValidationOf(info);
  const asked = decodeAs(
    context.registry,
    schemaNamed("authentication/v1.TokenRequest"),
    wanted,
    body,
    validation,
    (t) => warnings.push(t),
  ) as TokenRequest;
  const account = accountFor(call, asked);
  context.operations.admitRequest(
    "CREATE",
    call.resource,
    info.namespace,
    info.name,
    { ...asked, ...wanted },
    { ...writeOptions(call), subresource: "token" },
  );
  const seconds = asked.spec?.expirationSeconds ?? expirationSecondsDefault;
  checkExpiration(seconds);
  checkNodeToken(call, asked.spec ?? {});
  const { operations } = context;
  const audiences = asked.spec?.audiences?.length ? asked.spec.audiences : [issuer];
  const bound = boundObject(call, asked);
  const late = bound?.pod !== undefined && seconds === warnOnlySeconds && audiences.every(isOurs);
  const claims = claimsFor(account, operations.now, {
    seconds: late ? extendedSeconds : seconds,
    audiences,
    jti: operations.random.uuid(),
    ...(bound ? { bound } : {}),
    ...(late ? { warnAfterSeconds: seconds } : {}),
  });
  const { name, namespace, uid } = account.metadata;
  const creationTimestamp = rfc3339(operations.now);
  const answer = {
    ...wanted,
    metadata: { ...asked.metadata, name, namespace, uid, creationTimestamp },
    spec: {
      audiences,
      expirationSeconds: seconds,
      boundObjectRef: asked.spec?.boundObjectRef ?? null,
    },
    status: {
      token: signToken(context.signingKey, claims),
      expirationTimestamp: rfc3339(operations.now + seconds * 1000),
    },
  };
  return written(201, answer, formOf(call.request.headers["accept"], false));
}

const isOurs = (audience: string): boolean => audience === issuer;

/** The account of the URL, which the body may name again. */
function accountFor(call: Call, { metadata }: TokenRequest): KubeObject {
  const { name, namespace } = call.info;
  for (const [key, value] of Object.entries({ name, namespace })) {
    const given = metadata?.[key as "name" | "namespace"];
    if (!given || given === value) continue;
    const what = key === "name" ? "service account name" : "service account namespace";
    const error = invalid(`metadata.${key}`, given, `must match the ${what} if specified`);
    throw invalidObject(group, "TokenRequest", name, [error]);
  }
  const account = existing(call);
  const { uid } = account.metadata;
  if (metadata?.uid && metadata.uid !== uid) {
    const problem = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`;
    throw status.conflict({ group, plural: "TokenRequest" }, name, problem);
  }
  return account;
}

function checkExpiration(seconds: number): void {
  const problem =
    seconds < expirationSecondsMin
      ? "may not specify a duration less than 10 minutes"
      : seconds > expirationSecondsMax
        ? "may not specify a duration larger than 2^32 seconds"
        : undefined;
  if (problem === undefined) return;
  const error = invalid("spec.expirationSeconds", seconds, problem);
  throw invalidObject(group, "TokenRequest", "", [error]);
}

type Bound = Pick<Claims["kubernetes.io"], "pod" | "node" | "secret">;

const boundKinds: Readonly<Record<string, "pods" | "secrets" | "nodes">> = lookup({
  Pod: "pods",
  Secret: "secrets",
  Node: "nodes",
});

function boundObject(call: Call, asked: TokenRequest): Bound | undefined {
  const ref = asked.spec?.boundObjectRef;
  if (!ref) return undefined;
  const { store } = call.context;
  const { kind = "", apiVersion = "", name = "" } = ref;
  const [prefix = "", version] = apiVersion.split("/");
  const [of, at] = version === undefined ? ["", prefix] : [prefix, version];
  const plural = of === "" ? boundKinds[kind] : undefined;
  if (!plural) {
    throw status.badRequest(`cannot bind token to object of type ${of}/${at}, Kind=${kind}`);
  }
  const object = store.get(plural, plural === "nodes" ? "" : call.info.namespace, name);
  if (!object) throw status.notFound({ group: "", plural }, name);
  const { uid } = object.metadata;
  const { serviceAccountName, nodeName } = (object as Pod).spec ?? {};
  if (plural === "pods" && serviceAccountName !== call.info.name) {
    throw status.badRequest(
      `cannot bind token for serviceaccount ${goQuote(call.info.name)} to pod running with different serviceaccount name.`,
    );
  }
  if (ref.uid && ref.uid !== uid) {
    const problem = `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw status.conflict({ group: "", plural: kind }, name, problem);
  }
  const bound = { name, uid };
  if (plural !== "pods") return plural === "nodes" ? { node: bound } : { secret: bound };
  const node = nodeName ? store.get("nodes", "", nodeName) : undefined;
  return {
    pod: bound,
    ...(nodeName ? { node: { name: nodeName, ...(node && { uid: node.metadata.uid }) } } : {}),
  };
}
