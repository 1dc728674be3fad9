/** A write as policies see it. k8s: apiserver/pkg/admission/attributes.go, plugin/cel/condition.go CreateAdmissionRequest */
import type { KubeObject } from "../../../core/object.ts";
import type { WriteContext } from "../../../kinds/define.ts";
import type { Namespace } from "../../../kinds/namespace.ts";
import type { ResourceInfo } from "../../../ports/controller.ts";
import { scaleOf } from "../../subresources/scale.ts";
import type { Admission } from "../define.ts";
import { componentUser } from "./component-users.ts";

export interface Attributes {
  admission: Admission;
  context: WriteContext;
  /** What is written to, as it is served. */
  group: string;
  version: string;
  resource: string;
  kind: { group: string; version: string; kind: string };
  name: string;
  /** Of a Namespace its own name. */
  namespace: string;
  /** Absent for deletions. */
  object: KubeObject | undefined;
  /** Absent for creations. */
  old: KubeObject | undefined;
}

const isNamespaces = (admission: Admission): boolean => admission.resource === "namespaces";

export function attributesOf(
  admission: Admission,
  object: KubeObject,
  old: KubeObject | undefined,
  context: WriteContext,
): Attributes | undefined {
  const info = context.reader.resources.stored(admission.resource);
  if (!info) return undefined;
  const scales = admission.subresource === "scale";
  const seen = (one: KubeObject | undefined): KubeObject | undefined =>
    one && scales ? scaleOf(info, one) : one;
  const deletes = admission.operation === "DELETE";
  const { group } = info;
  const { about, version = info.version } = admission;
  return {
    admission,
    context,
    group,
    version,
    resource: info.plural,
    kind: scales
      ? { group: "autoscaling", version: "v1", kind: "Scale" }
      : { group, version, kind: info.kind, ...(about && kindOf(about)) },
    name: about?.name ?? object.metadata.name,
    namespace: isNamespaces(admission)
      ? (about?.name ?? object.metadata.name)
      : admission.namespace,
    object: deletes ? undefined : seen(object),
    old: seen(old),
  };
}

const kindOf = ({ group, version, kind }: Attributes["kind"]): Attributes["kind"] => ({
  group,
  version,
  kind,
});

/** k8s: apiserver/pkg/endpoints/handlers/rest.go ConnectResource: a connection has no options */
function optionsOf({ operation, fieldManager, dryRun }: Admission): object | null {
  if (operation === "CONNECT") return null;
  return {
    kind: `${operation[0]}${operation.slice(1).toLowerCase()}Options`,
    apiVersion: "meta.k8s.io/v1",
    ...(dryRun ? { dryRun: ["All"] } : {}),
    ...(fieldManager ? { fieldManager } : {}),
  };
}

/** The variable `request`. `matched`: as which resource and kind the rule that fits names it. */
export function requestOf(
  of: Attributes,
  matched: Pick<ResourceInfo, "group" | "version" | "plural" | "kind">,
): object {
  const { admission, group, version, resource, kind, name, namespace } = of;
  const { subresource } = admission;
  const user = componentUser(admission.component, of.object ?? of.old) ?? admission.user;
  const sub = subresource ? { subResource: subresource, requestSubResource: subresource } : {};
  const isOwn = subresource !== "scale" && !admission.about;
  return {
    uid: "",
    kind: !isOwn ? kind : { group: matched.group, version: matched.version, kind: matched.kind },
    resource: { group: matched.group, version: matched.version, resource: matched.plural },
    requestKind: kind,
    requestResource: { group, version, resource },
    ...sub,
    ...(name ? { name } : {}),
    ...(namespace ? { namespace } : {}),
    operation: admission.operation,
    userInfo: {
      username: user.name,
      ...(user.uid ? { uid: user.uid } : {}),
      groups: user.groups,
      ...(user.extra ? { extra: user.extra } : {}),
    },
    object: null,
    oldObject: null,
    dryRun: admission.dryRun,
    options: optionsOf(admission),
  };
}

/** The namespace that a write happens in; of a Namespace none. */
export function namespaceOf(of: Attributes): Namespace | undefined {
  if (isNamespaces(of.admission) || of.namespace === "") return undefined;
  return of.context.reader.get<Namespace>("namespaces", "", of.namespace);
}

/** The variable `namespaceObject`: what of it is exposed. k8s: CreateNamespaceObject */
export function exposedNamespace(namespace: Namespace | undefined): object | null {
  if (!namespace) return null;
  const { managedFields: _m, ownerReferences: _o, ...metadata } = namespace.metadata;
  return { metadata, spec: namespace.spec ?? {}, status: namespace.status ?? {} };
}

/** Whether the write is to Namespaces themselves. */
export const ofNamespaces = (of: Attributes): boolean =>
  isNamespaces(of.admission) && of.group === "";
