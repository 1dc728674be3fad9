/** What expressions of admission know of a request and its namespace. k8s: apiserver/pkg/admission/plugin/cel/compile.go */
import {
  boolType,
  dynType,
  intType,
  listOf,
  mapOf,
  stringType,
  structType,
  timestampType,
  type Type,
} from "./types.ts";

type Fields = Readonly<Record<string, Type>>;

const texts = listOf(stringType);
const byName = mapOf(stringType, stringType);
const named = (name: string): Type => structType(`kubernetes.${name}`);
const [kind, resource, user] = ["GroupVersionKind", "GroupVersionResource", "UserInfo"].map(
  named,
) as [Type, Type, Type];

const messages: Readonly<Record<string, Fields>> = {
  GroupVersionKind: { group: stringType, version: stringType, kind: stringType },
  GroupVersionResource: { group: stringType, version: stringType, resource: stringType },
  UserInfo: {
    username: stringType,
    uid: stringType,
    groups: texts,
    extra: mapOf(stringType, texts),
  },
  AdmissionRequest: {
    kind,
    resource,
    subResource: stringType,
    requestKind: kind,
    requestResource: resource,
    requestSubResource: stringType,
    name: stringType,
    namespace: stringType,
    operation: stringType,
    userInfo: user,
    dryRun: boolType,
    options: dynType,
  },
  NamespaceSpec: { finalizers: texts },
  NamespaceCondition: {
    status: stringType,
    type: stringType,
    lastTransitionTime: timestampType,
    message: stringType,
    reason: stringType,
  },
  NamespaceStatus: { conditions: listOf(named("NamespaceCondition")), phase: stringType },
  NamespaceMetadata: {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels: byName,
    annotations: byName,
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: texts,
  },
  Namespace: {
    metadata: named("NamespaceMetadata"),
    spec: named("NamespaceSpec"),
    status: named("NamespaceStatus"),
  },
};

export const requestType = named("AdmissionRequest");
export const namespaceType = named("Namespace");

/** A field of one of these messages; null: it is none of them. */
export function admissionField(message: string, field: string): Type | undefined | null {
  const name = message.startsWith("kubernetes.") ? message.slice("kubernetes.".length) : "";
  if (!Object.hasOwn(messages, name)) return null;
  const fields = messages[name]!;
  return Object.hasOwn(fields, field) ? fields[field] : undefined;
}
