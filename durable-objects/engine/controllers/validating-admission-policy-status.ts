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
import {
  definitions,
  type CustomResourceDefinition,
} from "../kinds/custom-resource-definition/types.ts";
import { kinds } from "../kinds/index.ts";
import type { Controller, Reader } from "../ports/controller.ts";

const policies = resourceOf("validatingadmissionpolicies");

/** k8s: typechecking.go maxTypesToCheck */
const typesChecked = 10;

interface Warning {
  fieldRef: string;
  warning: string;
}

/** A kind whose objects' types are known. */
interface Typed {
  apiVersion: string;
  kind: string;
  addTo(types: ObjectTypes, name: string): Type;
}

const byPath: ReadonlyMap<string, Typed> = new Map(
  kinds.map(({ resource, apiVersion, kind, schema }) => {
    const [plural, ...group] = resource.split(".");
    const version = apiVersion.split("/").at(-1)!;
    const addTo: Typed["addTo"] = (types, name) => types.add(name, schema);
    return [`${group.join(".")}/${version}/${plural}`, { apiVersion, kind, addTo }] as const;
  }),
);

/** By the same path, those of the cluster's definitions. */
function customByPath(reader: Reader): Map<string, Typed> {
  const found = new Map<string, Typed>();
  for (const { spec } of reader.list<CustomResourceDefinition>(definitions))
    for (const { name: version, served, schema } of spec.versions) {
      const known = schema?.openAPIV3Schema;
      if (!served || !known) continue;
      found.set(`${spec.group}/${version}/${spec.names.plural}`, {
        apiVersion: `${spec.group}/${version}`,
        kind: spec.names.kind,
        addTo: (types, name) => types.addCustom(name, known),
      });
    }
  return found;
}

const orderOf = ({ apiVersion, kind }: Typed): string => {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  return `${group}\0${version}\0${kind}`;
};

type Find = (path: string) => Typed | undefined;

/** The kinds that a policy names without wildcards, in order. */
function kindsOf(constraints: MatchResources | undefined, find: Find): Typed[] {
  const found = new Set<Typed>();
  for (const rule of constraints?.resourceRules ?? []) {
    const { apiGroups = [], apiVersions = [], resources = [] } = rule;
    if ([...apiGroups, ...apiVersions].some((one) => one.includes("*"))) continue;
    for (const group of [...apiGroups].sort()) {
      for (const version of [...apiVersions].sort()) {
        for (const resource of [...resources].sort()) {
          const kind = find(`${group}/${version}/${resource}`);
          if (kind && found.size < typesChecked) found.add(kind);
        }
      }
    }
  }
  return [...found].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

/** `apps/v1, Kind=Deployment` */
const shown = ({ apiVersion, kind }: Typed): string =>
  `${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;

interface Context {
  kind: Typed;
  declared: Declared;
  known: KnownTypes;
}

/** What is known of the objects of one kind, and of the policy's variables over them. */
function contextOf(policy: ValidatingAdmissionPolicy, kind: Typed, all: readonly Typed[]): Context {
  const { paramKind, variables = [] } = policy.spec ?? {};
  const types = new ObjectTypes();
  const params = all.find(
    (one) => one.apiVersion === paramKind?.apiVersion && one.kind === paramKind.kind,
  );
  const known = {
    object: kind.addTo(types, kind.kind),
    params: params ? params.addTo(types, `params.${params.kind}`) : dynType,
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

export function typeWarnings(policy: ValidatingAdmissionPolicy, reader: Reader): Warning[] {
  const { matchConstraints, validations = [] } = policy.spec ?? {};
  const custom = customByPath(reader);
  const find: Find = (path) => byPath.get(path) ?? custom.get(path);
  const all = [...byPath.values(), ...custom.values()];
  const contexts = kindsOf(matchConstraints as MatchResources | undefined, find).map((kind) =>
    contextOf(policy, kind, all),
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
        const expressionWarnings = typeWarnings(policy, client);
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
