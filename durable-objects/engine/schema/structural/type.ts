/** The type of a custom resource's version, as a value like every kind's. */
import { defaultsReadCharactersMax, objectBytesMax } from "../../core/limits.ts";
import { isObject, setOwn } from "../decode.ts";
import { kindOf, scalar } from "../own-types.ts";
import type { Decoded, DecodeOptions, StructRef } from "../types.ts";
import type { JsonSchema } from "./json-schema.ts";
import { coerced, EmbeddedProblem, filled, pruned, typedMetadata } from "./prune.ts";

type Json = Record<string, unknown>;

/** k8s: sigs.k8s.io/json saveStrictError */
const problemsMax = 100;

export interface StructuralFacts {
  schema: JsonSchema | undefined;
  /** Its status is written apart from the rest. */
  hasStatus: boolean;
  listKind: string;
  selectableFields: readonly string[];
}

/** `name`: `GROUP/VERSION.KIND`. */
export function structuralType(
  name: string,
  { schema, hasStatus, listKind, selectableFields }: StructuralFacts,
): StructRef {
  const plain = kindOf(name, hasStatus ? { status: { type: scalar("any") } } : {});
  const structural = {
    schema,
    listKind,
    selectableFields,
    decode: (value: unknown, options: DecodeOptions) => decode(schema, value, options),
    applyDefaults: (object: Json) => filled(object, schema, objectBytesMax) as Json,
  };
  return { ...plain, struct: { ...plain.struct, structural } };
}

/** k8s: apiextensions-apiserver pkg/apiserver/customresource_handler.go unstructuredSchemaCoercer.apply */
function decode(
  schema: JsonSchema | undefined,
  value: unknown,
  { duplicates = [] }: DecodeOptions,
): Decoded {
  const failed = (error: string): Decoded => ({ object: {}, problems: [], error });
  if (!isObject(value))
    return failed("json: cannot unmarshal into Go value of type map[string]interface {}");
  const unknown: string[] = [];
  let metadata: Json | undefined;
  if (value["metadata"] !== undefined) {
    const typed = typedMetadata(value["metadata"], "metadata");
    if (typed.error !== undefined) return failed(typed.error);
    ({ metadata } = typed);
    unknown.push(...typed.unknown);
  }
  const found = pruned(value, schema, true);
  unknown.push(...found.unknown);
  let object: Json;
  try {
    const embedded: string[] = [];
    object = coerced(found.value, schema, "", embedded) as Json;
    unknown.push(...embedded.sort());
  } catch (error) {
    if (!(error instanceof EmbeddedProblem)) throw error;
    return failed(error.message);
  }
  const problems = [...duplicates, ...unknown.map((path) => `unknown field "${path}"`)];
  return {
    object: metadata ? { ...object, metadata } : object,
    problems: [...new Set(problems)].slice(0, problemsMax),
  };
}

/**
 * A stored object as the version in which it is stored shows it: pruned and filled by a schema that may have changed since.
 * Upstream does the same with all that it reads.
 */
export const asRead = (object: Json, schema: JsonSchema | undefined): Json =>
  ordered(
    object,
    (rest) => filled(pruned(rest, schema, true).value, schema, defaultsReadCharactersMax) as Json,
  );

/** The same, shown by another version: pruned by its schema, whose defaults are for what comes in. */
export const asConverted = (object: Json, schema: JsonSchema | undefined): Json =>
  ordered(object, (rest) => pruned(rest, schema, true).value as Json);

function ordered({ metadata, ...rest }: Json, change: (rest: Json) => Json): Json {
  const kept = change(rest);
  const out: Json = {};
  for (const key of Object.keys({ ...kept, metadata }).sort())
    setOwn(out, key, key === "metadata" ? metadata : kept[key]);
  return out;
}
