/** Where a client finds a sandbox's API, and what it must show there. */
export interface Access {
  apiServer: string;
  /** Absent where the secret stands in the server's path. */
  token?: string;
}

/** Over plain http clients keep tokens to themselves, so the secret moves into the path. */
export function accessOf(origin: string, id: string, secret: string): Access {
  return origin.startsWith("https:")
    ? { apiServer: `${origin}/sandboxes/${id}`, token: secret }
    : { apiServer: `${origin}/sandboxes/${id}/k/${secret}` };
}

/** There is no TLS to skip, but the JavaScript client speaks plain http only to those who say so. */
const skipTls = "\n    insecure-skip-tls-verify: true";

/** A kubeconfig of one cluster, one user and one context, all named `podyard-` and the id's first letters. */
export function kubeconfig(id: string, access: Access): string {
  const name = `podyard-${id.slice(0, 8)}`;
  return `apiVersion: v1
clusters:
- cluster:
    server: ${access.apiServer}${access.token === undefined ? skipTls : ""}
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
  user: ${access.token === undefined ? "{}" : `\n    token: ${access.token}`}
`;
}
