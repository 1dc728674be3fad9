/**
 * Kinds that are asked, not stored: create-only, answered with their status filled in.
 * k8s: pkg/registry/authorization, pkg/registry/authentication
 */
import { rfc3339 } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import type { KubeObject } from "../../core/object.ts";
import type { ApiRequest, ApiResponse, User } from "../../ports/request.ts";
import { authorize, rulesFor, type Attributes, type PolicyRule } from "./authorization.ts";
import { decodeAs, fieldValidationOf, readBodyOf } from "../request/body.ts";
import type { ApiContext } from "../context.ts";
import { child, invalid, invalidObject, required, type FieldError } from "../../machinery/field.ts";
import { formOf } from "../request/negotiation.ts";
import { withWarnings, written } from "../request/reply.ts";
import type { RequestInfo } from "../request/request-info.ts";
import * as status from "../../machinery/status.ts";
import { verifyToken } from "./token-validation.ts";
import { issuer } from "./tokens.ts";
import { schemaNamed, type StructRef } from "../../schema/types.ts";

export type Review = (
  context: ApiContext,
  request: ApiRequest,
  info: RequestInfo,
  user: User,
) => ApiResponse;

interface SelectorAttributes {
  rawSelector?: string;
  requirements?: unknown[];
}
interface ResourceAttributes {
  namespace?: string;
  verb?: string;
  group?: string;
  resource?: string;
  subresource?: string;
  name?: string;
  fieldSelector?: SelectorAttributes;
  labelSelector?: SelectorAttributes;
}
interface AccessSpec {
  resourceAttributes?: ResourceAttributes;
  nonResourceAttributes?: { path?: string; verb?: string };
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}
interface AccessReview extends KubeObject {
  spec: AccessSpec;
}
interface RulesReview extends KubeObject {
  spec?: { namespace?: string };
}
export interface Asked {
  context: ApiContext;
  info: RequestInfo;
  user: User;
}

export interface ReviewRow {
  /** `authorization.k8s.io/v1`. */
  apiVersion: string;
  kind: string;
  schema: StructRef;
  answer(asked: Asked, review: KubeObject): KubeObject;
}

const authorization = "authorization.k8s.io/v1";
const authentication = "authentication.k8s.io/v1";

const rows: Record<string, ReviewRow> = {
  selfsubjectaccessreviews: {
    apiVersion: authorization,
    kind: "SelfSubjectAccessReview",
    schema: schemaNamed("authorization/v1.SelfSubjectAccessReview"),
    answer: ({ context, user }, review) => access(context, user, review as AccessReview, "self"),
  },
  subjectaccessreviews: {
    apiVersion: authorization,
    kind: "SubjectAccessReview",
    schema: schemaNamed("authorization/v1.SubjectAccessReview"),
    answer: ({ context }, review) =>
      access(context, subjectOf(review as AccessReview), review as AccessReview, "any"),
  },
  localsubjectaccessreviews: {
    apiVersion: authorization,
    kind: "LocalSubjectAccessReview",
    schema: schemaNamed("authorization/v1.LocalSubjectAccessReview"),
    answer: localAccess,
  },
  selfsubjectrulesreviews: {
    apiVersion: authorization,
    kind: "SelfSubjectRulesReview",
    schema: schemaNamed("authorization/v1.SelfSubjectRulesReview"),
    answer: rules,
  },
  selfsubjectreviews: {
    apiVersion: authentication,
    kind: "SelfSubjectReview",
    schema: schemaNamed("authentication/v1.SelfSubjectReview"),
    answer: ({ context, user }, review) => ({
      ...review,
      metadata: {
        ...review.metadata,
        creationTimestamp: rfc3339(context.reader.now),
      },
      status: { userInfo: userInfo(user) },
    }),
  },
  tokenreviews: {
    apiVersion: authentication,
    kind: "TokenReview",
    schema: schemaNamed("authentication/v1.TokenReview"),
    answer: token,
  },
};

/** By `group/version/plural`. */
export const reviewKinds: Readonly<Record<string, Review>> = Object.fromEntries(
  Object.entries(rows).map(([plural, row]) => [`${row.apiVersion}/${plural}`, reviewer(row)]),
);

/** Answers requests for a kind of review: create alone, never a Table. */
export function reviewer(row: ReviewRow): Review {
  return (context, request, info, user) => {
    if (info.verb !== "create" || info.name) throw notAllowed(info);
    // Nothing here can be shown as a Table: asking for one is 406.
    const wanted = formOf(request.headers["accept"], false);
    if (wanted.form !== "object")
      throw status.notAcceptable(["application/json", "application/yaml"]);
    const warnings: string[] = [];
    const { apiVersion, kind } = row;
    const body = readBodyOf(request, kind);
    const validation = fieldValidationOf(info);
    const decoded = decodeAs(
      context.registry,
      row.schema,
      { apiVersion, kind },
      body,
      validation,
      (text) => warnings.push(text),
    );
    const review = { ...decoded, metadata: decoded.metadata ?? {} };
    const answered = row.answer({ context, info, user }, review);
    return withWarnings(written(201, answered, wanted), warnings);
  };
}

const notAllowed = (info: RequestInfo): status.StatusError =>
  new status.StatusError(
    405,
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
    { group: info.group, kind: info.resource },
  );

const subjectOf = ({ spec }: AccessReview): User => ({
  name: spec?.user ?? "",
  groups: spec?.groups ?? [],
  ...(spec?.uid ? { uid: spec.uid } : {}),
  ...(spec?.extra ? { extra: spec.extra } : {}),
});

/** k8s: pkg/apis/authorization/validation */
function access(
  context: ApiContext,
  subject: User,
  review: AccessReview,
  who: "self" | "any",
): KubeObject {
  const errors = checkSpec(review.spec ?? {}, who);
  if (hasMetadata(review, [])) errors.push(invalid("metadata", review.metadata, "must be empty"));
  return decided(context, subject, review, errors);
}

function localAccess({ context, info }: Asked, object: KubeObject): KubeObject {
  const review = object as AccessReview;
  const namespace = review.metadata.namespace ?? "";
  const errors = checkSpec(review.spec ?? {}, "any");
  if (hasMetadata(review, ["namespace"])) {
    errors.push(invalid("metadata", review.metadata, "must be empty except for namespace"));
  }
  const { resourceAttributes, nonResourceAttributes } = review.spec ?? {};
  if (resourceAttributes && (resourceAttributes.namespace ?? "") !== namespace) {
    const path = "spec.resourceAttributes.namespace";
    const given = resourceAttributes.namespace ?? "";
    errors.push(invalid(path, given, "must match metadata.namespace"));
  }
  if (nonResourceAttributes) {
    const path = "spec.nonResourceAttributes";
    errors.push(invalid(path, nonResourceAttributes, "disallowed on this kind of request"));
  }
  if (errors.length === 0 && namespace !== info.namespace) {
    const text = `spec.resourceAttributes.namespace must match namespace: ${info.namespace}`;
    throw status.badRequest(text);
  }
  return decided(context, subjectOf(review), review, errors);
}

function decided(
  context: ApiContext,
  subject: User,
  review: AccessReview,
  errors: FieldError[],
): KubeObject {
  if (errors.length > 0) throw invalidObject("authorization.k8s.io", review.kind, "", errors);
  const { allowed, reason } = authorize(subject, attributesOf(review.spec), context.reader);
  const answer = { allowed, ...(reason ? { reason } : {}) };
  return { ...review, status: answer } as KubeObject;
}

function attributesOf({ resourceAttributes: r, nonResourceAttributes: n }: AccessSpec): Attributes {
  return {
    verb: r?.verb ?? n?.verb ?? "",
    group: r?.group ?? "",
    // A review without a resource still asks about one: no rule names "".
    resource: r ? (r.resource ?? "") || " " : "",
    subresource: r?.subresource ?? "",
    name: r?.name ?? "",
    namespace: r?.namespace ?? "",
    path: n?.path ?? "",
  };
}

function checkSpec(spec: AccessSpec, who: "self" | "any"): FieldError[] {
  const { resourceAttributes: r, nonResourceAttributes: n } = spec;
  const errors: FieldError[] = [];
  if (r && n) {
    const detail = "cannot be specified in combination with resourceAttributes";
    errors.push(
      invalid("spec.nonResourceAttributes", { Path: n.path ?? "", Verb: n.verb ?? "" }, detail),
    );
  }
  if (!r && !n) {
    const detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    errors.push(invalid("spec.resourceAttributes", null, detail));
  }
  if (who === "any" && !spec.user && !spec.groups?.length) {
    errors.push(invalid("spec.user", "", "at least one of user or group must be specified"));
  }
  for (const field of ["fieldSelector", "labelSelector"] as const) {
    errors.push(...checkSelector(child("spec.resourceAttributes", field), r?.[field]));
  }
  return errors;
}

function checkSelector(path: string, selector: SelectorAttributes | undefined): FieldError[] {
  if (!selector) return [];
  const { rawSelector = "", requirements = [] } = selector;
  if (rawSelector && requirements.length > 0) {
    const detail = "may not specified at the same time as requirements";
    return [invalid(child(path, "rawSelector"), rawSelector, detail)];
  }
  if (rawSelector || requirements.length > 0) return [];
  const detail = `when ${path} is specified, requirements or rawSelector is required`;
  return [required(child(path, "requirements"), detail)];
}

function hasMetadata(review: KubeObject, allowed: string[]): boolean {
  const { managedFields: _, ...rest } = review.metadata;
  const given = Object.entries(rest).filter(
    ([key, value]) =>
      !allowed.includes(key) && value !== undefined && value !== null && value !== "",
  );
  return !equal(Object.fromEntries(given), {});
}

function rules({ context, user }: Asked, object: KubeObject): KubeObject {
  const review = object as RulesReview;
  const namespace = review.spec?.namespace ?? "";
  if (!namespace) throw status.badRequest("no namespace on request");
  const found = rulesFor(user, namespace, context.reader);
  const answer = {
    resourceRules: found.rules.filter((rule) => rule.resources?.length).map(resourceRule),
    nonResourceRules: found.rules.filter((rule) => rule.nonResourceURLs?.length).map(urlRule),
    incomplete: false,
    ...(found.errors.length > 0 ? { evaluationError: aggregateText(found.errors) } : {}),
  };
  return { ...review, metadata: {}, spec: {}, status: answer } as unknown as KubeObject;
}

const resourceRule = ({ verbs, apiGroups, resources, resourceNames }: PolicyRule): unknown => ({
  verbs,
  apiGroups: apiGroups ?? [],
  resources,
  ...(resourceNames?.length ? { resourceNames } : {}),
});
const urlRule = ({ verbs, nonResourceURLs }: PolicyRule): unknown => ({ verbs, nonResourceURLs });

function aggregateText(texts: string[]): string {
  const distinct = [...new Set(texts)];
  return distinct.length === 1 ? (distinct[0] ?? "") : `[${distinct.join(", ")}]`;
}

const userInfo = ({ name, uid, groups, extra }: User): Record<string, unknown> => ({
  username: name,
  ...(uid ? { uid } : {}),
  ...(groups.length > 0 ? { groups } : {}),
  ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
});

interface TokenReview extends KubeObject {
  spec?: { token?: string; audiences?: string[] };
}

/** k8s: pkg/registry/authentication/tokenreview/storage.go */
function token({ context }: Asked, object: KubeObject): KubeObject {
  const review = object as TokenReview;
  const { token: text = "", audiences } = review.spec ?? {};
  if (!text) throw status.badRequest("token is required for TokenReview in authentication");
  const wanted = audiences?.length ? audiences : [issuer];
  const found = verifyToken(context.signingKey, text, wanted, context.reader);
  const answer =
    "error" in found
      ? { user: {}, error: found.error }
      : { authenticated: true, user: userInfo(found.user), audiences: found.audiences };
  return { ...review, status: answer } as KubeObject;
}
