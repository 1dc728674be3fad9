/** POST serviceaccounts/NAME/token. k8s: pkg/registry/core/serviceaccount/storage/token.go */
import { rfc3339 } from "../core/clock.ts";
import type { KubeObject } from "../core/object.ts";
import type { ApiResponse } from "../ports.ts";
import { decodeAs, fieldValidationOf, readBodyOf } from "./body.ts";
import type { Call } from "./context.ts";
import { invalid, invalidObject } from "./field.ts";
import { json } from "./reply.ts";
import * as status from "./status.ts";
import { claimsFor, issuer, signToken } from "./tokens.ts";
import { existing } from "./verbs.ts";

const expirationSecondsDefault = 3600;
const expirationSecondsMin = 600;
const expirationSecondsMax = 2 ** 32;

interface TokenRequest extends KubeObject {
  spec: {
    audiences?: string[];
    expirationSeconds?: number;
    boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string };
  };
}

export function createToken(call: Call): ApiResponse {
  const { context, info, request, warnings } = call;
  const account = existing(call);
  const body = readBodyOf(request, "TokenRequest");
  const wanted = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" };
  const asked = decodeAs(
    "authentication/v1.TokenRequest",
    wanted,
    body,
    fieldValidationOf(info),
    (t) => warnings.push(t),
  ) as TokenRequest;
  const seconds = asked.spec?.expirationSeconds ?? expirationSecondsDefault;
  const errors = [];
  if (seconds < expirationSecondsMin) {
    errors.push(
      invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"),
    );
  }
  if (seconds > expirationSecondsMax) {
    errors.push(
      invalid(
        "spec.expirationSeconds",
        seconds,
        "may not specify a duration larger than 2^32 seconds",
      ),
    );
  }
  if (errors.length) throw invalidObject("authentication.k8s.io", "TokenRequest", "", errors);
  const bound = boundObject(call, asked);
  const { operations } = context;
  const audiences = asked.spec?.audiences?.length ? asked.spec.audiences : [issuer];
  const claims = claimsFor(account, operations.now, {
    seconds,
    audiences,
    jti: operations.random.uuid(),
    ...(bound ? { bound } : {}),
  });
  const { name, namespace } = account.metadata;
  return json(201, {
    ...wanted,
    metadata: { name, namespace, creationTimestamp: rfc3339(operations.now) },
    spec: {
      audiences,
      expirationSeconds: seconds,
      boundObjectRef: asked.spec?.boundObjectRef ?? null,
    },
    status: {
      token: signToken(context.signingKey, claims),
      expirationTimestamp: rfc3339(claims.exp * 1000),
    },
  });
}

function boundObject(
  call: Call,
  asked: TokenRequest,
): { kind: string; name: string; uid: string } | undefined {
  const ref = asked.spec?.boundObjectRef;
  if (!ref) return undefined;
  const { store } = call.context;
  const namespace = call.info.namespace;
  const plural = { Pod: "pods", Secret: "secrets", Node: "nodes" }[ref.kind ?? ""];
  if (!plural) {
    throw status.badRequest(
      `cannot bind token for serviceaccount "${call.info.name}" to object of type ${ref.apiVersion}, Kind=${ref.kind}`,
    );
  }
  const object = store.get(plural, plural === "nodes" ? "" : namespace, ref.name ?? "");
  if (!object) throw status.notFound({ group: "", plural }, ref.name ?? "");
  if (ref.uid && ref.uid !== object.metadata.uid) {
    throw status.conflict(
      { group: "", plural },
      ref.name ?? "",
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return { kind: ref.kind as string, name: object.metadata.name, uid: object.metadata.uid };
}
