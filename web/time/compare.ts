/** Two moments of a cluster beside each other: which objects came, changed and went. */

export interface Thing {
  apiVersion?: string;
  kind?: string;
  metadata: { uid?: string; name: string; namespace?: string; [field: string]: unknown };
  [field: string]: unknown;
}

export interface Difference {
  /** `deployments.apps` */
  resource: string;
  kind: string;
  namespace: string;
  name: string;
  is: "added" | "changed" | "removed";
  before: Thing | undefined;
  after: Thing | undefined;
}

/** Without what changes with every write, and who wrote which field. */
function essence(thing: Thing): Thing {
  const { managedFields: _fields, resourceVersion: _version, ...metadata } = thing.metadata;
  return { ...thing, metadata: metadata as Thing["metadata"] };
}

/** The same whatever order the fields of a map stand in. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

const keyOf = ({ metadata }: Thing): string => `${metadata.namespace ?? ""}/${metadata.name}`;

/** Of the objects of one resource, by their names. One made anew under its old name has changed. */
export function differencesOf(
  resource: string,
  kind: string,
  before: readonly Thing[],
  after: readonly Thing[],
): Difference[] {
  const old = new Map(before.map((one) => [keyOf(one), essence(one)]));
  const young = new Map(after.map((one) => [keyOf(one), essence(one)]));
  const keys = [...new Set([...old.keys(), ...young.keys()])].sort();
  return keys.flatMap((key): Difference[] => {
    const [was, is] = [old.get(key), young.get(key)];
    if (was && is && textOf(was) === textOf(is)) return [];
    const { namespace = "", name } = (was ?? is)!.metadata;
    const what = !was ? "added" : !is ? "removed" : "changed";
    return [{ resource, kind, namespace, name, is: what, before: was, after: is }];
  });
}
