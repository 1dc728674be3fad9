/**
 * Going back to a revision: what persons did since is taken back by new revisions, and the controllers follow. Restored is
 * what somebody wrote: objects that a person changed or made since, and those that went since, whoever took them away. What
 * a controller made and keeps (a Deployment's ReplicaSets and their Pods, EndpointSlices), every status, Events, Leases and
 * the clock go on from where they are.
 */
import { Calls } from "../api/webhooks/calls.ts";
import { equal } from "../core/equal.ts";
import { undoObjectsMax } from "../core/limits.ts";
import { controllerOf, objectKey, splitKey, type Change, type KubeObject } from "../core/object.ts";
import type { Log } from "../core/log.ts";
import type { Store } from "../core/store.ts";
import type { Operations } from "../api/write/operations.ts";
import { restoreObject } from "../api/write/restore.ts";
import { internalWrite } from "../api/write/write-options.ts";
import { kindsOf } from "../api/custom/kind.ts";
import type { Resource } from "../api/discovery/registry.ts";
import { ownResource } from "../api/discovery/resources.ts";
import {
  definitions,
  type CustomResourceDefinition,
} from "../kinds/custom-resource-definition/types.ts";
import { statusOf, withStatus } from "../api/object-status.ts";
import { forbidden, StatusError } from "../machinery/status.ts";
import { causeOf, undoingTo } from "./cause.ts";
import { keptOf, placed } from "./kept-fields.ts";
import { nameOf } from "./step.ts";

export interface UndoOptions {
  /** The revision to go back to. */
  to: number;
  /** Name of who asks. */
  by: string;
}

export interface Undone {
  to: number;
  /** Newest revision afterwards. */
  revision: number;
  created: number;
  updated: number;
  deleted: number;
  /** In a sentence each, what could not be taken back. */
  left: string[];
}

export interface UndoParts {
  log: Log;
  store: Store;
  context: { operations: Operations };
  /** What turns changes to work. */
  work: {
    /** Names of what reconciles. */
    components: ReadonlySet<string>;
    commit(by: string, body: () => void): readonly Change[];
    held: { lift(changes: readonly Change[]): void };
  };
  /** Objects as they were then. */
  then: Store;
}

/** They go on as they are: what happened stays told, time runs on, and nodes' heartbeats are worked out. */
const followers = new Set([
  "events",
  "leases.coordination.k8s.io",
  "clocks.podyard.dev",
  "traces.podyard.dev",
]);

/** What happened to an object since. */
interface Touched {
  resource: string;
  key: string;
  /** By somebody who is no component of the cluster's. */
  byPerson: boolean;
  /** It was made since, by a component. */
  madeByCluster: boolean;
}

/** All or nothing, with its work still to be done. Throws 403 where it would be too much at a time. */
export function undo(parts: UndoParts, { to, by }: UndoOptions): Undone {
  const { work, store } = parts;
  const done: Undone = { to, revision: 0, created: 0, updated: 0, deleted: 0, left: [] };
  work.held.lift(work.commit(undoingTo(by, to), () => takeBack(parts, done)));
  return { ...done, revision: store.rv };
}

function takeBack(parts: UndoParts, done: Undone): void {
  const { store, context } = parts;
  const { to } = done;
  const touched = touchedSince(parts, to);
  if (touched.length > undoObjectsMax) {
    const problem = `${touched.length} objects have changed since revision ${to}, at most ${undoObjectsMax} can be taken back at a time`;
    throw forbidden({ group: "", plural: "objects" }, "", problem);
  }
  for (const { resource: id, key } of touched) {
    const resource = context.operations.registry.stored(id) ?? definedThen(parts.then, id);
    if (!resource) continue;
    const { namespace, name } = splitKey(key);
    const was = parts.then.get(id, namespace, name);
    const now = store.get(id, namespace, name);
    try {
      const did = was ? putBack(parts, resource, was, now) : takeAway(parts, resource, now);
      if (did !== undefined) done[did] += 1;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      done.left.push(`${nameOf((was ?? now) as KubeObject)}: ${error.message}`);
    }
  }
}

/** A resource whose definition is put back with it, and serves it from the next turn on. */
function definedThen(then: Store, id: string): Resource | undefined {
  const definition = then.get(definitions, "", id);
  const made = definition && kindsOf(definition as CustomResourceDefinition, new Calls());
  return made && ownResource(made.stored, undefined);
}

/** Namespaces and definitions come back first, so that what hangs on them finds them; what goes makes room for what comes back. */
function touchedSince({ log, store, then, work }: UndoParts, to: number): Touched[] {
  const found = new Map<string, Touched>();
  for (const { resource, namespace, name, op, by } of log.history(to)) {
    if (followers.has(resource)) continue;
    const key = objectKey(namespace, name);
    const kind = causeOf(by, work.components).cause.kind;
    const person = kind === "person" || kind === "service";
    const place = `${resource}\0${key}`;
    const known = found.get(place);
    if (known) known.byPerson ||= person;
    else {
      const madeByCluster = op === "create" && !person;
      found.set(place, { resource, key, byPerson: person, madeByCluster });
    }
  }
  const concerns = ({ resource, key, byPerson, madeByCluster }: Touched): boolean => {
    const { namespace, name } = splitKey(key);
    // What was about to go with its namespace is left as it is.
    if (then.get("namespaces", "", namespace)?.metadata.deletionTimestamp) return false;
    const [was, now] = [then, store].map((state) => state.get(resource, namespace, name));
    if ((was && controllerOf(was)) || (now && controllerOf(now))) return false;
    return was && !now ? true : byPerson && !(madeByCluster && !was);
  };
  const rank = ({ resource, key }: Touched): number => {
    const { namespace, name } = splitKey(key);
    const goes = !then.get(resource, namespace, name);
    const holds = resource === "namespaces" || resource === definitions;
    return holds ? (goes ? 3 : 0) : goes ? 1 : 2;
  };
  return [...found.values()].filter(concerns).sort((a, b) => rank(a) - rank(b));
}

/** Without what is not compared. */
function essence(object: KubeObject): KubeObject {
  const { name, namespace, labels, annotations, ownerReferences, finalizers } = object.metadata;
  const metadata = { name, namespace, labels, annotations, ownerReferences, finalizers };
  return { ...withStatus(object, undefined), metadata: metadata as KubeObject["metadata"] };
}

function putBack(
  { context: { operations }, store }: UndoParts,
  resource: Resource,
  was: KubeObject,
  now: KubeObject | undefined,
): "created" | "updated" | undefined {
  // It was on its way out.
  if (was.metadata.deletionTimestamp) return undefined;
  if (!now) {
    restoreObject(operations, resource, placed(was, store), keptOf(resource.id));
    return "created";
  }
  const wanted = keptOf(resource.id)(was, now);
  const ends = now.metadata.deletionTimestamp !== undefined;
  if (ends && resource.id === "pods") {
    throw forbidden(resource, now.metadata.name, "it is ending, and comes back once it is gone");
  }
  const same = !ends && equal(essence(wanted), essence(now));
  if (same && equal(statusOf(wanted), statusOf(now))) return undefined;
  restoreObject(operations, resource, was, keptOf(resource.id));
  return "updated";
}

function takeAway(
  { context: { operations } }: UndoParts,
  resource: Resource,
  now: KubeObject | undefined,
): "deleted" | undefined {
  if (!now || now.metadata.deletionTimestamp) return undefined;
  const { namespace = "", name } = now.metadata;
  operations.delete(resource, namespace, name, {}, { ...internalWrite, admitted: true });
  return "deleted";
}
