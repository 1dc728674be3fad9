/** What an undo would take back, as far as the timeline tells; the server decides. */

interface Happening {
  by: { kind: string };
  resource: string;
  namespace: string;
  name: string;
}

/** The server leaves them as they are: what happened stays told, and time runs on. */
const followers = new Set([
  "events",
  "leases.coordination.k8s.io",
  "clocks.podyard.dev",
  "traces.podyard.dev",
]);

export interface ObjectName {
  resource: string;
  namespace: string;
  name: string;
}

/** Objects that people, or programs with a service account, changed in these rows, each once. */
export function changedByPeople(rows: readonly Happening[]): ObjectName[] {
  const found = new Map<string, ObjectName>();
  for (const { by, resource, namespace, name } of rows) {
    if (by.kind !== "person" && by.kind !== "service") continue;
    if (followers.has(resource)) continue;
    found.set(`${resource} ${namespace}/${name}`, { resource, namespace, name });
  }
  return [...found.values()];
}
