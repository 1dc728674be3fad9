import { ask, askJson, errorIn, unreachable } from "./client.ts";
import type { Sandbox } from "./sandboxes.ts";
import type { Cluster } from "./tables.ts";
import type { ObjectRef } from "../desk/desk.ts";

/** One object of a cluster: its YAML, what kubectl says of it, its events and its log. */

const yaml = "application/yaml";

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
  const response = await fetch(`${base}${path}?${query}`, {
    method: "PUT",
    body: text,
    credentials: key === undefined ? "same-origin" : "omit",
    headers: {
      accept: yaml,
      "content-type": yaml,
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
  }).catch(unreachable);
  const answer = await response.text();
  if (!response.ok) throw errorIn(response.status, await statusIn(answer));
  return answer;
}

/** A Status is told in YAML as well; what stands before the cluster answers in JSON, which is YAML too. */
async function statusIn(answer: string): Promise<unknown> {
  const { parse } = await import("yaml");
  try {
    return parse(answer);
  } catch {
    return { message: answer };
  }
}

export async function deleteObject({ base, key }: Cluster, { path }: ObjectRef): Promise<void> {
  await ask(`${base}${path}`, { method: "DELETE", key });
}

export interface Ran {
  stdout: string;
  stderr: string;
  exitCode: number;
}

const runSeconds = 20;
/** A command may be given so many characters to read. */
export const stdinCharsMax = 256 * 1024;

/** For a shell; plain words stay as they are. */
const quoted = (word: string): string =>
  /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** Runs a line in a shell on the control plane. Throws ApiError. */
export const run = ({ id, key }: Sandbox, command: string, stdin?: string): Promise<Ran> =>
  askJson<Ran>(`/api/sandboxes/${id}/run`, {
    method: "POST",
    body: { command, timeoutSeconds: runSeconds, ...(stdin !== undefined && { stdin }) },
    key,
  });

/** What a line prints. Throws ApiError; Error with what it says where it ends badly. */
export async function runLine(sandbox: Sandbox, command: string): Promise<string> {
  const { stdout, stderr, exitCode } = await run(sandbox, command);
  if (exitCode !== 0) throw new Error((stderr || stdout).trim() || `it ended with ${exitCode}`);
  return stdout;
}

/** As the words of a command: `deployments.apps/web -n shop`. */
export const wordsOf = ({ resource, namespace, name }: ObjectRef): string =>
  [`${resource}/${name}`, ...(namespace === "" ? [] : ["-n", namespace])].map(quoted).join(" ");

/** `kubectl describe`, by whoever may run something in the sandbox. */
export const describe = (sandbox: Sandbox, object: ObjectRef): Promise<string> =>
  runLine(sandbox, `kubectl describe ${wordsOf(object)}`);

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
