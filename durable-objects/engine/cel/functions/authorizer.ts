/** What somebody may do. k8s: apiserver/pkg/cel/library/authz.go */
import { nameRules } from "../../machinery/names.ts";
import { structType, type Type } from "../types.ts";
import { OpaqueValue, type Value } from "../values.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";

const typeNamed = (name: string): Type => structType(`kubernetes.authorization.${name}`);

export const authorizerType = typeNamed("Authorizer");
export const resourceCheckType = typeNamed("ResourceCheck");
const [pathCheckType, groupCheckType, decisionType] = ["PathCheck", "GroupCheck", "Decision"].map(
  typeNamed,
) as [Type, Type, Type];

/** Who asks; undefined in `service account` questions: whoever made the request. */
export interface ServiceAccountName {
  namespace: string;
  name: string;
}

/** What is asked of the cluster's authorizer. */
export interface AccessQuestion {
  verb: string;
  path?: string;
  group?: string;
  resource?: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  fieldSelector?: string;
  labelSelector?: string;
}

export interface Decision {
  allowed: boolean;
  reason: string;
  error?: string;
}

export type Ask = (question: AccessQuestion, as: ServiceAccountName | undefined) => Decision;

abstract class Handle extends OpaqueValue {
  equals(other: this): boolean {
    return this === other;
  }
}

export class Authorizer extends Handle {
  readonly type = authorizerType;
  readonly ask: Ask;
  readonly as: ServiceAccountName | undefined;
  constructor(ask: Ask, as?: ServiceAccountName) {
    super();
    this.ask = ask;
    this.as = as;
  }
}

/** A question that is being put together. */
class Check extends Handle {
  readonly type: Type;
  readonly authorizer: Authorizer;
  readonly question: Omit<AccessQuestion, "verb">;
  constructor(type: Type, authorizer: Authorizer, question: Omit<AccessQuestion, "verb">) {
    super();
    this.type = type;
    this.authorizer = authorizer;
    this.question = question;
  }
}

class DecisionValue extends Handle {
  readonly type = decisionType;
  readonly decision: Decision;
  constructor(decision: Decision) {
    super();
    this.decision = decision;
  }
}

/** `authorizer.requestResource`: about what the request is for. */
export function requestCheck(
  authorizer: Authorizer,
  question: Omit<AccessQuestion, "verb">,
): OpaqueValue {
  return new Check(resourceCheckType, authorizer, question);
}

const onAuthorizer =
  (run: (authorizer: Authorizer, text: string) => Value): CelFunction =>
  ([a, text]) =>
    a instanceof Authorizer && typeof text === "string" ? run(a, text) : undefined;

const serviceAccount: CelFunction = ([a, namespace, name]) => {
  if (!(a instanceof Authorizer)) return undefined;
  if (typeof namespace !== "string" || typeof name !== "string") return undefined;
  if (nameRules.subdomain(name, false).length > 0) return failed("Invalid service account name");
  if (nameRules.label(namespace, false).length > 0) {
    return failed("Invalid service account namespace");
  }
  return new Authorizer(a.ask, { namespace, name });
};

const resource: CelFunction = ([a, name]) => {
  if (!(a instanceof Check) || a.type !== groupCheckType || typeof name !== "string") {
    return undefined;
  }
  if (name.trim() === "") return failed("resource must not be empty");
  return new Check(resourceCheckType, a.authorizer, { ...a.question, resource: name });
};

const refined =
  (field: "subresource" | "namespace" | "name" | "fieldSelector" | "labelSelector"): CelFunction =>
  ([a, text]) =>
    a instanceof Check && a.type === resourceCheckType && typeof text === "string"
      ? new Check(a.type, a.authorizer, { ...a.question, [field]: text })
      : undefined;

const check: CelFunction = ([a, verb]) => {
  if (!(a instanceof Check) || a.type === groupCheckType || typeof verb !== "string") {
    return undefined;
  }
  return new DecisionValue(a.authorizer.ask({ ...a.question, verb }, a.authorizer.as));
};

const onDecision =
  (run: (decision: Decision) => Value): CelFunction =>
  ([a]) =>
    a instanceof DecisionValue ? run(a.decision) : undefined;

export const authorizerFunctions: CelFunctions = {
  path: onAuthorizer((authorizer, path) =>
    path.trim() === ""
      ? failed("path must not be empty")
      : new Check(pathCheckType, authorizer, { path }),
  ),
  group: onAuthorizer((authorizer, group) => new Check(groupCheckType, authorizer, { group })),
  serviceAccount,
  resource,
  subresource: refined("subresource"),
  namespace: refined("namespace"),
  name: refined("name"),
  fieldSelector: refined("fieldSelector"),
  labelSelector: refined("labelSelector"),
  check,
  allowed: onDecision(({ allowed }) => allowed),
  reason: onDecision(({ reason }) => reason),
  errored: onDecision(({ error }) => error !== undefined),
  error: onDecision(({ error }) => error ?? ""),
};
