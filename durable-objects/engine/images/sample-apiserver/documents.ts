/** The OpenAPI documents of the sample server. k8s: sample-apiserver/pkg/apis/wardle/{v1alpha1,v1beta1}/types.go */
import type { HttpResponse } from "../../runtime/kernel/state.ts";
import { binaryOf, encodeUtf8 } from "../../runtime/bytes.ts";
import { openApiResponse, type OpenApiGroupVersion } from "../../schema/openapi.ts";
import { kindOf, listOf, objectOf, scalar, type OwnField } from "../../schema/own-types.ts";
import { group, served, verbs } from "./kinds.ts";

const text = (description: string): OwnField => ({ type: scalar("string"), description });
const referenceType = text("What kind of object the reference is to: Flunder or Fischer.");
const reference = text("Name of the object that this one refers to.");

const specs: Readonly<Record<string, Readonly<Record<string, OwnField>>>> = {
  v1alpha1: { reference, referenceType },
  v1beta1: { flunderReference: reference, fischerReference: reference, referenceType },
};

function fieldsOf(kind: string, version: string): Readonly<Record<string, OwnField>> {
  if (kind === "Fischer")
    return {
      disallowedFlunders: {
        type: listOf(scalar("string")),
        description: "Names that no Flunder may have.",
      },
    };
  const name = `${group}/${version}.Flunder`;
  return {
    spec: { type: objectOf(`${name}Spec`, specs[version] ?? {}) },
    status: { type: objectOf(`${name}Status`, {}) },
  };
}

let made: readonly OpenApiGroupVersion[] | undefined;

const groupVersions = (): readonly OpenApiGroupVersion[] =>
  (made ??= [...served].map(([version, kinds]) => ({
    group,
    version,
    resources: kinds.map(({ plural, kind, namespaced }) => ({
      plural,
      kind,
      namespaced,
      verbs,
      subresources: [],
      schema: kindOf(`${group}/${version}.${kind}`, fieldsOf(kind, version)),
    })),
  })));

/** What is answered at `/openapi/...`; undefined: there is no such page. */
export function documentAt(
  path: string,
  headers: Record<string, string>,
): HttpResponse | undefined {
  // The hash that is asked for is the aggregator's.
  const found = openApiResponse(path, "", headers, groupVersions());
  if (!found) return undefined;
  const { body } = found;
  return { ...found, body: typeof body === "string" ? encodeUtf8(body) : binaryOf(body) };
}
