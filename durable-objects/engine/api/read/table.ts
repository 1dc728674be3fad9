/** What `kubectl get` prints: server-made Tables and PartialObjectMetadata. k8s: apiserver/pkg/endpoints/handlers/response.go */
import type { KubeObject } from "../../core/object.ts";
import type { Cell, Column, TableOf } from "../../kinds/define.ts";
import type { Resource } from "../discovery/registry.ts";

export type IncludeObject = "Metadata" | "Object" | "None";

interface Row {
  cells: Cell[];
  conditions?: unknown[];
  object?: unknown;
}

export interface Table {
  kind: "Table";
  apiVersion: "meta.k8s.io/v1";
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  columnDefinitions:
    | { name: string; type: string; format: string; description: string; priority: number }[]
    | null;
  rows: Row[];
}

/** Kinds without a printer. k8s: apiserver/pkg/registry/rest/table.go */
const plainTable: TableOf<KubeObject> = {
  columns: [
    {
      name: "Name",
      type: "string",
      format: "name",
      description: "Name of the object.",
      priority: 0,
    },
    { name: "Created At", type: "date", description: "When the object was created.", priority: 0 },
  ],
  cells: (object) => [object.metadata.name, object.metadata.creationTimestamp],
};

export const tableOf = (resource: Resource): TableOf<KubeObject> =>
  resource.hooks.table ?? plainTable;

const columnCache = new WeakMap<TableOf<KubeObject>, Table["columnDefinitions"]>();

function definitions(columns: TableOf<KubeObject>): Table["columnDefinitions"] {
  return keepIn(columnCache, columns, () =>
    columns.columns.map((c: Column) => ({
      name: c.name,
      type: c.type,
      format: c.format ?? "",
      description: c.description,
      priority: c.priority,
    })),
  );
}

/** A Table of objects as kubectl prints it, ages counted up to `now` (virtual ms). */
export function table(
  resource: Resource,
  objects: readonly KubeObject[],
  includeObject: IncludeObject,
  now: number,
  metadata: Table["metadata"],
  headers = true,
): Table {
  const printer = asStored(resource);
  return tableBy(printer, objects, includeObject, now, metadata, headers);
}

const storedPrinters = new WeakMap<Resource, TableOf<KubeObject>>();

/** Every version of a kind has the same columns: cells come from the stored one, as upstream's from its internal type. */
function asStored(resource: Resource): TableOf<KubeObject> {
  const own = tableOf(resource);
  const { servedVersion: view } = resource;
  if (!view) return own;
  const { conditions } = own;
  return keepIn(storedPrinters, resource, () => ({
    columns: own.columns,
    cells: (object, now) => own.cells(view.toStored(object), now),
    ...(conditions ? { conditions: (object) => conditions(view.toStored(object)) } : {}),
  }));
}

function keepIn<K extends object, V>(cache: WeakMap<K, V>, key: K, make: () => V): V {
  let found = cache.get(key);
  if (found === undefined) cache.set(key, (found = make()));
  return found;
}

/** By a printer of one's own. */
export function tableBy(
  printer: TableOf<KubeObject>,
  objects: readonly KubeObject[],
  includeObject: IncludeObject,
  now: number,
  metadata: Table["metadata"],
  headers = true,
): Table {
  const rows = objects.map((object): Row => {
    const row: Row = { cells: printer.cells(object, now) };
    const conditions = printer.conditions?.(object);
    if (conditions) row.conditions = conditions;
    if (includeObject === "Metadata") row.object = partial(object);
    else if (includeObject === "Object") row.object = object;
    return row;
  });
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: headers ? definitions(printer) : null,
    rows,
  };
}

/** The object as PartialObjectMetadata. */
export function partial(object: KubeObject, apiVersion = "meta.k8s.io/v1"): unknown {
  return { kind: "PartialObjectMetadata", apiVersion, metadata: object.metadata };
}
