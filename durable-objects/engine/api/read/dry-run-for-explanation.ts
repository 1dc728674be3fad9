/** What the server would say of an object that somebody means to store: asked for its explanation, and not stored. */
import type { KubeObject } from "../../core/object.ts";
import { StatusError } from "../../machinery/status.ts";
import type { User } from "../../ports/request.ts";
import type { ApiContext, Trial } from "../context.ts";
import type { Resource } from "../discovery/resource.ts";
import { decodeAs } from "../request/body.ts";
import { discardWarning, type WriteOptions } from "../write/write-options.ts";

export type Manifest = Record<string, unknown> & { metadata?: { name?: string } };

/** As an apply of it, to the object of its name or as a new one. */
export function trialOf(
  context: ApiContext,
  user: User,
  resource: Resource,
  namespace: string,
  manifest: Manifest,
  current: KubeObject | undefined,
): Trial {
  const { operations } = context;
  const options: WriteOptions = {
    user,
    dryRun: true,
    fieldManager: "",
    subresource: "",
    warn: discardWarning,
  };
  try {
    const given = decoded(context, resource, manifest);
    if (current) {
      const { name } = current.metadata;
      operations.update(resource, namespace, name, (now) => over(now, given), options);
    } else operations.create(resource, namespace, given, options);
  } catch (error) {
    if (error instanceof StatusError) return { exists: current !== undefined, refusal: error };
    throw error;
  }
  return { exists: current !== undefined };
}

function decoded({ registry }: ApiContext, resource: Resource, manifest: Manifest): KubeObject {
  const { apiVersion, kind } = resource;
  const body = { value: manifest, apiVersion, kind, duplicates: [], protobuf: false };
  const object = decodeAs(
    registry,
    resource.hooks.schema,
    resource,
    body,
    "Ignore",
    discardWarning,
  );
  object.metadata ??= {} as KubeObject["metadata"];
  return object;
}

/** What the manifest says in the place of what there is; of its spec, field by field. */
function over(current: KubeObject, given: KubeObject): KubeObject {
  const [before, after] = [current, given] as unknown as { spec?: object }[];
  const { labels, annotations } = given.metadata;
  return {
    ...current,
    ...given,
    ...("status" in current && { status: current.status }),
    metadata: {
      ...current.metadata,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    },
    ...(after?.spec && { spec: { ...before?.spec, ...after.spec } }),
  } as KubeObject;
}
