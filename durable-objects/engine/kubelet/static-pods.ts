/**
 * Static Pods: manifests in a node's folder, shown in the API as mirror Pods. Files of a node are the records table
 * "node-files", key NODE: {path: text}; who changes them wakes the kubelet at `@node/NAME`.
 * k8s: pkg/kubelet/config/common.go applyDefaults, pod/mirror_client.go CreateMirrorPod
 */
import { staticManifestsKeptMax } from "../core/limits.ts";
import type { Client } from "../ports/controller.ts";
import { rfc3339Nano } from "../core/clock.ts";
import { objectKey, splitKey } from "../core/object.ts";
import { memo } from "../core/memo.ts";
import { fnv32a, hex32 } from "../core/random.ts";
import type { Runtime } from "../runtime/runtime-port.ts";
import {
  kubeletConfigPath,
  nodeFilesTable,
  staticPodFolder,
} from "../runtime/node/kubelet-configuration.ts";
import { type NodeRecord, nodeRecord, nodeTable } from "./node-address.ts";
import { loadRecord, saveRecord } from "./record.ts";
import { runtimeContext } from "../cri/runtime.ts";
import { parseYaml } from "../schema/yaml.ts";
import {
  type Pod,
  hashAnnotation,
  isMirror,
  mirrorAnnotation,
  runningUid,
  seenAnnotation,
  sourceAnnotation,
} from "../kinds/pod/types.ts";
import type { Node } from "../kinds/node.ts";

type Manifest = Pick<Pod, "metadata" | "spec"> & { hash: string };

/** 32 hex characters that depend on every byte of the text. */
function hashOf(text: string): string {
  let out = "";
  for (let i = 0; i < 4; i++) out += hex32(fnv32a(`${i}:${text}`));
  return out;
}

/** Pods that the files of a node's manifest folder describe, by key. Files that describe none are passed over. */
export function manifestsOf(files: Record<string, string>, node: string): Map<string, Manifest> {
  const folder = `${staticPodFolder(files[kubeletConfigPath])}/`;
  const found = new Map<string, Manifest>();
  for (const path of Object.keys(files).sort()) {
    const name = path.slice(folder.length);
    if (!path.startsWith(folder) || name.includes("/") || name.startsWith(".")) continue;
    const manifest = readManifest(files[path] ?? "", node);
    if (manifest)
      found.set(objectKey(manifest.metadata.namespace, manifest.metadata.name), manifest);
  }
  return found;
}

/** Every cluster is born with the same manifests, and looks at them whenever something moves on their node. */
const readYaml = memo(staticManifestsKeptMax, (text): Partial<Pod> | undefined => {
  try {
    return (parseYaml(text).value ?? undefined) as Partial<Pod> | undefined;
  } catch {
    // A half-written file is no Pod yet; a kubelet only logs it.
    return undefined;
  }
});

function readManifest(text: string, node: string): Manifest | undefined {
  const pod = readYaml(text);
  if (pod?.kind !== "Pod" || !pod.metadata?.name || !pod.spec?.containers?.length) return undefined;
  return {
    metadata: {
      ...pod.metadata,
      name: `${pod.metadata.name}-${node}`,
      namespace: pod.metadata.namespace ?? "default",
    },
    spec: pod.spec,
    hash: hashOf(JSON.stringify([pod.metadata, pod.spec, node])),
  };
}

function mirrorOf(client: Client, manifest: Manifest, node: Node): unknown {
  const { name, namespace, labels, annotations } = manifest.metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      ...(labels ? { labels } : {}),
      annotations: {
        ...annotations,
        [hashAnnotation]: manifest.hash,
        [mirrorAnnotation]: manifest.hash,
        [seenAnnotation]: rfc3339Nano(client.now),
        [sourceAnnotation]: "file",
      },
      ownerReferences: [
        {
          apiVersion: "v1",
          kind: "Node",
          name: node.metadata.name,
          uid: node.metadata.uid,
          controller: true,
        },
      ],
    },
    spec: {
      ...manifest.spec,
      nodeName: node.metadata.name,
      tolerations: [
        ...(manifest.spec.tolerations ?? []),
        { effect: "NoExecute", operator: "Exists" },
      ],
    },
  };
}

/** Ends a static Pod whose manifest is gone or says something else now. */
function withdraw(client: Client, key: string): void {
  const loaded = loadRecord(client.records, key);
  if (loaded && !loaded.record.withdrawn) {
    loaded.record.withdrawn = true;
    saveRecord(client.records, key, loaded);
  }
  client.wake("kubelet", key);
}

/** Makes the API's mirror Pods follow the node's files. */
export function syncStatics(client: Client, runtime: Runtime, node: Node): void {
  const name = node.metadata.name;
  const memory = nodeRecord(client, name);
  const files =
    runtime.hostFiles?.(runtimeContext(client), name) ??
    client.records.get<Record<string, string>>(nodeFilesTable, name);
  if (!files && !memory.statics) return;
  const desired = manifestsOf(files ?? {}, name);
  const statics: Record<string, string> = {};
  for (const [key, manifest] of desired) {
    statics[key] = manifest.hash;
    if (memory.statics?.[key] !== undefined && memory.statics[key] !== manifest.hash) {
      withdraw(client, key);
    }
  }
  for (const key of Object.keys(memory.statics ?? {})) if (!desired.has(key)) withdraw(client, key);
  if (JSON.stringify(statics) !== JSON.stringify(memory.statics ?? {})) {
    const next: NodeRecord = { ...memory, statics };
    client.records.put(nodeTable, name, next);
  }
  for (const [key, manifest] of desired) showMirror(client, node, key, manifest);
}

function showMirror(client: Client, node: Node, key: string, manifest: Manifest): void {
  const { namespace, name } = splitKey(key);
  const shown = client.get<Pod>("pods", namespace, name);
  if (shown) {
    // One left from an older manifest ends first; its deletion brings us back.
    if (isMirror(shown) && runningUid(shown) !== manifest.hash) withdraw(client, key);
    return;
  }
  if (!client.get("namespaces", "", namespace)) return;
  client.create("pods", mirrorOf(client, manifest, node));
}
