import { ApiError, ask, askJson } from "./client.ts";
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

/** Replaces an object. With `dryRun` the server answers what it would store, and stores nothing. Throws ApiError. */
export async function replaceYaml(
  { base, key }: Cluster,
  { path }: ObjectRef,
  text: string,
  dryRun: boolean,
): Promise<string> {
  const query = `fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`;
  const response = await fetch(`${base}${path}?${query}`, {
    method: "PUT",
    body: text,
    credentials: key === undefined ? "same-origin" : "omit",
    headers: {
      accept: yaml,
      "content-type": yaml,
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
  });
  const answer = await response.text();
  if (!response.ok) throw new ApiError(response.status, messageIn(answer));
  return answer;
}

/** The message of a Status, whether it is told in JSON or in YAML. */
function messageIn(answer: string): string {
  if (answer.startsWith("{")) return (JSON.parse(answer) as { message: string }).message;
  const lines = answer.split("\n");
  const at = lines.findIndex((line) => line.startsWith("message: "));
  if (at < 0) return answer;
  const text = lines[at]!.slice("message: ".length);
  if (text.startsWith('"')) return JSON.parse(text) as string;
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  if (!/^[|>]/.test(text)) return text;
  const after = lines.slice(at + 1);
  const end = after.findIndex((line) => !line.startsWith("  "));
  return after
    .slice(0, end < 0 ? after.length : end)
    .map((line) => line.slice(2))
    .join("\n");
}

export async function deleteObject({ base, key }: Cluster, { path }: ObjectRef): Promise<void> {
  await ask(`${base}${path}`, { method: "DELETE", key });
}

interface Ran {
  stdout: string;
  stderr: string;
  exitCode: number;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** `kubectl describe`, by whoever may run something in the sandbox. */
export async function describe({ id, key }: Sandbox, object: ObjectRef): Promise<string> {
  const words = ["kubectl", "describe", `${object.resource}/${object.name}`];
  if (object.namespace !== "") words.push("-n", object.namespace);
  const { stdout, stderr, exitCode } = await askJson<Ran>(`/api/sandboxes/${id}/run`, {
    method: "POST",
    body: { command: words.map(quoted).join(" "), timeoutSeconds: 20 },
    key,
  });
  if (exitCode !== 0) throw new Error(stderr.trim() || `kubectl ended with ${exitCode}`);
  return stdout;
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
