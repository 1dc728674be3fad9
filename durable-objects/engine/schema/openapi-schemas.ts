/** OpenAPI v3 component schemas from the field facts. k8s: kube-openapi/pkg/generators/openapi.go */
import {
  isBuiltIn,
  splitTypeName,
  structType,
  type StructRef,
  typeForKind,
  type Field,
  type FieldType,
  type StructType,
} from "./types.ts";

import { publishedSchema, type DocumentParts } from "./structural/openapi.ts";

export type Json = Record<string, unknown>;

/** Documentation by type name (`core/v1.Pod`): that of the type under "", of its fields by name. */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

const packages: Record<string, string> = {
  meta: "io.k8s.apimachinery.pkg.apis.meta",
  runtime: "io.k8s.apimachinery.pkg",
  apiextensions: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
  apiregistration: "io.k8s.kube-aggregator.pkg.apis.apiregistration",
  metrics: "io.k8s.metrics.pkg.apis.metrics",
  podyard: "dev.podyard",
};

/** `apps/v1.Deployment` -> `io.k8s.api.apps.v1.Deployment`, `stable.example.com/v1.Tab` -> `com.example.stable.v1.Tab`. */
export function schemaName(typeName: string): string {
  const slash = typeName.indexOf("/");
  const group = slash < 0 ? "" : typeName.slice(0, slash);
  const rest = typeName.slice(slash + 1);
  if (group.includes(".")) return `${group.split(".").reverse().join(".")}.${rest}`;
  return `${packages[group] ?? (group ? `io.k8s.api.${group}` : "io.k8s.apimachinery.pkg")}.${rest}`;
}

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
const apiextensions = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1";

/** Types with a form of their own: the schema's name, and the schema. */
const special: Record<string, { name: string; schema: Json }> = {
  quantity: {
    name: "io.k8s.apimachinery.pkg.api.resource.Quantity",
    schema: { oneOf: [{ type: "string" }, { type: "number" }] },
  },
  intOrString: {
    name: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    schema: { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
  },
  time: { name: `${meta}.Time`, schema: { format: "date-time", type: "string" } },
  microTime: { name: `${meta}.MicroTime`, schema: { format: "date-time", type: "string" } },
  duration: { name: `${meta}.Duration`, schema: { type: "string" } },
  rawExtension: {
    name: "io.k8s.apimachinery.pkg.runtime.RawExtension",
    schema: { type: "object" },
  },
  fieldsV1: { name: `${meta}.FieldsV1`, schema: { type: "object" } },
  "v1.JSON": { name: `${apiextensions}.JSON`, schema: {} },
  "v1.JSONSchemaPropsOrArray": { name: `${apiextensions}.JSONSchemaPropsOrArray`, schema: {} },
  "v1.JSONSchemaPropsOrBool": { name: `${apiextensions}.JSONSchemaPropsOrBool`, schema: {} },
};
const plain: Partial<Record<FieldType["kind"], Json>> = {
  string: { type: "string" },
  bool: { type: "boolean" },
  int32: { format: "int32", type: "integer" },
  int64: { format: "int64", type: "integer" },
  float64: { format: "double", type: "number" },
  bytes: { format: "byte", type: "string" },
  any: {},
};
const zeros: Partial<Record<FieldType["kind"], unknown>> = {
  string: "",
  bool: false,
  int32: 0,
  int64: 0,
};

const specialOf = (type: FieldType): { name: string; schema: Json } | undefined =>
  special[type.kind] ?? special[type.go];

const prefix = "#/components/schemas/";
export const refTo = (name: string): Json => ({ $ref: prefix + name });

/** The schemas of one document: those asked for, and all that they need. */
export class Schemas {
  readonly all = new Map<string, Json>();
  private readonly descriptions: Descriptions;
  /** Group versions of the document, for the kinds that every one of them has. */
  private readonly everywhere: readonly Json[];

  constructor(descriptions: Descriptions, everywhere: readonly Json[]) {
    this.descriptions = descriptions;
    this.everywhere = everywhere;
  }

  /** A reference to the schema of a built-in type, or of a kind's own, which is made when first asked for. */
  ref(type: string | StructRef): Json {
    const name = schemaName(typeof type === "string" ? type : type.name);
    if (!this.all.has(name)) {
      this.all.set(name, {});
      this.all.set(name, this.struct(typeof type === "string" ? structType(type) : type.struct));
    }
    return refTo(name);
  }

  /** Custom resources of the document, by their schemas' names. */
  readonly custom = new Map<string, StructType>();

  /** What a custom resource's schema says of the fields that every object has. */
  partsOf(): Pick<DocumentParts, "apiVersion" | "kind" | "metadata"> {
    return {
      apiVersion: { description: ownFields.apiVersion, type: "string" },
      kind: { description: ownFields.kind, type: "string" },
      metadata: { description: ownFields.metadata, allOf: [this.ref("meta/v1.ObjectMeta")] },
    };
  }

  /** To the list of a kind whose type is its own. k8s: apiextensions controller/openapi/builder buildListSchema */
  refToList(type: StructRef): Json {
    const { group, version, kind } = splitTypeName(type.name);
    const listKind = type.struct.structural?.listKind ?? `${kind}List`;
    const name = schemaName(`${group}/${version}.${listKind}`);
    const itself = structType("meta/v1.PartialObjectMetadataList");
    const property = (field: string): Json =>
      this.property(itself, itself.fields.get(field) as Field);
    this.all.set(name, {
      description: `${listKind} is a list of ${kind}`,
      properties: {
        apiVersion: property("apiVersion"),
        items: {
          description: "List of objects.",
          items: this.ref(type),
          type: "array",
        },
        kind: property("kind"),
        metadata: property("metadata"),
      },
      required: ["items"],
      type: "object",
      "x-kubernetes-group-version-kind": [{ group, kind: listKind, version }],
      ...selectable(type.struct),
    });
    return refTo(name);
  }

  patch(): Json {
    const name = `${meta}.Patch`;
    this.all.set(name, this.described(`meta/v1.Patch`, "", { type: "object" }));
    return refTo(name);
  }

  private described(typeName: string, field: string, schema: Json, own?: string): Json {
    const description = this.descriptions[typeName]?.[field] ?? own;
    return description === undefined ? schema : { description, ...schema };
  }

  private struct(type: StructType): Json {
    if (type.structural) {
      this.custom.set(schemaName(type.name), type);
      return customSchema(type, { version: 3, ...this.partsOf() });
    }
    const properties: Json = {};
    const required: string[] = [];
    for (const field of [...type.list].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      properties[field.name] = this.property(type, field);
      if (field.required) required.push(field.name);
    }
    const kinds = this.kindsOf(type);
    const schema = {
      ...(type.list.length ? { properties } : {}),
      ...(required.length ? { required } : {}),
      type: "object",
      ...(kinds.length ? { "x-kubernetes-group-version-kind": kinds } : {}),
      ...(type.atomic ? { "x-kubernetes-map-type": "atomic" } : {}),
    };
    return this.described(type.name, "", schema, type.description);
  }

  private kindsOf(type: StructType): Json[] {
    if (!type.fields.has("kind") || !type.fields.has("apiVersion")) return [];
    const { group, version, kind } = splitTypeName(type.name);
    if (type.name.startsWith("meta/")) {
      if (kind === "DeleteOptions" || kind === "WatchEvent") {
        return this.everywhere.map((gv) => ({ ...gv, kind }));
      }
      return ["Status", "APIGroup", "APIGroupList", "APIResourceList", "APIVersions"].includes(kind)
        ? [{ group: "", kind, version: "v1" }]
        : [];
    }
    if (!isBuiltIn(type.name)) return [{ group, kind, version }];
    const apiVersion = group ? `${group}/${version}` : version;
    return typeForKind(apiVersion, kind) === type && type.fields.has("metadata")
      ? [{ group, kind, version }]
      : [];
  }

  private property(type: StructType, field: Field): Json {
    const schema = this.value(field.type);
    const out: Json = this.described(type.name, field.name, {}, field.description);
    if (field.default !== undefined) out["default"] = field.default;
    else if (!field.pointer && isReference(field.type)) out["default"] = emptyOf(field.type);
    else if (!field.pointer && field.required) addZero(out, field.type);
    if (out["default"] === undefined) delete out["default"];
    if (schema["$ref"] !== undefined) {
      if (Object.keys(out).length === 0) return { allOf: [schema] };
      out["allOf"] = [schema];
    } else Object.assign(out, schema);
    if (field.listMapKeys) out["x-kubernetes-list-map-keys"] = field.listMapKeys;
    if (field.listType) out["x-kubernetes-list-type"] = field.listType;
    const mapType = field.mapType ?? field.structType;
    if (mapType) out["x-kubernetes-map-type"] = mapType;
    if (field.patchMergeKey) out["x-kubernetes-patch-merge-key"] = field.patchMergeKey;
    if (field.patchStrategy.length) {
      out["x-kubernetes-patch-strategy"] = field.patchStrategy.join(",");
    }
    return out;
  }

  /** The schema of a value; a bare reference for what has a schema of its own. */
  private value(type: FieldType): Json {
    // A type of a kind's own is told where it stands, as upstream tells custom resources'.
    if (type.kind === "struct")
      return isBuiltIn(type.name) ? this.ref(type) : this.struct(type.struct);
    if (type.kind === "list") return { items: this.element(type.of), type: "array" };
    if (type.kind === "map") return { additionalProperties: this.element(type.of), type: "object" };
    const known = specialOf(type);
    if (!known) return { ...plain[type.kind] };
    if (!this.all.has(known.name)) {
      const short = known.name.slice(known.name.lastIndexOf(".") + 1);
      const named = known.name.startsWith(apiextensions)
        ? `apiextensions/v1.${short}`
        : `meta/v1.${short}`;
      this.all.set(known.name, this.described(named, "", known.schema));
    }
    return refTo(known.name);
  }

  private element(type: FieldType): Json {
    const schema = this.value(type);
    const out: Json = {};
    if (isReference(type)) {
      const empty = emptyOf(type);
      if (empty === undefined) return schema;
      return { allOf: [schema], default: empty };
    }
    addZero(out, type);
    return Object.assign(out, schema);
  }
}

const ownFields = {
  apiVersion: "APIVersion defines which group and version the object's schema is of.",
  kind: "Kind says what the object is: the name of its schema.",
  metadata: "Standard object's metadata: its name, labels, annotations, and what the server adds.",
};

/** Of a custom resource, in a document of either version. */
export function customSchema(type: StructType, parts: DocumentParts): Json {
  const { group, version, kind } = splitTypeName(type.name);
  return {
    ...publishedSchema(type.structural?.schema, parts),
    "x-kubernetes-group-version-kind": [{ group, kind, version }],
    ...selectable(type),
  };
}

function selectable({ structural }: StructType): Json {
  const fields = structural?.selectableFields ?? [];
  if (fields.length === 0) return {};
  return { "x-kubernetes-selectable-fields": fields.map((fieldPath) => ({ fieldPath })) };
}

const isReference = (type: FieldType): boolean =>
  (type.kind === "struct" && isBuiltIn(type.name)) || specialOf(type) !== undefined;

/** Structs default to {}; scalar structs (times, quantities) have no default. */
const emptyOf = (type: FieldType): Json | undefined => (type.kind === "struct" ? {} : undefined);

function addZero(out: Json, type: FieldType): void {
  const zero = zeros[type.kind];
  if (zero !== undefined) out["default"] = zero;
}
