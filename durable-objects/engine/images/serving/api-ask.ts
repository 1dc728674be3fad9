/** Requests of programs in Pods to the API server, with the token of their service account: RBAC says what they may. */
import { Errno } from "../../runtime/errno.ts";
import type { Step } from "../../runtime/kernel/calls.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import {
  exchange,
  newExchange,
  parseUrl,
  type Exchange,
} from "../../runtime/tools/net/web-client.ts";

/** Of the request under way; nothing between two of them. */
export interface ApiAsk {
  exchange?: Exchange;
}

const folder = "/var/run/secrets/kubernetes.io/serviceaccount";

function fileIn(sys: Sys, name: string): string | undefined {
  try {
    return sys.readFile(`${folder}/${name}`);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return undefined;
  }
}

/** The namespace of its Pod, as its token's folder names it. */
export const ownNamespace = (sys: Sys): string => fileIn(sys, "namespace") ?? "default";

export type ApiAnswer = { step: Step } | { status: number; text: string } | { error: string };

/** Pushes one request on; called again after the wait until there is an answer. */
export function askApi(
  sys: Sys,
  ask: ApiAsk,
  [method, path, body = ""]: readonly [method: string, path: string, body?: string],
): ApiAnswer {
  const token = fileIn(sys, "token");
  if (token === undefined)
    return {
      error:
        "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable",
    };
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = sys.env;
  const url = parseUrl(`https://${host ?? "kubernetes.default.svc"}:${port}${path}`);
  if (!url) return { error: `invalid address ${host ?? ""}:${port}` };
  ask.exchange ??= newExchange(sys);
  const headers = {
    host: url.host,
    accept: "application/json",
    authorization: `Bearer ${token}`,
    "user-agent": `${sys.argv[0]?.replace(/^.*\//, "") ?? "app"}/v0.0.0 (linux/amd64) kubernetes/$Format`,
    ...(body ? { "content-type": "application/json" } : {}),
  };
  const answer = exchange(sys, ask.exchange, { url, method, body, headers });
  if ("step" in answer) return answer;
  delete ask.exchange;
  if ("error" in answer) return { error: `dial tcp ${url.host}:${url.port}: ${answer.error}` };
  return { status: answer.response.status, text: answer.response.body };
}

/** The message of a Status. */
export function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text;
  }
}
