import { ask, askJson } from "./client.ts";
import type { Resource } from "./discovery.ts";
import type { Sandbox } from "./sandboxes.ts";
import type { Cluster } from "./tables.ts";
import type { ObjectRef } from "../desk/desk.ts";
import { linesOf } from "./lines.ts";

/** One object of a cluster: its YAML, what kubectl says of it, its events and its log. */

const yaml = "application/yaml";

export const refOf = (resource: Resource, namespace: string, name: string): ObjectRef => ({
  resource: resource.id,
  kind: resource.kind,
  namespace: resource.namespaced ? namespace : "",
  name,
  path: `${resource.root}${resource.namespaced ? `/namespaces/${namespace}` : ""}/${resource.plural}/${name}`,
});

export async function readYaml({ base, key }: Cluster, { path }: ObjectRef): Promise<string> {
  const response = await ask(`${base}${path}`, { key, headers: { accept: yaml } });
  return await response.text();
}

/** k8s: apiserver/pkg/server Config.MaxRequestBodyBytes; the service takes no more either, and may hang up on who sends it. */
const bodyBytesMax = 3 * 1024 * 1024;

const count = (bytes: number): string => bytes.toLocaleString("en-US");

/** Replaces an object. With `dryRun` the server answers what it would store, and stores nothing. Throws ApiError. */
export async function replaceYaml(
  { base, key }: Cluster,
  { path }: ObjectRef,
  text: string,
  dryRun: boolean,
): Promise<string> {
  const bytes = new Blob([text]).size;
  if (bytes > bodyBytesMax) {
    const most = `the API server takes at most ${count(bodyBytesMax)}`;
    throw new Error(`This text has ${count(bytes)} bytes, and ${most}. Nothing of it was sent.`);
  }
  const query = `fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`;
  const headers = { accept: yaml, "content-type": yaml };
  const response = await ask(`${base}${path}?${query}`, { method: "PUT", text, key, headers });
  return await response.text();
}

export async function deleteObject({ base, key }: Cluster, { path }: ObjectRef): Promise<void> {
  await ask(`${base}${path}`, { method: "DELETE", key });
}

interface Ran {
  stdout: string;
  stderr: string;
  exitCode: number;
}

export const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** What a command prints, by whoever may run something in the sandbox. Throws ApiError, and Error where it fails. */
export async function runIn({ id, key }: Sandbox, command: string): Promise<string> {
  const { stdout, stderr, exitCode } = await askJson<Ran>(`/api/sandboxes/${id}/run`, {
    method: "POST",
    body: { command, timeoutSeconds: 20 },
    key,
  });
  if (exitCode !== 0) throw new Error(stderr.trim() || `the command ended with ${exitCode}`);
  return stdout;
}

/** `kubectl describe`. */
export function describe(sandbox: Sandbox, object: ObjectRef): Promise<string> {
  const words = ["kubectl", "describe", `${object.resource}/${object.name}`];
  if (object.namespace !== "") words.push("-n", object.namespace);
  return runIn(sandbox, words.map(quoted).join(" "));
}

export interface WireObject {
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string }[];
  };
}

/** Path of the events about an object. */
export function eventsPath({ kind, namespace, name }: ObjectRef): string {
  const fields = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const place = namespace === "" ? "" : `/namespaces/${namespace}`;
  return `/api/v1${place}/events?fieldSelector=${encodeURIComponent(fields)}`;
}

interface WirePod extends WireObject {
  spec: { containers: { name: string }[]; initContainers?: { name: string }[] };
}

/** Names of a Pod's containers, those that begin first at the end. */
export async function containersOf({ base, key }: Cluster, { path }: ObjectRef): Promise<string[]> {
  const { spec } = await askJson<WirePod>(`${base}${path}`, { key });
  return [...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name);
}

export interface LogChoice {
  container: string;
  previous: boolean;
}

const tailLines = 500;

/** Follows a container's log, line by line, until `signal`. Throws ApiError. */
export async function followLog(
  { base, key }: Cluster,
  { path }: ObjectRef,
  { container, previous }: LogChoice,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const query = new URLSearchParams({ container, tailLines: String(tailLines) });
  query.set(previous ? "previous" : "follow", "true");
  const response = await ask(`${base}${path}/log?${query}`, { key, signal });
  if (!response.body) return;
  for await (const line of linesOf(response.body)) {
    if (signal.aborted) return;
    tell(line);
  }
}
