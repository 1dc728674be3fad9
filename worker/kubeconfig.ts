import type { Env } from "./env.ts";

/** Where a client finds a sandbox's API, and what it must show there. */
export interface Access {
  /** This sandbox's own address: over https it wants the key as a token, over plain http the key stands in it. */
  apiServer: string;
  /** Names the root, which kubectl's proxy and its `get --raw` need: the token says whose cluster it is. */
  kubeconfig: string;
}

/** How the sandbox `id` is reached by whoever asked at `origin`. */
export function accessOf(env: Env, origin: string, id: string, secret: string): Access {
  const inPath = `${origin}/sandboxes/${id}/k/${secret}`;
  if (origin.startsWith("https:")) {
    const authority = env.MODE === "local" ? trusted(env, origin) : undefined;
    const apiServer = `${origin}/sandboxes/${id}`;
    return { apiServer, kubeconfig: kubeconfig(id, origin, secret, authority) };
  }
  // Over plain http clients keep tokens to themselves, so the kubeconfig names the socket that speaks TLS.
  if (env.TLS_PORT && env.TLS_AUTHORITY) {
    const server = `https://${new URL(origin).hostname}:${env.TLS_PORT}`;
    return { apiServer: inPath, kubeconfig: kubeconfig(id, server, secret, trusted(env, server)) };
  }
  // There is no TLS to skip, but the JavaScript client speaks plain http only to those who say so.
  return {
    apiServer: inPath,
    kubeconfig: kubeconfig(id, inPath, undefined, ["insecure-skip-tls-verify: true"]),
  };
}

/** Lines of a kubeconfig's cluster that make the client trust a local server, by whatever name it is called. */
function trusted(env: Env, server: string): string[] {
  const name = new URL(server).hostname.replace(/^\[(.*)\]$/, "$1");
  const known = env.TLS_NAMES?.split(",").includes(name);
  return [
    `certificate-authority-data: ${btoa(env.TLS_AUTHORITY ?? "")}`,
    ...(known ? [] : ["tls-server-name: localhost"]),
  ];
}

/** A kubeconfig of one cluster, one user and one context, all named `podyard-` and the id's first letters. */
function kubeconfig(
  id: string,
  server: string,
  token: string | undefined,
  trust: string[] = [],
): string {
  const name = `podyard-${id.slice(0, 8)}`;
  const cluster = [`server: ${server}`, ...trust].sort().join("\n    ");
  return `apiVersion: v1
clusters:
- cluster:
    ${cluster}
  name: ${name}
contexts:
- context:
    cluster: ${name}
    namespace: default
    user: ${name}
  name: ${name}
current-context: ${name}
kind: Config
preferences: {}
users:
- name: ${name}
  user: ${token === undefined ? "{}" : `\n    token: ${token}`}
`;
}
