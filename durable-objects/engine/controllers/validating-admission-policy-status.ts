/**
 * Looks at the expressions of policies as if they knew the types of what they are about, and tells what would not fit.
 * k8s: pkg/controller/validatingadmissionpolicystatus, apiserver/pkg/admission/plugin/policy/validating/typechecking.go
 */
import { typeCheck, variableType, type Declared, type KnownTypes } from "../cel/admission.ts";
import { dynType, type Type } from "../cel/types.ts";
import { ObjectTypes } from "../kinds/admission/object-types.ts";
import {
  resourceOf,
  type MatchResources,
  type ValidatingAdmissionPolicy,
} from "../kinds/admission/shape.ts";
import { kinds } from "../kinds/index.ts";
import type { Kind } from "../kinds/define.ts";
import type { Controller } from "../ports/controller.ts";

const policies = resourceOf("validatingadmissionpolicies");

/** k8s: typechecking.go maxTypesToCheck */
const typesChecked = 10;

interface Warning {
  fieldRef: string;
  warning: string;
}

const byPath = new Map(
  kinds.map((kind) => {
    const [plural, ...group] = kind.resource.split(".");
    const version = kind.apiVersion.split("/").at(-1)!;
    return [`${group.join(".")}/${version}/${plural}`, kind] as const;
  }),
);

const orderOf = ({ apiVersion, kind }: Kind): string => {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  return `${group}\0${version}\0${kind}`;
};

/** The built-in kinds that a policy names without wildcards, in order. */
function kindsOf(constraints: MatchResources | undefined): Kind[] {
  const found = new Set<Kind>();
  for (const rule of constraints?.resourceRules ?? []) {
    const { apiGroups = [], apiVersions = [], resources = [] } = rule;
    if ([...apiGroups, ...apiVersions].some((one) => one.includes("*"))) continue;
    for (const group of [...apiGroups].sort()) {
      for (const version of [...apiVersions].sort()) {
        for (const resource of [...resources].sort()) {
          const kind = byPath.get(`${group}/${version}/${resource}`);
          if (kind && found.size < typesChecked) found.add(kind);
        }
      }
    }
  }
  return [...found].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

/** `apps/v1, Kind=Deployment` */
const shown = ({ apiVersion, kind }: Kind): string =>
  `${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;

interface Context {
  kind: Kind;
  declared: Declared;
  known: KnownTypes;
}

/** What is known of the objects of one kind, and of the policy's variables over them. */
function contextOf(policy: ValidatingAdmissionPolicy, kind: Kind): Context {
  const { paramKind, variables = [] } = policy.spec ?? {};
  const types = new ObjectTypes();
  const params = kinds.find(
    (one) => one.apiVersion === paramKind?.apiVersion && one.kind === paramKind.kind,
  );
  const known = {
    object: types.add(kind.kind, kind.schema),
    params: params ? types.add(`params.${params.kind}`, params.schema) : dynType,
    field: types.field,
  };
  const names = new Map<string, Type>();
  const declared = { params: paramKind !== undefined, authorizer: true, variables: names };
  for (const { name, expression } of variables) {
    const found = typeCheck(expression, declared, known);
    names.set(name, variableType("error" in found ? undefined : found.type));
  }
  return { kind, declared, known };
}

function checked(contexts: readonly Context[], fieldRef: string, text: string): Warning[] {
  const issues = contexts.flatMap(({ kind, declared, known }) => {
    const found = typeCheck(text, declared, known);
    return "error" in found ? [`${shown(kind)}: ${found.error}\n`] : [];
  });
  return issues.length === 0 ? [] : [{ fieldRef, warning: issues.join("\n") }];
}

export function typeWarnings(policy: ValidatingAdmissionPolicy): Warning[] {
  const { matchConstraints, validations = [] } = policy.spec ?? {};
  const contexts = kindsOf(matchConstraints as MatchResources | undefined).map((kind) =>
    contextOf(policy, kind),
  );
  return validations.flatMap(({ expression, messageExpression }, i) => {
    const path = `spec.validations[${i}]`;
    const found = checked(contexts, `${path}.expression`, expression);
    if (!messageExpression) return found;
    return [...found, ...checked(contexts, `${path}.messageExpression`, messageExpression)];
  });
}

export const validatingAdmissionPolicyStatusController: Controller = {
  name: "validatingadmissionpolicystatus",
  component: "validatingadmissionpolicy-status-controller",
  wakesOn: { [policies]: ({ op, name }) => (op === "delete" ? [] : [name]) },
  reconcile(name, client) {
    client.modify<ValidatingAdmissionPolicy>(
      policies,
      "",
      name,
      (policy) => {
        const { generation = 0 } = policy.metadata;
        if (generation <= (policy.status?.observedGeneration ?? 0)) return undefined;
        const expressionWarnings = typeWarnings(policy);
        const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings };
        return {
          ...policy,
          status: { ...policy.status, observedGeneration: generation, typeChecking },
        };
      },
      "status",
    );
    return undefined;
  },
};
