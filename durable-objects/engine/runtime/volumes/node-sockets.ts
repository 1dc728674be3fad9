/**
 * What the kubelet and containerd find in a node's folders: Unix sockets that programs of its Pods serve, and texts. Calls
 * of gRPC are HTTP requests to its methods' paths, with JSON for bodies.
 */
import { hostFolderBytesMax, hostFolderFilesMax } from "../../core/limits.ts";
import { objectKey } from "../../core/object.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { decodeUtf8, encodeUtf8 } from "../bytes.ts";
import { startHttp } from "../http/http.ts";
import { PodKernel } from "../kernel/kernel.ts";
import type { PodRecord } from "../kernel/state.ts";
import type { RuntimeContext } from "../kernel/types.ts";
import type { Tree } from "../fs/tree.ts";
import { hostTree, hostTreeKey, throughLinks } from "./node-files.ts";

const treeOf = (context: RuntimeContext, node: string): Tree =>
  hostTree(context, node, () => Math.round(context.now));

/** Paths of the sockets in a folder. */
export function hostSockets(context: RuntimeContext, node: string, folder: string): string[] {
  if (!context.records.get("trees", hostTreeKey(node))) return [];
  const tree = treeOf(context, node);
  const real = throughLinks(tree, folder);
  return tree
    .list(real)
    .map((name) => `${real}/${name}`)
    .filter((path) => {
      const id = tree.find(path);
      return id !== undefined && tree.inode(id)?.type === "s";
    });
}

/** Text files of a folder, by name. */
export function hostTexts(
  context: RuntimeContext,
  node: string,
  folder: string,
): Record<string, string> {
  const texts: Record<string, string> = {};
  if (!context.records.get("trees", hostTreeKey(node))) return texts;
  const tree = treeOf(context, node);
  const real = throughLinks(tree, folder);
  for (const name of tree.list(real).slice(0, hostFolderFilesMax)) {
    const id = tree.find(`${real}/${name}`);
    if (id === undefined || tree.inode(id)?.type !== "f") continue;
    const size = tree.size(id);
    if (size <= hostFolderBytesMax) texts[name] = decodeUtf8(tree.read(id, 0, size));
  }
  return texts;
}

/** A Pod of the node that serves a socket. */
function serverOf(context: RuntimeContext, node: string, name: string): string | undefined {
  for (const { metadata } of context.reader.byIndex<Pod>("pod.node", node)) {
    const key = objectKey(metadata.namespace, metadata.name);
    const record = context.records.get<Partial<PodRecord>>("runtime", key);
    if (record?.listeners?.[name]) return key;
  }
  return undefined;
}

/** Calls a method over a socket and gives its answer, which must come at once. */
export function callSocket(
  context: RuntimeContext,
  node: string,
  path: string,
  method: string,
  body: string,
): { status: number; body: string } | { error: string } {
  const tree = treeOf(context, node);
  const real = throughLinks(tree, path);
  const id = tree.find(real);
  const dialling = (why: string): { error: string } => ({
    error: `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix ${path}: connect: ${why}"`,
  });
  if (id === undefined) return dialling("no such file or directory");
  const socket = `unix/${hostTreeKey(node)}:${id}`;
  const pod = serverOf(context, node, socket);
  const kernel = pod === undefined ? undefined : PodKernel.load(context, pod);
  if (!kernel) return dialling("connection refused");
  const outcome = startHttp(kernel, {
    method: "POST",
    path: method,
    headers: { "content-type": "application/grpc" },
    body: encodeUtf8(body),
    host: "localhost",
    port: 0,
    clientIp: "127.0.0.1",
    socket,
  });
  kernel.run();
  if ("handle" in outcome) delete kernel.pod.requests[outcome.handle];
  kernel.save();
  if ("response" in outcome)
    return { status: outcome.response.status, body: decodeUtf8(outcome.response.body) };
  return { error: "rpc error: code = DeadlineExceeded desc = context deadline exceeded" };
}
