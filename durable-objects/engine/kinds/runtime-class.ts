import type * as node from "kubernetes-types/node/v1";
import { at, child, duplicate, required, type FieldError } from "../machinery/field.ts";
import { validateImmutable, validateLabels } from "../machinery/metadata.ts";
import { dns1123Label, invalidEach } from "../machinery/names.ts";
import { age, ageColumn, column, nameColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import { deprecatedNodeLabels } from "./node-labels.ts";
import { validateContainerResources } from "./pod/validation/resources.ts";
import { validateTolerations } from "./pod/validation/scheduling.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type RuntimeClass = Stored<node.RuntimeClass>;
type Toleration = NonNullable<node.Scheduling["tolerations"]>[number];

const noClaims: ReadonlySet<string> = new Set();

/** k8s: pkg/apis/node/validation ValidateRuntimeClass */
function validate(runtimeClass: RuntimeClass): FieldError[] {
  const { handler, overhead, scheduling } = runtimeClass;
  const errors: FieldError[] = handler
    ? invalidEach("handler", handler, dns1123Label(handler))
    : [required("handler")];
  if (overhead) {
    const limits = overhead.podFixed ?? {};
    errors.push(...validateContainerResources({ limits }, noClaims, "overhead"));
  }
  if (scheduling?.nodeSelector) {
    errors.push(...validateLabels(scheduling.nodeSelector, "scheduling.nodeSelector"));
  }
  return [...errors, ...checkTolerations(scheduling?.tolerations ?? [])];
}

const keyOf = ({ key, operator, value, effect }: Toleration): string =>
  JSON.stringify([key ?? "", operator ?? "", value ?? "", effect ?? ""]);

function checkTolerations(tolerations: readonly Toleration[]): FieldError[] {
  const path = child("scheduling", "tolerations");
  const errors = validateTolerations(tolerations as never[], path);
  const seen = new Set<string>();
  for (const [i, toleration] of tolerations.entries()) {
    if (seen.has(keyOf(toleration))) errors.push(duplicate(at(path, i), toleration));
    seen.add(keyOf(toleration));
  }
  return errors;
}

/** k8s: pkg/api/node/util.go GetWarningsForRuntimeClass */
function warnings({ scheduling }: RuntimeClass): string[] {
  return Object.keys(scheduling?.nodeSelector ?? {})
    .sort()
    .flatMap((key) => {
      const text = deprecatedNodeLabels[key];
      return text ? [`scheduling.nodeSelector: ${text}`] : [];
    });
}

export const RuntimeClass: Kind<RuntimeClass> = {
  resource: "runtimeclasses.node.k8s.io",
  apiVersion: "node.k8s.io/v1",
  kind: "RuntimeClass",
  schema: schemaNamed("node/v1.RuntimeClass"),
  namespaced: false,
  hasGeneration: false,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  validateCreate: validate,
  validateUpdate: (runtimeClass, old) => [
    ...validate(runtimeClass),
    ...validateImmutable(runtimeClass.handler ?? "", old.handler ?? "", "handler"),
  ],
  warnings,
  table: {
    columns: [nameColumn, column("Handler", "What runs its Pods on the node."), ageColumn],
    cells: (c, now) => [c.metadata.name, c.handler ?? "", age(c, now)],
  },
};
