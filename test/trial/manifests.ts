/** Manifests of a folder of anybody's: which files are manifests, what is in them, which of them go into a cluster together. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parseYaml } from "../../durable-objects/engine/schema/yaml.ts";
import { collectionOf } from "../helpers/world.ts";

// Objects of every kind.
// oxlint-disable-next-line no-explicit-any
export type Anything = any;

export interface ManifestFile {
  /** Below the folder that was given. */
  path: string;
  objects: Anything[];
}

/** Files of one cluster, in the order in which `kubectl apply -f FOLDER` reads them. */
export interface Batch {
  folder: string;
  files: ManifestFile[];
}

const skippedFolders = /^(\.git|\.github|node_modules|vendor|testdata|charts?|templates)$/;

/** Every manifest below a folder, or the one file that is named. */
export function manifestsBelow(root: string): ManifestFile[] {
  if (!statSync(root).isDirectory()) return [read(root, path.basename(root))].filter(holds);
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter(
      (file) =>
        !path
          .dirname(file)
          .split(path.sep)
          .some((part) => skippedFolders.test(part)),
    )
    .sort();
  return paths.map((file) => read(path.join(root, file), file)).filter(holds);
}

const holds = ({ objects }: ManifestFile): boolean => objects.length > 0;

/** A file that is no manifest (a chart's values, a template, a workflow) has no objects. */
function read(file: string, shown: string): ManifestFile {
  const text = readFileSync(file, "utf8");
  const none = { path: shown, objects: [] };
  if (!/\bkind["']?:/.test(text) || !/\bapiVersion["']?:/.test(text)) return none;
  try {
    const objects = text
      .split(/^---(?=\s*(?:#.*)?$)/m)
      .flatMap((document) => itemsOf(parseYaml(document).value));
    return objects.every(isManifest) ? { path: shown, objects } : none;
  } catch {
    // Mostly templates; kubectl could not read them either.
    return none;
  }
}

function itemsOf(value: Anything): Anything[] {
  if (value === null || value === undefined) return [];
  return String(value.kind).endsWith("List") && Array.isArray(value.items) ? value.items : [value];
}

/** Kinds that lie in files and go to other programs than the API server. */
const clientSide = new Set([
  "Kustomization",
  "Component",
  "Cluster",
  "Config",
  "ClusterConfiguration",
  "InitConfiguration",
  "KubeletConfiguration",
  "KubeSchedulerConfiguration",
  "AdmissionConfiguration",
  "EncryptionConfiguration",
  "AuditPolicy",
]);

function isManifest(object: Anything): boolean {
  const { apiVersion, kind, metadata } = object ?? {};
  return (
    typeof apiVersion === "string" &&
    typeof kind === "string" &&
    metadata !== null &&
    typeof metadata === "object" &&
    !/\.(config\.k8s\.io|kustomize\.toolkit)|^(kind\.x-k8s|kustomize\.config|kubeadm|kubelet\.config|audit\.k8s|apiserver\.config|kubescheduler\.config|client\.authentication|skaffold|eksctl)/.test(
      apiVersion,
    ) &&
    !(clientSide.has(kind) && !apiVersion.includes("."))
  );
}

const identityOf = (object: Anything): string =>
  `${collectionOf(object)}/${object.metadata.name ?? object.metadata.generateName ?? ""}`;

/** Files that share a cluster. */
const batchFiles = 25;

/** A folder's files belong together, but for those that each name the same object: these go into clusters of their own. */
export function batchesOf(files: readonly ManifestFile[]): Batch[] {
  const batches: (Batch & { taken: Set<string> })[] = [];
  for (const file of files) {
    const folder = path.dirname(file.path);
    const names = file.objects.map(identityOf);
    let batch = batches.find(
      (one) =>
        one.folder === folder &&
        one.files.length < batchFiles &&
        !names.some((name) => one.taken.has(name)),
    );
    if (!batch) batches.push((batch = { folder, files: [], taken: new Set() }));
    batch.files.push(file);
    for (const name of names) batch.taken.add(name);
  }
  return batches;
}

/** Definitions of kinds that a batch uses and brings not itself, wherever in the folder they lie. */
export function definitionsFor(batch: Batch, all: readonly ManifestFile[]): Anything[] {
  const keyOf = (object: Anything): string => `${object.spec?.group}/${object.spec?.names?.kind}`;
  const own = new Set(
    batch.files
      .flatMap(({ objects }) => objects)
      .filter(isDefinition)
      .map(keyOf),
  );
  const used = new Set(
    batch.files
      .flatMap(({ objects }) => objects)
      .map(({ apiVersion, kind }) => `${apiVersion.split("/")[0]}/${kind}`),
  );
  const found = new Map<string, Anything>();
  for (const object of all.flatMap(({ objects }) => objects))
    if (isDefinition(object) && used.has(keyOf(object)) && !own.has(keyOf(object)))
      found.set(keyOf(object), object);
  return [...found.values()];
}

export const isDefinition = ({ apiVersion, kind }: Anything): boolean =>
  kind === "CustomResourceDefinition" && apiVersion === "apiextensions.k8s.io/v1";
