import { env, exports } from "cloudflare:workers";
import type { SandboxObject } from "../../durable-objects/object.ts";

/** The Worker's own door, for the tests of this folder. */

export interface Made {
  id: string;
  url: string;
  apiServer: string;
  kubeconfig: string;
  expiresAt: string;
}

export const edge = (path: string, init?: RequestInit): Promise<Response> =>
  exports.default.fetch(new Request(new URL(path, "https://podyard.test"), init));

export async function make(options: unknown = {}): Promise<Made & { secret: string }> {
  const response = await edge("/api/sandboxes", {
    method: "POST",
    headers: { accept: "application/json", "cf-connecting-ip": crypto.randomUUID() },
    body: JSON.stringify(options),
  });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  const made = (await response.json()) as Made;
  return { ...made, secret: made.url.slice(made.url.indexOf("#k=") + 3) };
}

export const bearer = (secret: string): Record<string, string> => ({
  authorization: `Bearer ${secret}`,
});

/**
 * A request to a sandbox's Kubernetes API, over https with its key. All but watches are read to their end:
 * an answer that nobody reads holds the object, which then cannot be evicted.
 */
export async function kube(
  made: { id: string; secret: string },
  path: string,
  init: RequestInit & { headers?: Record<string, string> } = {},
): Promise<Response> {
  const response = await edge(`/sandboxes/${made.id}${path}`, {
    ...init,
    headers: Object.assign(bearer(made.secret), init.headers),
  });
  return path.includes("watch=true") && response.ok
    ? response
    : new Response(await response.arrayBuffer(), response);
}

export const post = (body: unknown): RequestInit & { headers: Record<string, string> } => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

export const configMap = (name: string): unknown => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data: { name },
});

export const stubOf = (made: { id: string }) => env.SANDBOX.getByName(made.id);

/** What a sandbox's object keeps to itself. */
export const inside = <T>(object: SandboxObject): T =>
  (object as unknown as { sandbox: T }).sandbox;

/** Reads whole lines of a stream, one at a time. */
export function lineReader(response: Response): {
  next(): Promise<string | undefined>;
  stop(): Promise<void>;
} {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  return {
    async next() {
      for (;;) {
        const end = rest.indexOf("\n");
        if (end >= 0) {
          const line = rest.slice(0, end);
          rest = rest.slice(end + 1);
          if (line !== "") return line;
          continue;
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        rest += value;
      }
    },
    stop: () => reader.cancel(),
  };
}
