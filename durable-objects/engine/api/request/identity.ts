/** Checks a body's kind, name and namespace against its URL. */
import type { StructRef } from "../../schema/types.ts";
import type { KubeObject } from "../../core/object.ts";
import type { Call } from "../context.ts";
import type { Registry, Resource } from "../discovery/registry.ts";
import { invalid, invalidObject } from "../../machinery/field.ts";
import * as status from "../../machinery/status.ts";

interface TypeMeta {
  apiVersion: string;
  kind: string;
}

/** k8s: rest.EnsureObjectNamespaceMatchesRequestNamespace */
export function checkNamespace(call: Call, object: KubeObject): void {
  const given = object.metadata?.namespace ?? "";
  if (!call.resource.namespaced || !given || given === call.info.namespace) return;
  throw status.badRequest(
    "the namespace of the provided object does not match the namespace sent on the request",
  );
}

const legacyScheme = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30";

/** k8s: runtime/serializer/versioning Decode, then handlers/rest.go transformDecodeError */
export function wrongKind(
  registry: Registry,
  resource: Resource,
  body: TypeMeta & { value: unknown },
): status.StatusError {
  const version = body.apiVersion.split("/").at(-1) as string;
  const known = registry.ofKind(body.apiVersion, body.kind);
  const isCustom = resource.hooks.custom !== undefined;
  if (isCustom && body.apiVersion === resource.apiVersion)
    return invalidObject(resource.group, body.kind, nameIn(body.value), [
      invalid("kind", body.kind, `must be ${resource.kind}`),
    ]);
  if (isCustom || known?.id === resource.id) {
    return status.badRequest(
      `the API version in the data (${body.apiVersion}) does not match the expected API version (${resource.apiVersion})`,
    );
  }
  const why = conversionProblem(registry, resource, body);
  return status.badRequest(
    `${body.kind} in version "${version}" cannot be handled as a ${resource.kind}: ${why}`,
  );
}

function nameIn(value: unknown): string {
  const name = (value as { metadata?: { name?: unknown } } | undefined)?.metadata?.name;
  return typeof name === "string" ? name : "";
}

/** A custom resource's kind is not filled in from the URL. k8s: unstructured.UnstructuredJSONScheme */
export const kindless = ({ kind, version }: Resource, text: string): status.StatusError =>
  status.badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: Object 'Kind' is missing in '${text.trimEnd()}'`,
  );

/** Why an object of another kind can not become this one. */
export const conversionProblem = (registry: Registry, resource: Resource, body: TypeMeta): string =>
  conversionText(registry, `${internalPackage(resource)}.${resource.kind}`, body);

function conversionText(
  registry: Registry,
  target: string,
  { apiVersion, kind }: TypeMeta,
): string {
  const version = apiVersion.split("/").at(-1) as string;
  if (!registry.ofKind(apiVersion, kind)) {
    return `no kind "${kind}" is registered for version "${apiVersion}" in scheme "${legacyScheme}"`;
  }
  return `converting (${version}.${kind}) to (${target}): unknown conversion`;
}

/** A body that names a kind must name the one that is wanted. */
export function checkKind(
  registry: Registry,
  schema: StructRef,
  wanted: TypeMeta,
  body: TypeMeta,
): void {
  const apiVersion = body.apiVersion || wanted.apiVersion;
  const kind = body.kind || wanted.kind;
  if (apiVersion === wanted.apiVersion && kind === wanted.kind) return;
  const target = `${/^[^./]*/.exec(schema.name)?.[0]}.${wanted.kind}`;
  throw status.badRequest(
    `${kind} in version "${apiVersion.split("/").at(-1)}" cannot be handled as a ${wanted.kind}: ${conversionText(registry, target, { apiVersion, kind })}`,
  );
}

/** k8s: handlers/rest.go checkName */
export function checkName(call: Call, object: KubeObject): void {
  const { name } = object.metadata;
  const asked = call.info.name;
  if (name === asked) return;
  throw status.badRequest(
    name
      ? `the name of the object (${name}) does not match the name on the URL (${asked})`
      : `the name of the object (${asked} based on URL) was undeterminable: name must be provided`,
  );
}

/** As Go prints the type of an internal object: `*core.Pod`. */
export const goType = (resource: Resource, suffix = ""): string =>
  `*${internalPackage(resource)}.${resource.kind}${suffix}`;

const internalPackage = ({ servedVersion: view, hooks }: Resource): string =>
  (view?.storage === "events" ? "core" : /^[^./]*/.exec(hooks.schema.name)?.[0]) as string;
