import type { Engine } from "./engine/index.ts";
import type { ApiRequest } from "./engine/ports/request.ts";
import { StatusError, type Status } from "./engine/machinery/status.ts";
import { parseYaml } from "./engine/schema/yaml.ts";
import { manifestDocumentsMax, manifestsBytesMax, manifestsMax } from "./limits.ts";

/** Manifests that a cluster is born with, applied as `kubectl apply --server-side -f` would, by its owner. */

export interface ManifestFailure {
  /** Which of the objects, counted from 0 as they are written. */
  index: number;
  /** "" where it could not be read as far as that. */
  kind: string;
  name: string;
  /** In the API server's words. */
  message: string;
}

interface Manifest {
  index: number;
  apiVersion: string;
  kind: string;
  name: string;
  namespace: string;
  body: string;
}

/** Namespaces first, then as written. Every object is tried, and each that was refused is told of. */
export function applyManifests(engine: Engine, text: string, nowMs: number): ManifestFailure[] {
  const { manifests, failures } = readManifests(text);
  const isNamespace = ({ apiVersion, kind }: Manifest): boolean =>
    apiVersion === "v1" && kind === "Namespace";
  const inOrder = [
    ...manifests.filter(isNamespace),
    ...manifests.filter((manifest) => !isNamespace(manifest)),
  ];
  for (const manifest of inOrder) {
    const message = apply(engine, manifest, nowMs);
    const { index, kind, name } = manifest;
    if (message !== undefined) failures.push({ index, kind, name, message });
  }
  return failures.sort((a, b) => a.index - b.index);
}

/** Undefined: it stands. */
function apply(engine: Engine, manifest: Manifest, nowMs: number): string | undefined {
  const { apiVersion, kind, name, namespace, body } = manifest;
  if (kind === "") return "Object 'Kind' is missing";
  if (apiVersion === "") return "Object 'apiVersion' is missing";
  const resource = engine.registry.ofKind(apiVersion, kind);
  if (!resource)
    return `no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`;
  const root = resource.group === "" ? "/api" : "/apis";
  const place = resource.namespaced
    ? `/namespaces/${encodeURIComponent(namespace || "default")}`
    : "";
  const collection = `${root}/${apiVersion}${place}/${resource.plural}`;
  // Without a name of its own there is nothing to apply to.
  const creates = name === "";
  const request: ApiRequest = {
    method: creates ? "POST" : "PATCH",
    path: creates ? collection : `${collection}/${encodeURIComponent(name)}`,
    query: `fieldManager=kubectl&fieldValidation=Strict${creates ? "" : "&force=true"}`,
    headers: {
      "content-type": creates ? "application/yaml" : "application/apply-patch+yaml",
      accept: "application/json",
    },
    body: new TextEncoder().encode(body),
  };
  const answer = engine.handle(request, nowMs);
  if (answer.type !== "reply" || answer.status < 300) return undefined;
  return (JSON.parse(answer.body as string) as Status).message ?? `status ${answer.status}`;
}

function readManifests(text: string): { manifests: Manifest[]; failures: ManifestFailure[] } {
  const manifests: Manifest[] = [];
  const failures: ManifestFailure[] = [];
  let index = 0;
  const refuse = (message: string): void =>
    void failures.push({ index: index++, kind: "", name: "", message });
  if (new TextEncoder().encode(text).length > manifestsBytesMax) {
    refuse(`the manifests are larger than ${manifestsBytesMax} bytes`);
    return { manifests, failures };
  }
  const documents = documentsOf(text);
  if (documents.length > manifestDocumentsMax) {
    refuse(`there are more than ${manifestDocumentsMax} documents`);
    return { manifests, failures };
  }
  for (const document of documents) {
    try {
      const { value } = parseYaml(document);
      if (value === null) continue;
      for (const [item, body] of itemsOf(value, document))
        manifests.push({ ...headOf(item), index: index++, body });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      refuse(error.message);
    }
    if (index > manifestsMax) {
      refuse(`there are more than ${manifestsMax} manifests`);
      return { manifests: [], failures: failures.slice(-1) };
    }
  }
  return { manifests, failures };
}

/** k8s: apimachinery/pkg/util/yaml/decoder.go YAMLReader */
function documentsOf(text: string): string[] {
  const documents: string[] = [];
  let lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("---") && /^(#|$)/.test(line.slice(3).trim())) {
      documents.push(lines.join("\n"));
      lines = [];
    } else lines.push(line);
  }
  return [...documents, lines.join("\n")];
}

/** The objects of a document and their texts: itself, or the items of a list. */
function itemsOf(value: unknown, document: string): [item: unknown, body: string][] {
  const { kind, items } = (value ?? {}) as { kind?: unknown; items?: unknown };
  const lists = typeof kind === "string" && kind.endsWith("List") && Array.isArray(items);
  if (!lists) return [[value, document]];
  return items.map((item) => [item, JSON.stringify(item)]);
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function headOf(value: unknown): Omit<Manifest, "index" | "body"> {
  const { apiVersion, kind, metadata } = (value ?? {}) as Record<string, unknown>;
  const { name, namespace } = (metadata ?? {}) as Record<string, unknown>;
  return {
    apiVersion: textOf(apiVersion),
    kind: textOf(kind),
    name: textOf(name),
    namespace: textOf(namespace),
  };
}
