/** Objects name others: when those are renamed, so are the references. k8s: kustomize/api/internal/konfig/builtinpluginconsts/namereference.go */
import type { Resource } from "./types.ts";

type Json = Record<string, unknown>;

/** Where a kind is named: the field that holds the name, and the field above it. */
const fields: Record<string, readonly [above: string, name: string][]> = {
  ConfigMap: [
    ["configMapKeyRef", "name"],
    ["configMapRef", "name"],
    ["configMap", "name"],
  ],
  Secret: [
    ["secretKeyRef", "name"],
    ["secretRef", "name"],
    ["secret", "name"],
    ["secret", "secretName"],
    ["imagePullSecrets", "name"],
    ["secrets", "name"],
    ["tls", "secretName"],
  ],
  ServiceAccount: [["spec", "serviceAccountName"]],
  PersistentVolumeClaim: [["persistentVolumeClaim", "claimName"]],
  Service: [
    ["service", "name"],
    ["spec", "serviceName"],
    ["backend", "serviceName"],
  ],
};
const byKind = new Set(["scaleTargetRef", "roleRef", "subjects"]);

/** Gives references the names that objects have now. */
export function renameReferences(resources: readonly Resource[]): void {
  const renamed = new Map<string, string>();
  for (const { object, origin } of resources) {
    const name = object.metadata?.name ?? "";
    if (name !== origin.name) renamed.set(`${object.kind}/${origin.name}`, name);
  }
  if (renamed.size > 0) for (const { object } of resources) walk(object, "", renamed);
}

function walk(value: unknown, above: string, renamed: ReadonlyMap<string, string>): void {
  if (Array.isArray(value)) return value.forEach((one) => walk(one, above, renamed));
  if (typeof value !== "object" || value === null) return;
  const table = value as Json;
  for (const [kind, places] of Object.entries(fields))
    for (const [holder, field] of places) {
      const now = holder === above && renamed.get(`${kind}/${String(table[field])}`);
      if (now) table[field] = now;
    }
  if (byKind.has(above)) {
    const now = renamed.get(`${String(table["kind"])}/${String(table["name"])}`);
    if (now) table["name"] = now;
  }
  for (const [key, inner] of Object.entries(table))
    if (key !== "metadata") walk(inner, key, renamed);
}
