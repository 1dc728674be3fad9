/**
 * The review `Explanation` (podyard.dev/v1): what is asked, whether the asker may know it, and the answer of explanations/. Who
 * may not `get` an object learns nothing of it, and is refused as a GET would be.
 */
import type { KubeObject } from "../../core/object.ts";
import { Explanation, type Explanation as Review } from "../../kinds/podyard/explanation.ts";
import { invalid, invalidObject, required, type FieldError } from "../../machinery/field.ts";
import * as status from "../../machinery/status.ts";
import type { User } from "../../ports/request.ts";
import { authorize, type Attributes } from "../auth/authorization.ts";
import { forbiddenTo } from "../auth/forbidden.ts";
import { reviewer, type Asked } from "../auth/reviews.ts";
import type { ApiContext, Question } from "../context.ts";
import type { Resource } from "../discovery/resource.ts";
import { trialOf, type Manifest } from "./dry-run-for-explanation.ts";

type Spec = NonNullable<Review["spec"]>;

/** Rows for handle.ts, by `group/version/resource`. */
export const explanationKinds = {
  "podyard.dev/v1/explanations": reviewer({
    apiVersion: Explanation.apiVersion,
    kind: Explanation.kind,
    schema: Explanation.schema,
    answer,
  }),
} as Record<string, ReturnType<typeof reviewer> | undefined>;

function answer({ context, info, user }: Asked, object: KubeObject): KubeObject {
  const review = object as Review;
  const spec = withManifest(review.spec ?? {});
  const errors = check(spec);
  const resource = errors.length === 0 ? resourceOf(context, spec) : undefined;
  if (errors.length === 0 && !resource) {
    const [field, value] = spec.kind ? ["spec.kind", spec.kind] : ["spec.resource", spec.resource];
    errors.push(invalid(field as string, value, "this cluster serves nothing of that name"));
  }
  if (!resource) throw invalidObject("podyard.dev", "Explanation", "", errors);
  const asks = spec.manifest ? manifestOf : spec.verb ? requestOf : objectOf;
  const about = asks(context, user, spec, resource, info.namespace);
  const mayRead = readingOf(context, user);
  const explained = context.explain({ about, mayRead });
  return { ...review, status: explained } as KubeObject;
}

/** It says of what kind it is, and its name. */
function withManifest(spec: Spec): Spec {
  const manifest = spec.manifest as Manifest | undefined;
  if (!manifest) return spec;
  const { kind, apiVersion = "" } = manifest as { kind?: string; apiVersion?: string };
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  const name = manifest.metadata?.name ?? "";
  return { ...spec, ...(kind ? { kind, group } : {}), name };
}

function check({ kind, resource, name, verb, user, groups }: Spec): FieldError[] {
  const errors: FieldError[] = [];
  if (!kind && !resource) errors.push(required("spec.kind", "either this or spec.resource"));
  if (kind && resource) errors.push(invalid("spec.kind", kind, "either this or spec.resource"));
  if (!name && !verb) errors.push(required("spec.name"));
  if ((user || groups?.length) && !verb)
    errors.push(invalid("spec.user", user ?? "", "only of a request, with spec.verb"));
  return errors;
}

/** Kinds and resources as people type them: any case, singular, short. */
function resourceOf({ registry }: ApiContext, spec: Spec): Resource | undefined {
  const asked = (spec.kind ?? spec.resource ?? "").toLowerCase();
  const named = (one: Resource): boolean =>
    spec.kind
      ? one.kind.toLowerCase() === asked
      : one.plural === asked || one.singular === asked || one.shortNames.includes(asked);
  const found = [...registry.allStored()].filter(named);
  return spec.group === undefined ? found[0] : found.find(({ group }) => group === spec.group);
}

const attributesOf = (
  verb: string,
  { group, plural, namespaced }: Resource,
  namespace: string,
  name: string,
  subresource = "",
): Attributes => ({
  verb,
  group,
  resource: plural,
  subresource,
  name,
  namespace: namespaced ? namespace : "",
  path: "",
});

const authorityOf = ({ authority, reader }: ApiContext) => authority ?? reader;

function permit(context: ApiContext, user: User, attributes: Attributes): void {
  const { allowed, reason } = authorize(user, attributes, authorityOf(context));
  if (!allowed) throw forbiddenTo(user, attributes, reason);
}

function objectOf(
  context: ApiContext,
  user: User,
  { name = "" }: Spec,
  resource: Resource,
  namespace: string,
): Question["about"] {
  permit(context, user, attributesOf("get", resource, namespace, name));
  const object = context.reader.get(resource.id, resource.namespaced ? namespace : "", name);
  if (!object) throw status.notFound(resource, name);
  return { resource: resource.id, object };
}

/** What the server says of an object is told to who may store it. */
function manifestOf(
  context: ApiContext,
  user: User,
  { manifest = {}, name = "" }: Spec,
  resource: Resource,
  namespace: string,
): Question["about"] {
  const home = resource.namespaced ? namespace : "";
  permit(context, user, attributesOf("get", resource, namespace, name));
  const current = context.reader.get(resource.id, home, name);
  permit(context, user, attributesOf(current ? "update" : "create", resource, namespace, name));
  const trial = trialOf(context, user, resource, home, manifest as Manifest, current);
  const { apiVersion, kind } = resource;
  const metadata = { name, ...(home ? { namespace: home } : {}) };
  const object = current ?? ({ apiVersion, kind, metadata } as unknown as KubeObject);
  return { resource: resource.id, object, trial };
}

/** Of another's requests only those learn who may ask with a SubjectAccessReview. */
function requestOf(
  context: ApiContext,
  asker: User,
  { verb = "", name = "", user, groups }: Spec,
  resource: Resource,
  namespace: string,
): Question["about"] {
  const attributes = attributesOf(verb, resource, namespace, name);
  if (!user && !groups?.length) return { user: asker, attributes };
  permit(context, asker, {
    verb: "create",
    group: "authorization.k8s.io",
    resource: "subjectaccessreviews",
    subresource: "",
    name: "",
    namespace: "",
    path: "",
  });
  return { user: { name: user ?? "", groups: groups ?? [] }, attributes };
}

function readingOf(context: ApiContext, user: User): Question["mayRead"] {
  const known = new Map<string, boolean>();
  return (id, namespace, name, subresource = "") => {
    const resource = context.registry.stored(id);
    if (!resource) return false;
    const key = `${id}/${namespace}/${name}/${subresource}`;
    let may = known.get(key);
    if (may === undefined) {
      const asked = attributesOf("get", resource, namespace, name, subresource);
      may = authorize(user, asked, authorityOf(context)).allowed;
      known.set(key, may);
    }
    return may;
  };
}
