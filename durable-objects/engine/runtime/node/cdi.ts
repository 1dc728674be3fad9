/**
 * What containerd adds to a container for its CDI devices, as the files in the node's folders say.
 * CDI: pkg/cdi/cache.go InjectDevices, spec-dirs.go DefaultSpecDirs
 */
import type { RuntimeContext } from "../kernel/types.ts";
import { hostTexts } from "../volumes/node-sockets.ts";

/** The later ones win. */
const folders = ["/etc/cdi", "/var/run/cdi"];

interface Edits {
  env?: string[];
}
interface Spec {
  kind?: string;
  containerEdits?: Edits;
  devices?: { name?: string; containerEdits?: Edits }[];
}

function parsed(text: string): Spec | undefined {
  try {
    const spec: unknown = JSON.parse(text);
    return typeof spec === "object" && spec !== null ? (spec as Spec) : undefined;
  } catch {
    return undefined;
  }
}

const envOf = (edits: Edits | undefined): string[] =>
  Array.isArray(edits?.env) ? edits.env.filter((one) => typeof one === "string") : [];

/** Variables of the devices, in their order, or the error where one is not known. */
export function cdiEnv(
  context: RuntimeContext,
  node: string,
  ids: readonly string[],
): { env: string[] } | { error: string } {
  const known = new Map<string, { spec: Spec; env: string[] }>();
  for (const folder of folders)
    for (const [name, text] of Object.entries(hostTexts(context, node, folder))) {
      const spec = name.endsWith(".json") ? parsed(text) : undefined;
      for (const device of Array.isArray(spec?.devices) ? spec.devices : [])
        known.set(`${spec?.kind}=${device?.name}`, {
          spec: spec!,
          env: envOf(device?.containerEdits),
        });
    }
  const env: string[] = [];
  const unknown: string[] = [];
  const specs = new Set<Spec>();
  for (const id of new Set(ids)) {
    const device = known.get(id);
    if (!device) unknown.push(id);
    else {
      if (!specs.has(device.spec)) env.push(...envOf(device.spec.containerEdits));
      specs.add(device.spec);
      env.push(...device.env);
    }
  }
  if (unknown.length === 0) return { env };
  return {
    error: `failed to generate container spec: failed to apply OCI options: CDI device injection failed: unresolvable CDI devices ${unknown.join(", ")}`,
  };
}
