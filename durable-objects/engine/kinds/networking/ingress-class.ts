import type * as networking from "kubernetes-types/networking/v1";
import {
  child,
  forbiddenField,
  notSupported,
  required,
  tooLong,
  type FieldError,
} from "../../machinery/field.ts";
import { validateImmutable } from "../../machinery/metadata.ts";
import {
  byteLength,
  dns1123Label,
  dns1123Subdomain,
  domainPrefixedPath,
  invalidEach,
  pathSegmentName,
} from "../../machinery/names.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

export type IngressClass = Stored<networking.IngressClass>;

/** k8s: pkg/apis/networking/validation maxLenIngressClassController */
const controllerBytesMax = 250;
const isDefault = "ingressclass.kubernetes.io/is-default-class";

/** k8s: pkg/apis/networking/validation validateIngressClassSpec */
function validate(ingressClass: IngressClass): FieldError[] {
  const { controller = "", parameters } = ingressClass.spec ?? {};
  const path = "spec.controller";
  const errors: FieldError[] = [];
  if (byteLength(controller) > controllerBytesMax) errors.push(tooLong(path, controllerBytesMax));
  errors.push(...domainPrefixedPath(path, controller));
  if (parameters) errors.push(...checkParameters("spec.parameters", parameters));
  return errors;
}

interface Reference {
  apiGroup?: string;
  kind?: string;
  name?: string;
}

/** k8s: validateIngressTypedLocalObjectReference */
export function checkTypedReference(
  path: string,
  { apiGroup, kind, name }: Reference,
): FieldError[] {
  const errors: FieldError[] = [];
  if (apiGroup !== undefined) {
    errors.push(...invalidEach(child(path, "apiGroup"), apiGroup, dns1123Subdomain(apiGroup)));
  }
  for (const [field, text] of [
    ["kind", kind],
    ["name", name],
  ] as const) {
    if (!text) errors.push(required(child(path, field)));
    else errors.push(...invalidEach(child(path, field), text, pathSegmentName(text)));
  }
  return errors;
}

function checkParameters(
  path: string,
  parameters: networking.IngressClassParametersReference,
): FieldError[] {
  const errors = checkTypedReference(path, parameters);
  const { scope, namespace } = parameters;
  const scopePath = child(path, "scope");
  const namespacePath = child(path, "namespace");
  if (scope === undefined) return [...errors, required(scopePath)];
  if (scope !== "Cluster" && scope !== "Namespace") {
    return [...errors, notSupported(scopePath, scope, ["Cluster", "Namespace"])];
  }
  if (scope === "Cluster" && namespace !== undefined) {
    errors.push(forbiddenField(namespacePath, "`parameters.scope` is set to 'Cluster'"));
  }
  if (scope === "Cluster") return errors;
  if (namespace === undefined) {
    errors.push(required(namespacePath, "`parameters.scope` is set to 'Namespace'"));
  } else {
    errors.push(...invalidEach(namespacePath, namespace, dns1123Label(namespace)));
  }
  return errors;
}

function parametersText(ingressClass: IngressClass): string {
  const parameters = ingressClass.spec?.parameters;
  if (!parameters) return "<none>";
  const { kind, apiGroup, name } = parameters;
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`;
}

export const IngressClass: Kind<IngressClass> = {
  resource: "ingressclasses.networking.k8s.io",
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  schema: schemaNamed("networking/v1.IngressClass"),
  namespaced: false,
  hasGeneration: true,
  applyDefaults(ingressClass) {
    const parameters = ingressClass.spec?.parameters;
    if (!parameters || parameters.scope !== undefined) return ingressClass;
    const spec = { ...ingressClass.spec, parameters: { ...parameters, scope: "Cluster" } };
    return { ...ingressClass, spec };
  },
  validateCreate: validate,
  validateUpdate: (ingressClass, old) => [
    ...validateImmutable(
      ingressClass.spec?.controller ?? "",
      old.spec?.controller ?? "",
      "spec.controller",
    ),
    ...validate(ingressClass),
  ],
  table: {
    columns: [
      nameColumn,
      column("Controller", "Who serves Ingresses of this class."),
      column("Parameters", "Object with more settings."),
      ageColumn,
    ],
    cells: (c, now) => [
      c.metadata.annotations?.[isDefault] === "true"
        ? `${c.metadata.name} (default)`
        : c.metadata.name,
      c.spec?.controller ?? "",
      parametersText(c),
      age(c, now),
    ],
  },
};
