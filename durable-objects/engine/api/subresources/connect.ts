/** Connections to Pods, Services and nodes, as admission sees them. k8s: apiserver/pkg/endpoints/handlers/rest.go ConnectResource */
import * as status from "../../machinery/status.ts";
import { authorize } from "../auth/authorization.ts";
import type { Call } from "../context.ts";
import type { RequestInfo } from "../request/request-info.ts";
import { ofDelete } from "../request/write-parameters.ts";

type Options = (info: RequestInfo) => object;

const streams = ({ query }: RequestInfo): object => ({
  ...(query.flag("stdin") ? { stdin: true } : {}),
  ...(query.flag("stdout") ? { stdout: true } : {}),
  ...(query.flag("stderr") ? { stderr: true } : {}),
  ...(query.flag("tty") ? { tty: true } : {}),
  ...(query.get("container") ? { container: query.get("container") } : {}),
});

const options: Readonly<Record<"exec" | "attach" | "portforward" | "proxy", Options>> = {
  exec: (info) => ({
    kind: "PodExecOptions",
    ...streams(info),
    command: info.query.all("command"),
  }),
  attach: (info) => ({ kind: "PodAttachOptions", ...streams(info) }),
  portforward: ({ query }) => ({
    kind: "PodPortForwardOptions",
    ...(query.has("ports") ? { ports: query.all("ports").map(Number) } : {}),
  }),
  proxy: ({ resource, rest }) => ({
    kind: `${{ pods: "Pod", services: "Service", nodes: "Node" }[resource] ?? ""}ProxyOptions`,
    path: `/${rest}`,
  }),
};

/** Throws what policies or webhooks say against it. */
export function admitConnection(call: Call, subresource: keyof typeof options): void {
  const { context, info, resource } = call;
  const made = options[subresource](info);
  const { kind, ...rest } = made as { kind: string };
  const object = { kind, apiVersion: "v1", ...rest };
  const namespace = resource.namespaced ? info.namespace : "";
  const write = { ...ofDelete(call), subresource };
  context.operations.admitRequest("CONNECT", resource, namespace, info.name, object, write);
}

/**
 * A stream changes something, however it is asked for: who may only get one may not have it.
 * k8s: pkg/registry/core/pod/rest/subresources.go ensureAuthorizedForVerb
 */
export function mayStream({ context, info, user }: Call): void {
  if (info.verb === "create") return;
  const { group, resource, subresource, selectedName: name, namespace, path } = info;
  const asked = { verb: "create", group, resource, subresource, name, namespace, path };
  const { allowed, reason } = authorize(user, asked, context.authority ?? context.reader);
  if (!allowed) throw status.forbidden({ group, plural: resource }, info.name, reason ?? "");
}
