/** What a kind is: its hooks, its validation, its columns. Names, verbs and subresources come from the discovery facts. */
import type { KubeObject, ResourceId } from "../core/object.ts";
import type { Index } from "../core/indices.ts";
import type { FieldError } from "../machinery/field.ts";
import type { Reader } from "../ports/controller.ts";
import type { StructRef } from "../schema/types.ts";

export interface Column {
  /** As upstream's Table names it: `Up-to-date`. */
  name: string;
  type: "string" | "integer" | "number" | "boolean" | "date";
  format?: string;
  description: string;
  /** 0 is always shown, 1 with -o wide. */
  priority: 0 | 1;
}

export type Cell = string | number | boolean | null;

export interface RowCondition {
  type: "Completed";
  status: "True";
  reason: "Succeeded" | "Failed";
  message: string;
}

export interface TableOf<T extends KubeObject> {
  columns: Column[];
  /** One cell per column. `now` is virtual ms. k8s: pkg/printers/internalversion/printers.go */
  cells(object: T, now: number): Cell[];
  conditions?(object: T): RowCondition[] | undefined;
}

/** Who writes, where a kind lets only some change a field. */
export interface Writer {
  /** update or patch. */
  verb: string;
  /** The node of a ServiceAccount's token, where it is bound to one. */
  node: string | undefined;
  /** Why it may not do that, in a refusal's words; undefined: it may. */
  refusal(asked: Asked): string | undefined;
}

/** What an authorizer is asked about a part of an object; "" for all names and all namespaces. */
export interface Asked {
  verb: string;
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
}

/** What hooks may know of a write. */
export interface WriteContext {
  reader: Reader;
  now: number;
  subresource: string;
  random(): number;
  randomSuffix(n: number): string;
  /** Whether the sandbox has an image of its own under a normalised repository name. */
  simulatesImage(repository: string): boolean;
  /** Adds a `Warning:` header to the answer. */
  warn(text: string): void;
  /** Undefined: nobody is asked what it may change. */
  writer?(): Writer;
  /** Optional. Tells what a schema's rules have cost, in units of CEL. */
  charge?(units: number): void;
}

type WritableMetadata = "labels" | "annotations" | "finalizers" | "ownerReferences";

/** Where a status write resets the spec alone. */
export const allMetadata: readonly WritableMetadata[] = [
  "labels",
  "annotations",
  "finalizers",
  "ownerReferences",
];

/** Hooks of a kind, all optional and all pure: they return the new object, never change the given one. */
export interface Kind<T extends KubeObject = KubeObject> {
  /** `pods`, `deployments.apps`. */
  resource: ResourceId;
  apiVersion: string;
  kind: string;
  /** The shape of its objects: a built-in type, or one that was read at run time. */
  schema: StructRef;
  namespaced: boolean;
  /** Defaults beyond the facts' `default` values: what depends on other fields. k8s: pkg/apis/GROUP/v1/defaults.go */
  applyDefaults?(object: T, context: WriteContext): T;
  /** Mutating admission (service account, priority, tolerations, LimitRanger ...). */
  admit?(object: T, old: T | undefined, context: WriteContext): T;
  /** k8s: strategy PrepareForCreate / PrepareForUpdate: drop status, allocate, generation is handled by operations. */
  prepareForCreate?(object: T, context: WriteContext): T;
  prepareForUpdate?(object: T, old: T, context: WriteContext): T;
  validateCreate?(object: T, context: WriteContext): FieldError[];
  validateUpdate?(object: T, old: T, context: WriteContext): FieldError[];
  validateStatusUpdate?(object: T, old: T, context: WriteContext): FieldError[];
  /** Warnings that upstream's GetWarnings gives on create or update. */
  warnings?(object: T, old: T | undefined): string[];
  /** How metadata.name is checked; default: DNS subdomain. */
  nameRule?: "subdomain" | "label" | "dns1035" | "path-segment";
  /** Finalizers need no domain: of kinds that are not the core API server's. */
  plainFinalizers?: boolean;
  /** False for kinds without spec/status split (ConfigMap): generation stays unset. Default true where the facts have spec and status. */
  hasGeneration?: boolean;
  allowCreateOnUpdate?: boolean;
  /** False: an update must carry a resourceVersion. Default true. */
  allowUnconditionalUpdate?: boolean;
  /** Selectable fields beyond metadata.name and metadata.namespace. */
  fields?(object: T): Record<string, string>;
  /** Graceful deletion: seconds to wait, or undefined for at once. k8s: rest.RESTGracefulDeleteStrategy */
  graceSeconds?(object: T, requested: number | undefined): number | undefined;
  /** True while something other than metadata.finalizers keeps a deleted object (a Namespace's spec.finalizers). */
  hasSpecFinalizers?(object: T): boolean;
  /** What marking for deletion changes besides metadata (a Namespace turns Terminating). */
  markDeleted?(object: T, now: number): T;
  /** The first deletion adds it, and nothing else but the mark (a CustomResourceDefinition waits for its objects). */
  deletionFinalizer?: string;
  defaultPropagation?: "Background" | "Orphan";
  /** Every answer warns of it. k8s: apiserver/pkg/endpoints/deprecation WarningMessage */
  deprecation?: string;
  table?: TableOf<T>;
  /** Generation also grows with metadata.annotations (Deployment). */
  generationOnAnnotations?: boolean;
  /** What of the metadata a status write may change: `allMetadata` of most kinds, all but the labels of a Deployment. */
  statusWritesMetadata?: readonly WritableMetadata[];
  /** The object as it is at this moment, where part of it is computed when read rather than stored. */
  present?(object: T, now: number, reader: Reader): T;
  /** What its objects can be found by; the name begins with the kind: `pod.node`. */
  indices?: readonly Omit<Index, "resource">[];
  /** Its scale subresource: which Pods it counts, as text, and where the numbers stand, by default `spec.replicas` and `status.replicas`. */
  scale?: ScaleHook<T>;
  /** Lists that Go writes as null where they are empty: their fields may not be left out. Not stored, put in when read. */
  emptyAsNull?: readonly (readonly [field: string, inner?: string])[];
  /** Fields beyond spec that a status write ignores, and so does not come to own. k8s: GetResetFields */
  statusResets?: readonly string[];
  /** What may be done with it, where that is less than the discovery facts say: it is computed. No subresources then. */
  servedVerbs?: string[];
  /** Names of a kind that upstream's discovery facts do not have. */
  discovery?: { singular: string; shortNames: string[]; categories: string[]; status: boolean };
  /** A custom resource's own ways. */
  custom?: CustomKind;
}

/** What a version of a custom resource has beyond other kinds. */
export interface CustomKind {
  listKind: string;
  /** Nobody serves it: objects are only stored as this version. */
  unserved: boolean;
  /** Stored as another version: the kind itself is that one's. */
  isView: boolean;
  /** Its definition goes: nothing new is made. */
  terminating: boolean;
  storageVersionHash: string;
  /** A stored object as this version has it now, whatever version and schema it was written with. */
  read(stored: KubeObject): KubeObject;
  /** A webhook converts it. */
  asks: boolean;
  /** Before many are read: whoever converts them is asked once. */
  readAll(stored: readonly KubeObject[]): void;
  /** The object as it is stored. */
  write(object: KubeObject): KubeObject;
}

export interface ScaleHook<T extends KubeObject = KubeObject> {
  selector(object: T): string;
  paths?: { spec: readonly string[]; status: readonly string[] };
}

/** Another group version of a stored kind: events.k8s.io/v1 over core events, autoscaling/v1 over v2. */
export interface ServedVersion {
  apiVersion: string;
  kind: string;
  plural: string;
  schema: StructRef;
  /** Resource it is stored as. */
  storage: ResourceId;
  fromStored(object: KubeObject): KubeObject;
  toStored(object: KubeObject): KubeObject;
  /** Selectable fields where they are named differently. */
  fields?(object: KubeObject): Record<string, string>;
  /** Checks in place of the kind's, of objects as they are stored. */
  checks?: Pick<Kind, "validateCreate" | "validateUpdate">;
}
