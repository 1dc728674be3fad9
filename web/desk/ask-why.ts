import { refOf, resourcesOf } from "../api/discovery.ts";
import type { Desk, ObjectRef } from "./desk.ts";

/** Names of the detail's views. */
export const whyView = "Why?";

/** Opens the explanation of an object, with one click from wherever it is seen. */
export function askWhy(desk: Pick<Desk, "detail" | "selected">, object: ObjectRef): void {
  desk.detail.value = { view: whyView };
  desk.selected.value = object;
}

/** Who is meant, as others name them: by resource, or by kind and, where that is known, API version. */
export type Named = { namespace?: string | undefined; name: string } & (
  | { resource: string }
  | { kind: string; apiVersion?: string }
);

/** Undefined: the cluster has no such kind. */
export async function refTo(desk: Desk, named: Named): Promise<ObjectRef | undefined> {
  const resources = await resourcesOf(desk.live).catch(() => undefined);
  if (!resources) return undefined;
  const found =
    "resource" in named
      ? resources.get(named.resource)
      : [...resources.values()].find(
          ({ kind, root }) =>
            kind === named.kind &&
            (named.apiVersion === undefined ||
              root.split("/").slice(2)[0] === groupOf(named.apiVersion)),
        );
  if (!found) return undefined;
  return refOf(found, named.namespace || "default", named.name);
}

/** `apps` of `apps/v1`; the core's have their version alone, as their root does. */
const groupOf = (apiVersion: string): string => apiVersion.split("/")[0]!;
