/** The objects that hold a policy's parameters. k8s: apiserver/pkg/admission/plugin/policy/generic CollectParams */
import type { KubeObject } from "../../../core/object.ts";
import type { ParamKind, ParamRef } from "../../../kinds/admission/shape.ts";
import { labelSelector } from "../../../machinery/selectors.ts";
import type { Reader, ResourceInfo } from "../../../ports/controller.ts";
import type { Attributes } from "./attributes.ts";

/** The resource of a kind of parameters, or what is wrong with the policy. */
export function paramResource(kind: ParamKind, reader: Reader): ResourceInfo | string {
  const { apiVersion = "", kind: name = "" } = kind;
  const found = reader.resources.ofKind(apiVersion, name);
  if (found) return found;
  const group = apiVersion.includes("/") ? apiVersion : `/${apiVersion}`;
  return `failed to find resource referenced by paramKind: '${group}, Kind=${name}'`;
}

/** One run for each object; undefined: without any. A text says why there is none. */
export function collectParams(
  resource: ResourceInfo | undefined,
  ref: ParamRef | undefined,
  { namespace: ofRequest, context: { reader } }: Attributes,
): readonly (KubeObject | undefined)[] | string {
  if (!resource || !ref) return [undefined];
  const namespace = resource.namespaced ? ref.namespace || ofRequest : "";
  if (resource.namespaced && namespace === "") {
    return "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources";
  }
  if (!resource.namespaced && ref.namespace) {
    return "paramRef.namespace must not be provided for a cluster-scoped `paramKind`";
  }
  const found = selected(resource, ref, namespace, reader);
  if (found.length === 0 && ref.parameterNotFoundAction === "Deny") {
    return "no params found for policy binding with `Deny` parameterNotFoundAction";
  }
  return found;
}

function selected(
  { id, namespaced }: ResourceInfo,
  { name, selector }: ParamRef,
  namespace: string,
  reader: Reader,
): readonly KubeObject[] {
  if (name) {
    const object = reader.get(id, namespace, name);
    return object ? [object] : [];
  }
  const fits = labelSelector(selector ?? {});
  const all = namespaced ? reader.list(id, namespace) : reader.list(id);
  return all.filter(({ metadata }) => fits.matches(metadata.labels));
}
