/**
 * Puts an object back as it was. It was admitted and valid then, so that is not asked again; what the server sets goes on
 * from where it stands.
 */
import type { KubeObject, ObjectMeta } from "../../core/object.ts";
import type { Operations } from "./operations.ts";
import type { Resource } from "../discovery/registry.ts";
import { equalExceptStatus } from "../object-status.ts";
import { checkCapacity } from "./capacity.ts";
import { discardWarning } from "./write-options.ts";

/**
 * An object that is gone comes back with its uid, and a status as of one that is new; one that is there keeps uid, status and
 * what else `kept` says. Throws where the sandbox has no room for another.
 */
export function restoreObject(
  operations: Operations,
  resource: Resource,
  was: KubeObject,
  kept: (was: KubeObject, now: KubeObject) => KubeObject,
): KubeObject {
  const { namespace = "", name } = was.metadata;
  const now = operations.store.get(resource.id, namespace, name);
  if (!now) {
    checkCapacity(operations.capacity, resource, namespace, name);
    return write(operations, "create", resource, again(operations, resource, was));
  }
  const whole = kept(was, now);
  const { uid, creationTimestamp, generation } = now.metadata;
  const metadata: ObjectMeta = { ...whole.metadata, uid, creationTimestamp };
  if (generation !== undefined) {
    metadata.generation = generation + (equalExceptStatus(now, whole) ? 0 : 1);
  }
  return write(operations, "update", resource, { ...whole, metadata });
}

const write = (
  { store, now }: Operations,
  op: "create" | "update",
  resource: Resource,
  object: KubeObject,
): KubeObject => store.write(op, resource.id, object, now).object;

/** As a new one would begin, but for its identity. */
function again(operations: Operations, resource: Resource, was: KubeObject): KubeObject {
  const { hooks } = resource;
  const { random, reader, now } = operations;
  const begun = hooks.prepareForCreate?.(was, {
    reader,
    now,
    subresource: "",
    random: () => random.next(),
    randomSuffix: (n) => random.suffix(n),
    simulatesImage: () => true,
    warn: discardWarning,
  });
  return { ...(begun ?? was), metadata: was.metadata };
}
