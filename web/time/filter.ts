/** Which rows of a timeline one wants to see. */

interface Happening {
  by: { kind: string; name: string };
  resource: string;
  namespace: string;
  name: string;
}

const isPerson = ({ by: { kind } }: Happening): boolean => kind === "person" || kind === "service";

/** Names of the people, and of the service accounts, that rows tell of. */
export const peopleOf = (rows: readonly Happening[]): string[] =>
  [...new Set(rows.filter(isPerson).map(({ by }) => by.name))].sort();

/** `choice`: "": everybody, `people`, `cluster`, or `name:` and a name. */
export function isBy(row: Happening, choice: string): boolean {
  if (choice === "") return true;
  if (choice === "people") return isPerson(row);
  if (choice === "cluster") return !isPerson(row);
  return row.by.name === choice.slice("name:".length);
}

/** It happened to the object, or is an Event of it: those begin with its name. */
export function concerns(
  row: Happening,
  object: { resource: string; namespace: string; name: string },
): boolean {
  if (row.resource === "events") {
    const stem = row.name.slice(0, row.name.lastIndexOf("."));
    const near = row.namespace === (object.namespace || "default");
    return stem === object.name && near;
  }
  return (
    row.resource === object.resource &&
    row.namespace === object.namespace &&
    row.name === object.name
  );
}
