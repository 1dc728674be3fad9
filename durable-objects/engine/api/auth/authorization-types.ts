/** What is asked of authorizers, and what they say. k8s: apiserver/pkg/authorization/authorizer */

export interface Attributes {
  verb: string;
  group: string;
  /** Plural; "" when the request is for no resource but a path. */
  resource: string;
  subresource: string;
  name: string;
  /** "" for cluster-scoped requests and for all namespaces. */
  namespace: string;
  path: string;
}

export interface Decision {
  allowed: boolean;
  /** `RBAC: allowed by RoleBinding "..." of ...`; when refused only what went wrong, mostly "". */
  reason: string;
}
