/** What a definition's versions are made into: kinds like any other, with the ways of custom resources. */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { toBase64 } from "../../machinery/base64.ts";
import { equal } from "../../core/equal.ts";
import type { KubeObject } from "../../core/object.ts";
import { gatewayIndices } from "../../kinds/gateway/indices.ts";
import { isTrue } from "../../kinds/custom-resource-definition/conditions.ts";
import type {
  CustomResourceDefinition,
  DefinitionVersion,
  ScaleSubresource,
} from "../../kinds/custom-resource-definition/types.ts";
import type { CustomKind, Kind, ScaleHook } from "../../kinds/define.ts";
import { goFormat } from "../../schema/patch/go-value.ts";
import type { JsonSchema } from "../../schema/structural/json-schema.ts";
import { asConverted, asRead, structuralType } from "../../schema/structural/type.ts";
import { compareVersions } from "../discovery/versions.ts";
import { withStatus } from "../object-status.ts";
import { tableOf } from "./columns.ts";
import type { Calls } from "../webhooks/calls.ts";
import { Converter } from "./conversion.ts";
import { find, parsePath } from "./json-path.ts";
import { finalizerWarnings, validator } from "./validation.ts";

export interface CustomKinds {
  /** What is stored. */
  stored: Kind;
  /** The other versions that are served. */
  others: Kind[];
}

/** Undefined: it is not served. k8s: customresource_handler.go getOrCreateServingInfoFor */
export function kindsOf(
  definition: CustomResourceDefinition,
  calls: Calls,
): CustomKinds | undefined {
  const { spec, status } = definition;
  if (!isTrue(definition, "Established")) return undefined;
  if (!status?.acceptedNames?.plural) return undefined;
  const storage = spec.versions.find((version) => version.storage);
  if (!storage) return undefined;
  const others = spec.versions.filter((version) => version.served && version !== storage);
  if (!storage.served && others.length === 0) return undefined;
  const ways: Ways = { converter: new Converter(definition, calls), decode: decoder(definition) };
  return {
    stored: kindOf(definition, storage, storage, ways),
    others: others.map((version) => kindOf(definition, version, storage, ways)),
  };
}

/** From what is stored to what a version shows. */
interface Ways {
  converter: Converter;
  /** Pruned and filled by the version in which it is stored; itself where it is as it should be. */
  decode(stored: KubeObject): KubeObject;
}

/** k8s: customresource_handler.go crdConversionRESTOptionsGetter: schemaCoercingDecoder, unstructuredDefaulter */
function decoder({ spec }: CustomResourceDefinition): Ways["decode"] {
  const schemas = new Map(
    spec.versions.map(({ name, schema }) => [`${spec.group}/${name}`, schema?.openAPIV3Schema]),
  );
  const known = new WeakMap<KubeObject, KubeObject>();
  return (stored) => {
    // A version that is gone says nothing of its objects any more.
    if (!schemas.has(stored.apiVersion)) return stored;
    let object = known.get(stored);
    if (!object) {
      const now = asRead({ ...stored }, schemas.get(stored.apiVersion)) as unknown as KubeObject;
      object = equal(now, stored) ? stored : now;
      known.set(stored, object);
    }
    return object;
  };
}

function kindOf(
  definition: CustomResourceDefinition,
  version: DefinitionVersion,
  storage: DefinitionVersion,
  ways: Ways,
): Kind {
  const { spec, status } = definition;
  const names = status?.acceptedNames ?? spec.names;
  const apiVersion = `${spec.group}/${version.name}`;
  const schema = version.schema?.openAPIV3Schema;
  const { status: hasStatus, scale } = version.subresources ?? {};
  const own = custom(definition, version, storage, ways);
  const validate = validator(schema, scale);
  const fields = fieldsOf(version);
  const indices = gatewayIndices.get(`${names.plural}.${spec.group}`);
  return {
    resource: `${names.plural}.${spec.group}`,
    apiVersion,
    kind: names.kind,
    schema: structuralType(`${apiVersion}.${names.kind}`, {
      schema,
      hasStatus: hasStatus !== undefined,
      listKind: own.listKind,
      selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => nameOf(jsonPath)),
    }),
    namespaced: spec.scope === "Namespaced",
    allowUnconditionalUpdate: false,
    plainFinalizers: true,
    statusResets: ["metadata"],
    discovery: {
      singular: names.singular ?? names.kind.toLowerCase(),
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      status: hasStatus !== undefined,
    },
    table: tableOf(version.additionalPrinterColumns),
    ...(scale ? { scale: scaleHook(scale) } : {}),
    ...(fields ? { fields } : {}),
    ...(indices ? { indices } : {}),
    ...(version.deprecated ? { deprecation: deprecationOf(definition, version) } : {}),
    prepareForCreate: (object) => (hasStatus ? withStatus(object, undefined) : object),
    validateCreate: (object, context) => validate.create(object, context),
    validateUpdate: (object, old, context) => validate.update(object, old, context),
    validateStatusUpdate: (object, old, context) => validate.status(object, old, context),
    warnings: finalizerWarnings,
    custom: own,
  };
}

function custom(
  { spec, status, ...definition }: CustomResourceDefinition,
  version: DefinitionVersion,
  storage: DefinitionVersion,
  { converter, decode }: Ways,
): CustomKind {
  const names = status?.acceptedNames ?? spec.names;
  const here = `${spec.group}/${version.name}`;
  const there = `${spec.group}/${storage.name}`;
  const listKind = names.listKind ?? `${names.kind}List`;
  const schema = version.schema?.openAPIV3Schema;
  return {
    listKind,
    unserved: !version.served,
    isView: version !== storage,
    terminating: isTrue({ spec, ...definition, ...(status ? { status } : {}) }, "Terminating"),
    storageVersionHash: hashOf(`${spec.group}/${storage.name}/${names.kind}`),
    read: reader(here, schema, { converter, decode }),
    asks: converter.asks,
    readAll: (objects) => converter.prepare(objects.map(decode), here, listKind),
    write: (object) =>
      object.apiVersion === there
        ? object
        : shownBy(storage.schema?.openAPIV3Schema, converter.convert(object, there)),
  };
}

const shownBy = (schema: JsonSchema | undefined, converted: KubeObject): KubeObject =>
  asConverted({ ...converted }, schema) as unknown as KubeObject;

/** k8s: apiserver pkg/endpoints/discovery/storageversionhash.go */
const hashOf = (text: string): string => toBase64(sha256(utf8ToBytes(text)).subarray(0, 8));

/** Each stored object is read once, unless a webhook converts it. */
function reader(
  here: string,
  schema: JsonSchema | undefined,
  { converter, decode }: Ways,
): (stored: KubeObject) => KubeObject {
  const known = new WeakMap<KubeObject, KubeObject>();
  return (stored) => {
    const whole = decode(stored);
    if (whole.apiVersion === here) return whole;
    let object = known.get(stored);
    if (!object) {
      object = shownBy(schema, converter.convert(whole, here));
      if (!converter.asks) known.set(stored, object);
    }
    return object;
  };
}

const nameOf = (path: string): string => path.replace(/^\./, "");

const pathOf = (text: string): string[] => nameOf(text).split(".");

function scaleHook({
  specReplicasPath,
  statusReplicasPath,
  labelSelectorPath,
}: ScaleSubresource): ScaleHook {
  const selector = labelSelectorPath ? parsePath(labelSelectorPath) : undefined;
  return {
    paths: { spec: pathOf(specReplicasPath), status: pathOf(statusReplicasPath) },
    selector: (object) => {
      const [found] = (selector && find(selector, object)) ?? [];
      return typeof found === "string" ? found : "";
    },
  };
}

/** k8s: customresource/strategy.go selectableFields */
function fieldsOf({ selectableFields }: DefinitionVersion): Kind["fields"] {
  if (!selectableFields?.length) return undefined;
  const paths = selectableFields.map(({ jsonPath }) => ({
    name: nameOf(jsonPath),
    path: parsePath(jsonPath),
  }));
  return (object) =>
    Object.fromEntries(
      paths.map(({ name, path }) => {
        const [value] = (path && find(path, object)) ?? [];
        return [name, value === undefined || value === null ? "" : goFormat(value)];
      }),
    );
}

/** k8s: customresource_handler.go defaultDeprecationWarning */
function deprecationOf(
  { spec }: CustomResourceDefinition,
  { name, deprecationWarning }: DefinitionVersion,
): string {
  if (deprecationWarning !== undefined) return deprecationWarning;
  const text = `${spec.group}/${name} ${spec.names.kind} is deprecated`;
  const [better] = spec.versions
    .filter(
      ({ served, deprecated, name: other }) =>
        served && !deprecated && compareVersions(other, name) < 0,
    )
    .map((version) => version.name)
    .sort(compareVersions);
  return better === undefined ? text : `${text}; use ${spec.group}/${better} ${spec.names.kind}`;
}
