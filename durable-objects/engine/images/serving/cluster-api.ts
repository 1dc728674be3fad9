/** The API server as a program in a Pod asks it: by its service account, found as client-go finds it. k8s: client-go/rest InClusterConfig */
import { Errno } from "../../runtime/errno.ts";
import { decodeUtf8, encodeUtf8 } from "../../runtime/bytes.ts";
import { httpResult, httpStart, readApi } from "../../runtime/net/socket.ts";
import type { HttpRequest, HttpResponse, Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";

const tokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** Why there is no cluster to be asked. */
export const noCluster =
  "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined";

function requestOf(
  sys: Sys,
  method: string,
  path: string,
  body: string,
): Omit<HttpRequest, "clientIp"> | undefined {
  const host = sys.env["KUBERNETES_SERVICE_HOST"];
  const port = Number(sys.env["KUBERNETES_SERVICE_PORT"]);
  if (!host || !port) return undefined;
  let token = "";
  try {
    token = sys.readFile(tokenFile).trim();
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
  return {
    method,
    path,
    headers: {
      accept: "application/json",
      "user-agent": `${sys.argv[0] ?? ""}/v0.0.0 (linux/amd64) kubernetes/$Format`,
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body ? { "content-type": "application/json" } : {}),
    },
    body: encodeUtf8(body),
    host,
    port,
    https: true,
  };
}

/** What an answer says: an object, or a Status' text. */
export interface ApiAnswer {
  status: number;
  // oxlint-disable-next-line no-explicit-any
  body: any;
  stream?: string;
}

function answerOf({ status, body, stream }: HttpResponse): ApiAnswer {
  const text = decodeUtf8(body);
  try {
    return { status, body: JSON.parse(text), ...(stream ? { stream } : {}) };
  } catch {
    return { status, body: { message: text }, ...(stream ? { stream } : {}) };
  }
}

/** Reads within the step; undefined: the API server cannot be reached. */
export function getFromApi(sys: Sys, path: string, watch = false): ApiAnswer | undefined {
  const request = requestOf(sys, "GET", path, "");
  if (!request) return undefined;
  const response = readApi(sys, watch ? { ...request, stream: true } : request);
  return response && !("refused" in response) ? answerOf(response) : undefined;
}

/** Sends a write; the handle is for `writtenToApi`. */
export function writeToApi(
  sys: Sys,
  method: string,
  path: string,
  object: object,
): string | undefined {
  const request = requestOf(sys, method, path, JSON.stringify(object));
  return request && httpStart(sys, request);
}

/** What came of a write, or what to wait for. */
export function writtenToApi(sys: Sys, handle: string): ApiAnswer | { wait: Wait } {
  const result = httpResult(sys, handle);
  if ("response" in result) return answerOf(result.response);
  return "wait" in result ? result : { status: 0, body: { message: result.error } };
}
