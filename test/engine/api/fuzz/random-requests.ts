/**
 * Requests that nobody would send, by chance from a seed: the API must answer each with what upstream says, never with an
 * error of its own making, and what it refuses must leave no trace.
 */
import { load } from "js-yaml";
import { mulberry } from "../../../helpers/dice.ts";
import {
  builtin,
  type Resource,
} from "../../../../durable-objects/engine/api/discovery/registry.ts";
import {
  decodeProtobuf,
  encodeProtobuf,
} from "../../../../durable-objects/engine/schema/protobuf.ts";
import {
  typeForKind,
  type FieldType,
  type StructType,
} from "../../../../durable-objects/engine/schema/types.ts";
import { World } from "../../../helpers/world.ts";
import { sampleOf } from "./sample-objects.ts";

export interface Finding {
  problem: "500" | "no Status" | "written by a refusal" | "throw" | "fault";
  request: string;
  answer: string;
}

/**
 * Upstream's own 500s. Errors that its storage, handlers and patch libraries pass on as they are get no reason
 * (k8s: apiserver/pkg/endpoints/handlers/responsewriters/status.go ErrorToAPIStatus), others are its InternalErrors.
 */
const upstreams: RegExp[] = [
  // k8s: apiserver/pkg/storage/errors.go ErrResourceVersionSetOnCreate
  /^resourceVersion should not be set on objects to be created$/,
  // k8s: apiserver/pkg/storage/api_object_versioner.go ParseResourceVersion
  /^resourceVersion: Invalid value: .*: strconv\.ParseUint/s,
  // k8s: pkg/registry/core/pod/storage/storage.go BindingREST.Create (ToAggregate)
  /^\[?target\.(kind|name): /,
  // k8s: pkg/registry/core/pod/storage/eviction.go
  /^This pod has more than one PodDisruptionBudget/,
  // k8s: apimachinery/pkg/util/strategicpatch/patch.go, pkg/util/mergepatch/errors.go, third_party/forked/golang/json/fields.go
  /^merging an object in json but data type is not struct, instead is: /,
  /^unable to find api field in struct /,
  /^map: .* does not contain declared merge key: /s,
  /^expected a .*, but received a /s,
  /^unknown patch type: /,
  /^list element types are not identical: /,
  /^no elements in any of the given slices$/,
  /^value for key \d+ is not a map/,
  /^The order in patch list:/,
  /^cannot merge lists without merge key for /,
  /^merging lists cannot yet be specified in the patch$/,
  // k8s: apimachinery/pkg/util/managedfields/internal (structuredmerge.go, managedfields.go)
  /^failed to create typed (patch|live|new) object \(/,
  /^failed to convert (new|patch) object \(/,
  /^failed to decode managed fields: /,
  // etcd/server/etcdserver/errors ErrRequestTooLarge, k8s: apiserver/pkg/storage/etcd3/store.go
  /^etcdserver: request is too large$/,
  // k8s: pkg/registry/core/service/storage/alloc.go
  /^Internal error occurred: failed to allocate /,
];

const nasty = [
  "",
  "a",
  "f-1",
  "F",
  "-x",
  "a/b",
  "a.b",
  "80",
  "http",
  "1Gi",
  "500m",
  "10%",
  "-1",
  "ü",
  "\u0000",
  "\ud800",
  "😀",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "length",
  "*",
  "..",
  "/",
  "//",
  ".",
  "~",
  "~1",
  "2026-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "2026-13-45T99:99:99Z",
  "+275760-09-13T00:00:00Z",
  "1s",
  "-1h",
  "NaN",
  "Infinity",
  "0x1",
  "1e400",
  "true",
  "null",
  "$patch",
  "x=y",
  "::1",
  "10.0.0.1",
  "10.0.0.0/8",
  "fe80::1%eth0",
  "{.a[",
  "$(A)",
  "$$(",
  "nginx",
  "nginx:1.27@sha256:0",
  "default",
  "kube-system",
  "node-1",
  "metadata.name",
  "status.phase",
  "pods",
  "v1",
  "apps/v1",
  "a".repeat(64),
  "a".repeat(254),
  "/".repeat(40),
  "0".repeat(300),
];
const numbers = [
  0,
  -0,
  1,
  -1,
  2,
  80,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  -(2 ** 31) - 1,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  1e21,
  1e308,
  1.5,
  5e-324,
];

class Dice {
  readonly next: () => number;
  constructor(seed: number) {
    this.next = mulberry(seed);
  }
  below(n: number): number {
    return Math.floor(this.next() * n);
  }
  one<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
  chance(share: number): boolean {
    return this.next() < share;
  }
}

type Json = Record<string, unknown>;

/** A value of any type, up to deeply nested ones. */
function anything(dice: Dice, depth = 3): unknown {
  switch (dice.below(depth > 0 ? 11 : 6)) {
    case 0:
    case 1:
      return dice.one(nasty);
    case 2:
    case 3:
      return dice.one(numbers);
    case 4:
      return dice.one([null, true, false]);
    case 5:
      return dice.one([[], {}, "", 0]);
    case 6:
    case 7:
      return Array.from({ length: dice.below(4) }, () => anything(dice, depth - 1));
    case 8: {
      let deep: unknown = dice.one(nasty);
      for (let i = dice.below(1_100); i > 0; i--) deep = i % 2 ? [deep] : { a: deep };
      return deep;
    }
    default:
      return own(
        Array.from({ length: dice.below(4) }, () => [dice.one(nasty), anything(dice, depth - 1)]),
      );
  }
}

/** An object with exactly these keys, `__proto__` too. */
function own(entries: [string, unknown][]): Json {
  const object: Json = {};
  for (const [name, value] of entries)
    Object.defineProperty(object, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return object;
}

function valueOf(dice: Dice, type: FieldType, depth: number): unknown {
  if (dice.chance(0.05)) return anything(dice);
  switch (type.kind) {
    case "struct":
      return structOf(dice, type.struct, depth - 1);
    case "list":
      return Array.from({ length: dice.below(3) }, () => valueOf(dice, type.of, depth));
    case "map":
      return own(
        Array.from({ length: dice.below(3) }, () => [
          dice.one(nasty),
          valueOf(dice, type.of, depth),
        ]),
      );
    case "bool":
      return dice.chance(0.5);
    case "int32":
    case "int64":
    case "float64":
      return dice.one(numbers);
    case "intOrString":
      return dice.chance(0.5) ? dice.one(numbers) : dice.one(nasty);
    case "bytes":
      return dice.one(["", "YQ==", "!", "YQ", "=", "YR=="]);
    default:
      return dice.one(nasty);
  }
}

function structOf(dice: Dice, struct: StructType, depth: number): Json {
  const fields = struct.list.filter(
    (f) => depth > 0 || !["struct", "list", "map"].includes(f.type.kind),
  );
  const some = Array.from({ length: Math.min(fields.length, dice.below(5)) }, () =>
    dice.one(fields),
  );
  return own(some.map((f) => [f.name, valueOf(dice, f.type, depth)]));
}

/** Bends an object in place: values of other types, directives, parts of its type by chance. */
function bend(dice: Dice, value: unknown, type: FieldType | undefined): unknown {
  if (dice.chance(0.04)) return anything(dice);
  if (Array.isArray(value)) {
    const of = type?.kind === "list" ? type.of : undefined;
    const items = value.map((item) => bend(dice, item, of));
    if (items.length > 0 && dice.chance(0.1)) items.push(dice.one(items));
    if (dice.chance(0.05)) items.push(anything(dice));
    if (of && dice.chance(0.1)) items.push(valueOf(dice, of, 3));
    return items;
  }
  if (typeof value !== "object" || value === null)
    return dice.chance(0.06) ? (type ? valueOf(dice, type, 2) : anything(dice)) : value;
  const struct = type?.kind === "struct" ? type.struct : undefined;
  const of = (name: string): FieldType | undefined =>
    struct?.fields.get(name)?.type ?? (type?.kind === "map" ? type.of : undefined);
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [
    name,
    bend(dice, inner, of(name)),
  ]);
  if (struct && struct.list.length > 0 && dice.chance(0.3)) {
    const field = dice.one(struct.list);
    entries.push([field.name, valueOf(dice, field.type, 4)]);
  }
  if (dice.chance(0.04)) entries.push([dice.one(nasty), anything(dice)]);
  if (entries.length > 0 && dice.chance(0.03)) entries.splice(dice.below(entries.length), 1);
  return own(entries);
}

const names = ["f-1", "f-2", "f-3"];

interface Target {
  /** Path of one object. */
  url: string;
  collection: string;
  apiVersion: string;
  kind: string;
  type: StructType | undefined;
}

/** Of a served kind, or of what is only sent (options). */
const typeOf = (apiVersion: string, kind: string): StructType | undefined =>
  builtin.ofKind(apiVersion, kind)?.schema.struct ?? typeForKind(apiVersion, kind);

const served: Resource[] = [...builtin.allStored()].filter((r) => r.verbs.includes("create"));
const collectionOf = (r: Resource): string => {
  const root = r.group ? `/apis/${r.apiVersion}` : `/api/${r.version}`;
  return r.namespaced ? `${root}/namespaces/default/${r.plural}` : `${root}/${r.plural}`;
};

function targetOf(r: Resource, name: string): Target {
  const collection = collectionOf(r);
  const { apiVersion, kind } = r;
  return {
    url: `${collection}/${name}`,
    collection,
    apiVersion,
    kind,
    type: typeOf(apiVersion, kind),
  };
}

/** Objects of a request's body, bent. */
function objectFor(dice: Dice, target: Target, name: string): Json {
  const object = sampleOf(target.apiVersion, target.kind, name);
  const struct = target.type;
  const whole = { kind: "struct", struct } as FieldType;
  const times = dice.below(3);
  let bent: unknown = object;
  for (let i = 0; i < times; i++) bent = bend(dice, bent, struct ? whole : undefined);
  if (dice.chance(0.15)) bent = twistMetadata(dice, bent);
  return bent as Json;
}

function twistMetadata(dice: Dice, object: unknown): unknown {
  if (typeof object !== "object" || object === null) return object;
  const metadata = { ...(object as { metadata?: Json }).metadata } as Json;
  const twists: [string, () => unknown][] = [
    [
      "ownerReferences",
      () => [{ apiVersion: "v1", kind: "Pod", name: "f-1", uid: dice.one(nasty) }],
    ],
    ["finalizers", () => [dice.one(nasty), "example.com/f"]],
    ["labels", () => own([[dice.one(nasty), dice.one(nasty)]])],
    ["annotations", () => own([[dice.one(nasty), dice.one(nasty)]])],
    ["resourceVersion", () => dice.one(["0", "1", "x", "-1", "99999999999999999999", 1])],
    ["uid", () => dice.one(nasty)],
    ["generation", () => dice.one(numbers)],
    ["creationTimestamp", () => dice.one([null, "x", "2026-01-01T00:00:00Z", 1])],
    ["deletionTimestamp", () => dice.one([null, "x", "2026-01-01T00:00:00Z"])],
    ["deletionGracePeriodSeconds", () => dice.one(numbers)],
    ["generateName", () => dice.one(nasty)],
    ["namespace", () => dice.one(nasty)],
    ["name", () => dice.one(nasty)],
    ["managedFields", () => managedFields(dice)],
  ];
  for (let i = dice.below(3); i >= 0; i--) {
    const [field, value] = dice.one(twists);
    metadata[field] = value();
  }
  return { ...object, metadata: dice.chance(0.03) ? anything(dice) : metadata };
}

function managedFields(dice: Dice): unknown {
  const entry = (): unknown =>
    dice.chance(0.1)
      ? anything(dice)
      : {
          manager: dice.one(["m", "", "a".repeat(200), 1]),
          operation: dice.one(["Apply", "Update", "X", "", null]),
          apiVersion: dice.one(["v1", "apps/v1", "x", "", "/", "a/b/c"]),
          time: dice.one(["2026-01-01T00:00:00Z", "x", null]),
          fieldsType: dice.one(["FieldsV1", "x", "", null]),
          fieldsV1: dice.one<unknown>([
            {},
            null,
            "x",
            [],
            { "f:metadata": { "f:labels": { "f:a": {} } } },
            { "k:{": {} },
            { 'k:{"name":1}': {}, "v:": {}, "i:-1": {}, "i:x": {}, "z:": {}, f: {}, ".": {} },
            { "f:spec": 1 },
            { "f:spec": { "f:containers": { 'k:{"name":"c"}': { ".": {} } } } },
          ]),
          subresource: dice.one(["", "status", "x"]),
        };
  return Array.from({ length: dice.below(3) }, entry);
}

const pointers = [
  "",
  "/",
  "x",
  "/spec",
  "/metadata",
  "/metadata/labels",
  "/metadata/labels/a",
  "/metadata/annotations/__proto__",
  "/data",
  "/data/a",
  "/data/k",
  "/spec/replicas",
  "/spec/template/spec/containers/0",
  "/spec/containers/0/image",
  "/spec/containers/-",
  "/spec/containers/-1",
  "/spec/containers/99",
  "/spec/a~2",
  "/metadata/name",
  "/metadata/finalizers/-",
  "/status",
  "/kind",
  "/apiVersion",
  "/spec/ports/0/port",
  "/rules/0",
  "/subsets",
  "/spec/__proto__/x",
  "/constructor",
];

function jsonPatchOf(dice: Dice): unknown {
  return Array.from({ length: dice.below(4) }, () => {
    const operation: Json = {
      op: dice.one(["add", "remove", "replace", "move", "copy", "test", "x", 1, null]),
      path: dice.one(pointers),
      from: dice.one(pointers),
      value: anything(dice),
    };
    if (dice.chance(0.1)) delete operation[dice.one(["op", "path", "from", "value"])];
    if (dice.chance(0.1)) operation["path"] = `${String(operation["from"])}/x`;
    return dice.chance(0.03) ? anything(dice) : operation;
  });
}

/** Strategic merge patches: parts of a good object with directives among them. */
function directives(dice: Dice, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => directives(dice, item));
    if (dice.chance(0.2))
      items.push({ $patch: dice.one(["delete", "replace", "merge", "x", 1, null]) });
    if (dice.chance(0.1)) items.push(anything(dice));
    if (dice.chance(0.05)) items.push([[]]);
    return items;
  }
  if (typeof value !== "object" || value === null)
    return dice.chance(0.05) ? anything(dice) : value;
  const entries: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) {
    if (dice.chance(0.15)) entries.push([`$setElementOrder/${name}`, order(dice)]);
    if (dice.chance(0.1))
      entries.push([
        `$deleteFromPrimitiveList/${name}`,
        dice.one<unknown>([["a"], 1, null, [{}], [[]]]),
      ]);
    if (dice.chance(0.9)) entries.push([name, directives(dice, inner)]);
  }
  if (dice.chance(0.1))
    entries.push(["$patch", dice.one(["delete", "replace", "merge", "x", 1, null])]);
  if (dice.chance(0.1))
    entries.push(["$retainKeys", dice.one<unknown>([["a"], ["emptyDir"], 1, null, [1]])]);
  return own(entries);
}

const order = (dice: Dice): unknown =>
  dice.one<unknown>([
    [{ name: "c" }],
    [{ name: "x" }, { name: "c" }],
    ["a"],
    [1],
    [],
    null,
    "x",
    {},
    [{}],
    [null],
    [[]],
    [{ containerPort: 80 }],
    [{ mountPath: "/v" }],
    [{ port: 80 }],
  ]);

const queries = [
  "dryRun=All",
  "dryRun=Some",
  "dryRun=",
  "fieldManager=x",
  "fieldManager=",
  `fieldManager=${"m".repeat(129)}`,
  "fieldManager=%00",
  "force=true",
  "force=x",
  "fieldValidation=Strict",
  "fieldValidation=Warn",
  "fieldValidation=x",
  "pretty=true",
  "limit=1",
  "limit=-1",
  "limit=x",
  "limit=99999999999999999999",
  "continue=x",
  "continue=e30",
  "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiXHUwMDAwIn0",
  "resourceVersion=0",
  "resourceVersion=x",
  "resourceVersion=1",
  "resourceVersion=-1",
  "resourceVersion=999999999",
  "resourceVersionMatch=Exact",
  "resourceVersionMatch=NotOlderThan",
  "resourceVersionMatch=x",
  "timeoutSeconds=0",
  "timeoutSeconds=-1",
  "timeoutSeconds=x",
  "timeoutSeconds=99999999999999",
  "watch=true",
  "watch=x",
  "allowWatchBookmarks=true",
  "sendInitialEvents=true",
  "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&watch=1",
  "gracePeriodSeconds=-1",
  "gracePeriodSeconds=x",
  "gracePeriodSeconds=0",
  "gracePeriodSeconds=9223372036854775807",
  "propagationPolicy=Orphan",
  "propagationPolicy=x",
  "orphanDependents=true",
  "orphanDependents=x",
  "labelSelector=a%3Db",
  "labelSelector=a%20in%20(",
  "labelSelector=%21%21a",
  "labelSelector=a%20in%20(b%2Cc)%2C%21d%2Ce!%3Df%2Cg%3E1",
  "labelSelector=__proto__",
  "fieldSelector=metadata.name%3Df-1",
  "fieldSelector=x%3Dy",
  "fieldSelector=status.phase!%3DRunning",
  "fieldSelector=%5C",
  "fieldSelector=constructor%3Dx",
  "container=c",
  "container=x",
  "container=c&container=d",
  "command=ls",
  "command=",
  "command=a&command=b&stdin=true",
  "stdout=true",
  "stderr=x",
  "tty=true",
  "follow=true",
  "follow=x",
  "previous=true",
  "sinceSeconds=1",
  "sinceSeconds=-1",
  "sinceSeconds=x",
  "sinceTime=2026-01-01T00:00:00Z",
  "sinceTime=x",
  "tailLines=1",
  "tailLines=-1",
  "tailLines=x",
  "limitBytes=0",
  "limitBytes=1",
  "limitBytes=x",
  "timestamps=true",
  "stream=Stdout",
  "stream=x",
  "ports=80",
  "ports=x",
  "ports=0",
  "ports=80,81",
  "path=/x",
  "path=..",
  "timeout=1s",
  "timeout=x",
  "timeout=-1s",
  "timeout=9999999h",
  "insecureSkipTLSVerifyBackend=true",
  "ignoreStoreReadErrorWithClusterBreakingPotential=true",
  "includeObject=x",
  "as=Table",
  "%",
  "%zz",
  "&&",
  "=",
  "a=%ff%fe",
  "__proto__=1",
  "constructor=x",
  "x".repeat(5_000),
];

const accepts = [
  "application/json",
  "application/json;as=Table;v=v1;g=meta.k8s.io",
  "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
  "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
  "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
  "application/json;as=x;v=y;g=z",
  "text/html",
  "",
  "application/vnd.kubernetes.protobuf",
  "application/yaml",
  ";;",
  "*/*",
  "application/json;q=x",
  "application/*",
  "application/cbor",
  "application/json;stream=watch",
  ",".repeat(3_000),
  `application/json;${"a=b;".repeat(1_000)}`,
];

const oddHeaders: [string, readonly string[]][] = [
  [
    "impersonate-user",
    ["u", "", "system:serviceaccount:default:default", "system:serviceaccount::", "\u0000"],
  ],
  ["impersonate-group", ["system:masters", "a\nb", ""]],
  ["impersonate-uid", ["x", ""]],
  ["impersonate-extra-a%zz", ["x"]],
  ["impersonate-extra-scopes", ["a, b"]],
  ["impersonate-extra-", ["x"]],
  [
    "authorization",
    ["Bearer x", "Bearer a.b.c", "Basic x", "Bearer", "Bearer eyJhbGciOiJub25lIn0.e30."],
  ],
  ["user-agent", ["", "kubectl/v1.36.0", "x".repeat(10_000), "é"]],
  ["if-none-match", ['"x"', "*"]],
  ["upgrade", ["websocket", "SPDY/3.1", "x"]],
  ["connection", ["Upgrade"]],
  ["sec-websocket-protocol", ["v5.channel.k8s.io", "v4.channel.k8s.io", "x", ""]],
  ["x-stream-protocol-version", ["v4.channel.k8s.io", "x"]],
  ["content-encoding", ["gzip", "x"]],
  ["content-length", ["-1", "x"]],
  ["warning", ["x"]],
];

const subresources = [
  "status",
  "scale",
  "log",
  "exec",
  "attach",
  "portforward",
  "proxy",
  "proxy/a/b",
  "proxy/../../x",
  "eviction",
  "binding",
  "token",
  "ephemeralcontainers",
  "resize",
  "finalize",
  "approval",
  "x",
  "__proto__",
  "constructor",
  "status/x",
];
/** Kinds that subresources take, where it is not the object itself. */
const bodyKinds: Record<string, [apiVersion: string, kind: string]> = {
  scale: ["autoscaling/v1", "Scale"],
  eviction: ["policy/v1", "Eviction"],
  binding: ["v1", "Binding"],
  token: ["authentication.k8s.io/v1", "TokenRequest"],
};
const reviews: [url: string, apiVersion: string, kind: string][] = [
  ["SelfSubjectAccessReview", ""],
  ["SubjectAccessReview", ""],
  ["LocalSubjectAccessReview", "namespaces/default/"],
  ["SelfSubjectRulesReview", ""],
].map(([kind = "", scope = ""]) => [
  `/apis/authorization.k8s.io/v1/${scope}${kind.toLowerCase()}s`,
  "authorization.k8s.io/v1",
  kind,
]);
for (const kind of ["TokenReview", "SelfSubjectReview"])
  reviews.push([
    `/apis/authentication.k8s.io/v1/${kind.toLowerCase()}s`,
    "authentication.k8s.io/v1",
    kind,
  ]);
reviews.push(["/api/v1/namespaces/default/bindings", "v1", "Binding"]);

const pathWords = [
  ...nasty.filter((word) => word.length < 70),
  "api",
  "apis",
  "v1",
  "v1beta1",
  "apps",
  "namespaces",
  "default",
  "pods",
  "nodes",
  "watch",
  "proxy",
  "status",
  "log",
  "openapi",
  "v2",
  "v3",
  "healthz",
  "readyz",
  "livez",
  "metrics",
  "version",
  ".well-known",
  "openid-configuration",
  "%",
  "%2f",
  "%zz",
  "%ff",
  "%00",
  "http:f-1:80",
  "f-1:http",
  ":f-1:",
  "a:b:c:d",
];

interface Asked {
  method: string;
  url: string;
  body?: unknown;
  type?: string;
  headers: Record<string, string>;
}

const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
  "application/apply-patch+cbor",
  "application/json",
  "text/plain",
  "",
  "application/merge-patch+json; charset=utf-8",
];
const bodyTypes = [
  "application/json",
  "application/json",
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
  "application/json; charset=x",
  "text/plain",
  "application/cbor",
  "",
  ";;",
];

function patchBody(dice: Dice, type: string, target: Target, name: string): unknown {
  if (dice.chance(0.05)) return anything(dice);
  if (type.includes("json-patch")) return jsonPatchOf(dice);
  const object = objectFor(dice, target, name);
  return type.includes("strategic") ? directives(dice, object) : object;
}

/** Mostly one that the resource has. */
const subresourceOf = (dice: Dice, { subresources: known }: Resource): string =>
  known.length > 0 && dice.chance(0.85) ? dice.one(known).name : dice.one(subresources);

function requestOf(dice: Dice): Asked {
  const headers: Record<string, string> = { accept: dice.one(accepts) };
  if (dice.chance(0.9)) headers["accept"] = "application/json";
  if (dice.chance(0.1)) {
    const [name, values] = dice.one(oddHeaders);
    headers[name] = dice.one(values);
  }
  const parameters = Array.from({ length: dice.chance(0.5) ? dice.below(4) : 0 }, () =>
    dice.one(queries),
  );
  const query = parameters.length > 0 ? `?${parameters.join("&")}` : "";
  if (dice.chance(0.08)) return pathRequest(dice, query, headers);
  if (dice.chance(0.06)) return reviewRequest(dice, query, headers);
  const name = dice.chance(0.95)
    ? dice.one(names)
    : encodeURIComponent(toWellFormed(dice.one(nasty)));
  const resource = dice.one(served);
  const target = targetOf(resource, name);
  const subresource = dice.chance(0.3) ? subresourceOf(dice, resource) : "";
  const of = bodyKinds[subresource];
  const shown =
    of && Object.hasOwn(bodyKinds, subresource)
      ? { ...target, apiVersion: of[0], kind: of[1], type: typeOf(...of) }
      : target;
  const url = subresource ? `${target.url}/${subresource}` : target.url;
  switch (dice.below(6)) {
    case 0: {
      const at = subresource ? url : target.collection;
      return written(dice, "POST", at + query, objectFor(dice, shown, name), headers);
    }
    case 1:
      return written(dice, "PUT", url + query, objectFor(dice, shown, name), headers);
    case 2:
    case 3: {
      const type = dice.one(dice.chance(0.9) ? patchTypes.slice(0, 4) : patchTypes);
      const body = patchBody(dice, type, shown, name);
      const asText = type.includes("apply") && dice.chance(0.3) ? bodyText(dice, body) : body;
      return { method: "PATCH", url: url + query, body: asText, type, headers };
    }
    case 4: {
      if (dice.chance(0.7)) return { method: "GET", url: url + query, headers };
      const at = dice.chance(0.05) ? target.collection : url;
      const options = { kind: "DeleteOptions", apiVersion: "v1", ...(anything(dice, 1) as object) };
      const body = dice.chance(0.5) ? deleteOptions(dice, options) : undefined;
      return { method: "DELETE", url: at + query, body, type: "application/json", headers };
    }
    default:
      return { method: "GET", url: (dice.chance(0.4) ? target.collection : url) + query, headers };
  }
}

const deleteOptions = (dice: Dice, options: object): unknown =>
  dice.chance(0.2)
    ? anything(dice)
    : {
        ...options,
        preconditions: dice.one<unknown>([undefined, { uid: "x" }, { resourceVersion: "1" }, 1]),
        propagationPolicy: dice.one<unknown>([undefined, "Orphan", "Foreground", "x", 1]),
        gracePeriodSeconds: dice.one<unknown>([undefined, 0, -1, 1.5, "x", 2 ** 63]),
        dryRun: dice.one<unknown>([undefined, ["All"], ["x"], "All"]),
      };

function pathRequest(dice: Dice, query: string, headers: Record<string, string>): Asked {
  const words = Array.from({ length: dice.below(8) }, () =>
    toWellFormed(dice.one(pathWords)).replaceAll("?", ""),
  );
  const method = dice.one([
    "GET",
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "BREW",
    "",
  ]);
  const body = method === "GET" || method === "HEAD" ? undefined : anything(dice);
  return { method, url: `/${words.join("/")}${query}`, body, headers };
}

function reviewRequest(dice: Dice, query: string, headers: Record<string, string>): Asked {
  const [url, apiVersion, kind] = dice.one(reviews);
  const target = { url, collection: url, apiVersion, kind, type: typeOf(apiVersion, kind) };
  return written(dice, "POST", url + query, objectFor(dice, target, "f-1"), headers);
}

const toWellFormed = (text: string): string => text.replace(/[\ud800-\udfff]/g, "�");

function bodyText(dice: Dice, body: unknown): string {
  const text = JSON.stringify(body) ?? "null";
  if (dice.chance(0.7)) return text;
  const at = dice.below(text.length + 1);
  const piece = dice.one([
    "{",
    "}",
    "[",
    ":",
    ",",
    '"',
    "\\",
    "\u0000",
    "&a ",
    "*a",
    "!!int ",
    "- ",
    "\n",
    "---\n",
    "1e999",
    "\\ud800",
  ]);
  return text.slice(0, at) + piece + text.slice(at + dice.below(2));
}

function written(
  dice: Dice,
  method: string,
  url: string,
  object: Json,
  headers: Record<string, string>,
): Asked {
  const type = dice.chance(0.6) ? "application/json" : dice.one(bodyTypes);
  let body: unknown = dice.chance(0.8) ? object : bodyText(dice, object);
  if (type.includes("protobuf") && dice.chance(0.9)) {
    try {
      const bytes = encodeProtobuf(String(object["apiVersion"]), String(object["kind"]), object);
      for (let i = dice.below(3); i > 0; i--) bytes[dice.below(bytes.length)] = dice.below(256);
      body = dice.chance(0.2) ? bytes.slice(0, dice.below(bytes.length)) : bytes;
    } catch {
      // What protobuf cannot hold goes as text.
    }
  } else if (dice.chance(0.03)) {
    const bytes = new TextEncoder().encode(bodyText(dice, object));
    for (let i = 0; i < 3; i++) bytes[dice.below(bytes.length)] = 0x80 + dice.below(128);
    body = bytes;
  }
  return { method, url, body, type, headers };
}

/** A cluster that holds one object of every kind. */
function furnished(): World {
  const world = new World({ nodes: 1, seed: "fuzz" });
  for (const r of served)
    for (const name of ["f-1", "f-2"])
      world.request("POST", collectionOf(r), sampleOf(r.apiVersion, r.kind, name));
  world.advance(3_000);
  return world;
}

const renewEvery = 300;

/** Asks so many requests; what came through stays and meets what comes. */
export function fuzzRequests(seed: number, count: number): Finding[] {
  const dice = new Dice(seed);
  const findings: Finding[] = [];
  let world = furnished();
  for (let i = 0; i < count; i++) {
    if (i % renewEvery === renewEvery - 1) world = furnished();
    const asked = requestOf(dice);
    const found = judge(world, asked);
    if (found) findings.push(found);
    if (dice.chance(0.02)) world.engine.run((world.now += 1_000));
    const fault = world.engine.faults[0];
    if (fault) {
      const error = fault.error as Error;
      findings.push({
        problem: "fault",
        request: shown(asked),
        answer: `${fault.work}: ${error.stack}`,
      });
      world = furnished();
    }
  }
  return findings;
}

const shown = ({ method, url, body, type, headers }: Asked): string => {
  const text =
    body instanceof Uint8Array
      ? `bytes ${body.join(",")}`
      : typeof body === "string"
        ? body
        : JSON.stringify(body);
  return `${method} ${url.slice(0, 400)} ${type ?? ""} ${JSON.stringify(headers).slice(0, 300)} ${(text ?? "").slice(0, 1_500)}`;
};

/** Not served by this sandbox, told so on purpose. */
const deliberate = new Set([501, 503, 504]);

function judge(world: World, asked: Asked): Finding | undefined {
  const { method, url, body, type, headers } = asked;
  const finding = (problem: Finding["problem"], answer: string): Finding => ({
    problem,
    request: shown(asked),
    answer,
  });
  world.engine.run(world.now);
  const idle = world.engine.nextDueMs(world.now) !== world.now;
  const state = (): string =>
    `${world.engine.store.rv} ${world.engine.store.objectCount} ${world.engine.log.rowsWritten}`;
  const before = state();
  let raw;
  try {
    raw = world.raw(method, url, body, { headers, ...(type === undefined ? {} : { type }) });
  } catch (error) {
    return finding("throw", String((error as Error).stack));
  }
  if (raw.type !== "reply" || raw.status < 400) return undefined;
  const contentType = raw.headers["content-type"] ?? "";
  const isProtobuf = contentType === "application/vnd.kubernetes.protobuf";
  const text = isProtobuf
    ? JSON.stringify(decodeProtobuf(raw.body as Uint8Array).value)
    : typeof raw.body === "string"
      ? raw.body
      : new TextDecoder().decode(raw.body);
  // What the simulated network carried has happened, whatever came back.
  const carried = url.includes("/proxy") && raw.status === 503;
  if (idle && !carried && state() !== before)
    return finding("written by a refusal", `${raw.status} ${text}`);
  if (deliberate.has(raw.status)) return undefined;
  const isYaml = contentType.includes("yaml");
  if (!isProtobuf && !isYaml && !contentType.includes("json")) {
    return contentType.startsWith("text/plain") && raw.status !== 500
      ? undefined
      : finding("no Status", `${raw.status} ${contentType} ${text.slice(0, 300)}`);
  }
  const {
    kind,
    code,
    message = "",
  } = (isYaml ? load(text) : JSON.parse(text)) as {
    kind?: string;
    code?: number;
    message?: string;
  };
  if (kind !== "Status" || code !== raw.status) return finding("no Status", text.slice(0, 300));
  const known = upstreams.some((pattern) => pattern.test(message));
  return raw.status === 500 && !known ? finding("500", text.slice(0, 600)) : undefined;
}
