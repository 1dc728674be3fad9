/** What the sample server serves, and what its objects must be. k8s: sample-apiserver/pkg/apis/wardle, pkg/registry, pkg/admission */
import type { KubeObject } from "../../core/object.ts";
import { invalid, type FieldError } from "../../machinery/field.ts";

export const group = "wardle.example.com";
export const verbs = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

export interface ServedKind {
  plural: string;
  singular: string;
  kind: string;
  namespaced: boolean;
}
const flunders: ServedKind = {
  plural: "flunders",
  singular: "flunder",
  kind: "Flunder",
  namespaced: true,
};
const fischers: ServedKind = {
  plural: "fischers",
  singular: "fischer",
  kind: "Fischer",
  namespaced: false,
};

/** By version. */
export const served: ReadonlyMap<string, readonly ServedKind[]> = new Map([
  ["v1alpha1", [fischers, flunders]],
  ["v1beta1", [flunders]],
]);

export const resourceList = (version: string, kinds: readonly ServedKind[]): object => ({
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: `${group}/${version}`,
  resources: kinds.map(({ plural, singular, kind, namespaced }) => ({
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
  })),
});

export const apiGroup = (): object => {
  const versions = ["v1beta1", "v1alpha1"].map((version) => ({
    groupVersion: `${group}/${version}`,
    version,
  }));
  return { name: group, versions, preferredVersion: versions[0] };
};

interface FlunderSpec {
  reference?: string;
  flunderReference?: string;
  fischerReference?: string;
  referenceType?: string;
}
export interface Flunder extends KubeObject {
  spec?: FlunderSpec;
  status?: object;
}
export interface Fischer extends KubeObject {
  disallowedFlunders?: string[];
}

/** As it is stored: v1beta1's way. k8s: pkg/apis/wardle/v1alpha1/conversion.go */
export function stored({ kind }: ServedKind, object: Flunder): Flunder {
  if (kind !== "Flunder") return object;
  const { reference, ...rest } = object.spec ?? {};
  if (!reference) return { ...object, spec: rest, status: object.status ?? {} };
  const referenceType = rest.referenceType || "Flunder";
  const field = referenceType === "Fischer" ? "fischerReference" : "flunderReference";
  return {
    ...object,
    spec: { [field]: reference, referenceType },
    status: object.status ?? {},
  };
}

/** As a version shows it. */
export function shown({ kind }: ServedKind, version: string, object: Flunder): Flunder {
  const apiVersion = `${group}/${version}`;
  const { spec, ...rest } = object;
  if (kind !== "Flunder") return { ...rest, apiVersion, kind } as Flunder;
  const { flunderReference, fischerReference, referenceType } = spec ?? {};
  const reference = flunderReference || fischerReference;
  const own =
    version === "v1alpha1"
      ? { ...(reference ? { reference } : {}), ...(referenceType ? { referenceType } : {}) }
      : { ...spec };
  return { ...rest, apiVersion, kind, spec: own, status: object.status ?? {} } as Flunder;
}

/** k8s: pkg/apis/wardle/validation ValidateFlunderSpec */
export function checkFlunder({ spec = {} }: Flunder): FieldError[] {
  const { flunderReference = "", fischerReference = "", referenceType = "" } = spec;
  const errors: FieldError[] = [];
  const wrong = (field: string, value: string, detail: string): unknown =>
    errors.push(invalid(`spec.${field}`, value, detail));
  if (flunderReference && fischerReference)
    wrong(
      "fischerReference",
      fischerReference,
      "cannot be set with flunderReference at the same time",
    );
  else if (flunderReference && referenceType !== "Flunder")
    wrong("flunderReference", flunderReference, "cannot be set if referenceType is not Flunder");
  else if (fischerReference && referenceType !== "Fischer")
    wrong("fischerReference", fischerReference, "cannot be set if referenceType is not Fischer");
  else if (!fischerReference && referenceType === "Fischer")
    wrong("fischerReference", fischerReference, "cannot be empty if referenceType is Fischer");
  else if (!flunderReference && referenceType === "Flunder")
    wrong("flunderReference", flunderReference, "cannot be empty if referenceType is Flunder");
  if (referenceType && referenceType !== "Fischer" && referenceType !== "Flunder")
    wrong("referenceType", referenceType, "must be Flunder or Fischer");
  return errors;
}
