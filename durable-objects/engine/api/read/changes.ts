/**
 * What has changed, by name alone, for whoever keeps up with a cluster by reading anew what they show: no object, no cell of a Table.
 * As a list does, it tells only what the user may list at this moment; a Secret that somebody may not list has no name for them.
 */
import type { ClockState } from "../../core/clock.ts";
import { changedNamesMax } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import type { Reader } from "../../ports/controller.ts";
import type { User } from "../../ports/request.ts";
import { authorize } from "../auth/authorization.ts";

export interface Changed {
  /** `pods`, `deployments.apps`. */
  resource: string;
  /** Absent of what has none, and of changes in too many namespaces. */
  namespace?: string;
  /** Absent: too many have changed to be named. */
  name?: string;
  /** The latest. */
  revision: number;
  deleted?: true;
}

export interface Changes {
  /** Everything up to here is told of. */
  revision: number;
  /** By revision. Undefined: the log tells no more what came since; anything may have changed. */
  changes: Changed[] | undefined;
  /** How virtual time follows the wall. */
  clock: Readonly<ClockState>;
}

interface ChangesContext {
  log: Log;
  reader: Reader;
  clock: ClockState;
}

/** Changes after a revision, each object's latest; of more than `changedNamesMax` objects what a user lists anew. */
export function changesSince(
  { log, reader, clock }: ChangesContext,
  since: number,
  user: User,
): Changes {
  const revision = Math.max(since, log.head);
  if (since >= log.head) return { revision, changes: [], clock };
  const entries = log.since(since);
  if (!entries) return { revision, changes: undefined, clock };
  const mayList = listsOf(user, reader);
  const named = new Map<string, Changed>();
  for (const { resource, namespace, name, op, rv } of entries) {
    if (!mayList(resource, namespace)) continue;
    const deleted = op === "delete";
    keep(named, { resource, namespace, name, revision: rv, ...(deleted && { deleted }) });
  }
  return { revision, changes: bounded([...named.values()]), clock };
}

/** Whether the user may list a resource in a namespace ("": it has none); asked for each once. */
function listsOf(user: User, reader: Reader): (resource: string, namespace: string) => boolean {
  const known = new Map<string, boolean>();
  return (id, namespace) => {
    const key = `${id}\0${namespace}`;
    let may = known.get(key);
    if (may === undefined) {
      const [resource = "", ...group] = id.split(".");
      const of = { resource, group: group.join("."), namespace, subresource: "", name: "" };
      may = authorize(user, { verb: "list", path: "", ...of }, reader).allowed;
      known.set(key, may);
    }
    return may;
  };
}

function bounded(changes: Changed[]): Changed[] {
  if (changes.length <= changedNamesMax) return changes.map(shown);
  const byNamespace = new Map<string, Changed>();
  for (const { resource, namespace, revision } of changes)
    keep(byNamespace, { resource, ...(namespace !== undefined && { namespace }), revision });
  if (byNamespace.size <= changedNamesMax) return [...byNamespace.values()].map(shown);
  const byResource = new Map<string, Changed>();
  for (const { resource, revision } of byNamespace.values())
    keep(byResource, { resource, revision });
  return [...byResource.values()];
}

/** The latest stands last. */
function keep(all: Map<string, Changed>, changed: Changed): void {
  const { resource, namespace, name } = changed;
  const key = `${resource}\0${namespace ?? ""}\0${name ?? ""}`;
  all.delete(key);
  all.set(key, changed);
}

function shown({ namespace, ...rest }: Changed): Changed {
  return namespace ? { ...rest, namespace } : rest;
}
