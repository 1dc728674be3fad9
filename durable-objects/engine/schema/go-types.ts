/** What the facts' type expressions and group names stand for. */
import type { FieldType, ScalarKind } from "./type-shapes.ts";

export const packages: Record<string, string> = {
  metav1: "meta/v1",
  v1: "core/v1",
  corev1: "core/v1",
  apiv1: "core/v1",
};

export const scalars: Record<string, ScalarKind> = {
  string: "string",
  bool: "bool",
  int32: "int32",
  int64: "int64",
  float64: "float64",
  "[]byte": "bytes",
  "interface{}": "any",
  "resource.Quantity": "quantity",
  "intstr.IntOrString": "intOrString",
  "meta/v1.Time": "time",
  "meta/v1.MicroTime": "microTime",
  "meta/v1.Duration": "duration",
  "runtime.RawExtension": "rawExtension",
  "meta/v1.FieldsV1": "fieldsV1",
  "apiextensions/v1.JSON": "any",
  "apiextensions/v1.JSONSchemaPropsOrArray": "any",
  "apiextensions/v1.JSONSchemaPropsOrBool": "any",
};

/** Named types that are neither structs nor strings: what they stand for. */
export const aliases: Record<string, string> = {
  "core/v1.ResourceList": "map[ResourceName]resource.Quantity",
  "certificates/v1.ExtraValue": "[]string",
  "authentication/v1.ExtraValue": "[]string",
  "authorization/v1.ExtraValue": "[]string",
  "meta/v1.Verbs": "[]string",
  "apiextensions/v1.ValidationRules": "[]ValidationRule",
  "apiextensions/v1.JSONSchemaDefinitions": "map[string]JSONSchemaProps",
  "apiextensions/v1.JSONSchemaDependencies": "map[string]interface{}",
};
export const wrappedLists = new Set([
  "certificates/v1.ExtraValue",
  "authentication/v1.ExtraValue",
  "authorization/v1.ExtraValue",
  "meta/v1.Verbs",
]);
export const emptyStructs = new Set(["apiextensions/v1.CustomResourceSubresourceStatus"]);

export const zeros: Partial<Record<FieldType["kind"], unknown>> = {
  string: "",
  bool: false,
  int32: 0,
  int64: 0,
  float64: 0,
  quantity: "0",
  intOrString: 0,
  duration: "0s",
};

/** Constants that the facts name by their Go identifier. */
export const namedDefaults: Record<string, unknown> = {
  "ref(AzureDataDiskCachingReadWrite)": "ReadWrite",
  "ref(AzureSharedBlobDisk)": "Shared",
};

/** API groups as served -> the facts' short names. */
export const groupNames: Record<string, string> = {
  "": "core",
  apps: "apps",
  batch: "batch",
  autoscaling: "autoscaling",
  policy: "policy",
  "networking.k8s.io": "networking",
  "rbac.authorization.k8s.io": "rbac",
  "storage.k8s.io": "storage",
  "scheduling.k8s.io": "scheduling",
  "node.k8s.io": "node",
  "discovery.k8s.io": "discovery",
  "events.k8s.io": "events",
  "coordination.k8s.io": "coordination",
  "certificates.k8s.io": "certificates",
  "authentication.k8s.io": "authentication",
  "authorization.k8s.io": "authorization",
  "admissionregistration.k8s.io": "admissionregistration",
  "flowcontrol.apiserver.k8s.io": "flowcontrol",
  "resource.k8s.io": "resource",
  "apiextensions.k8s.io": "apiextensions",
  "apiregistration.k8s.io": "apiregistration",
  "metrics.k8s.io": "metrics",
  "meta.k8s.io": "meta",
  "podyard.dev": "podyard",
};
export const groupsByName = new Map(
  Object.entries(groupNames).map(([group, short]) => [short, group]),
);

/** Kinds of meta/v1 that every group version knows. k8s: meta/v1 AddToGroupVersion */
export const everywhere = new Set([
  "CreateOptions",
  "DeleteOptions",
  "GetOptions",
  "ListOptions",
  "PatchOptions",
  "UpdateOptions",
  "WatchEvent",
]);
export const metaInCore = new Set([
  "APIGroup",
  "APIGroupList",
  "APIResourceList",
  "APIVersions",
  "Status",
]);
/** Kinds that an older version has too, of the same shape. */
export const olderVersions: Record<string, string> = {
  "policy/v1beta1 Eviction": "policy/v1.Eviction",
  "meta.k8s.io/v1beta1 PartialObjectMetadata": "meta/v1.PartialObjectMetadata",
  "meta.k8s.io/v1beta1 PartialObjectMetadataList": "meta/v1.PartialObjectMetadataList",
  "authentication.k8s.io/v1beta1 SelfSubjectReview": "authentication/v1.SelfSubjectReview",
};
