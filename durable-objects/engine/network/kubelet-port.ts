/**
 * A kubelet's port: whom it lets in, as the API server tells it, and to what. k8s: pkg/kubelet/server/auth.go,
 * cmd/kubelet/app/auth.go
 */
import { nodeLogBytesMax } from "../core/limits.ts";
import { trimEndOf } from "../core/trim.ts";
import type { ApiResponse, User } from "../ports/request.ts";
import { decodeUtf8, encodeUtf8 } from "../runtime/bytes.ts";
import { normalPath } from "../runtime/fs/vfs.ts";
import type { HttpRequest, HttpResponse } from "../runtime/kernel/state.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { mayDo, userOf } from "../runtime/net/delegated.ts";
import { hostTree } from "../runtime/volumes/node-files.ts";
import type { Source } from "../runtime/net/stream.ts";
import { answerFor, notHttps, plain, responseOf } from "./api-server-host.ts";

/** Of the API server's certificate for kubelets. k8s: cmd/kubeadm/app/phases/certs/certlist.go */
const apiServer: User = {
  name: "kube-apiserver-kubelet-client",
  groups: ["kubeadm:cluster-admins", "system:authenticated"],
};

const nodeUser = (node: string): User => ({
  name: `system:node:${node}`,
  groups: ["system:nodes", "system:authenticated"],
});

const verbs: Record<string, string> = {
  POST: "create",
  GET: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** What one needs a right to, any of them. */
const subresources: readonly (readonly [root: string, needs: readonly string[]])[] = [
  ["/stats", ["stats"]],
  ["/metrics", ["metrics"]],
  ["/logs", ["log"]],
  ["/checkpoint", ["checkpoint"]],
  ["/statusz", ["statusz"]],
  ["/flagz", ["configz"]],
  ["/pods", ["pods", "proxy"]],
  ["/runningpods", ["pods", "proxy"]],
  ["/healthz", ["healthz", "proxy"]],
  ["/configz", ["configz", "proxy"]],
];

/** Undefined: that is allowed. */
function refusal(
  context: RuntimeContext,
  node: string,
  user: User,
  { method, path }: HttpRequest,
): HttpResponse | undefined {
  const plainPath = path.split("?")[0] as string;
  const below = ([root]: (typeof subresources)[number]): boolean =>
    plainPath === root || plainPath.startsWith(`${root}/`);
  const needs = subresources.find(below)?.[1] ?? ["proxy"];
  const verb = verbs[method] ?? "";
  const { name } = user;
  for (const subresource of needs) {
    const resourceAttributes = { verb, version: "v1", resource: "nodes", subresource, name: node };
    if (mayDo(context, nodeUser(node), user, { resourceAttributes })) return undefined;
  }
  return plain(
    403,
    `Forbidden (user=${name}, verb=${verb}, resource=nodes, subresource(s)=[${needs.join(" ")}])\n`,
  );
}

/** Files below /var/log, folders as lists. k8s: pkg/kubelet/server InstallDebuggingHandlers; Go: net/http fs.go dirList */
function logsOf(context: RuntimeContext, node: string, below: string): HttpResponse {
  const tree = hostTree(context, node, () => Math.round(context.now));
  const path = trimEndOf(`/var/log${normalPath("/", `/${below}`)}`, "/");
  const id = tree.find(path);
  const inode = id === undefined ? undefined : tree.inode(id);
  if (id === undefined || !inode || !/[df]/.test(inode.type))
    return plain(404, "404 page not found\n");
  if (inode.type === "f") return plain(200, tree.read(id, 0, nodeLogBytesMax));
  const names = tree.list(path).map((name) => {
    const at = tree.find(`${path}/${name}`);
    return at !== undefined && tree.inode(at)?.type === "d" ? `${name}/` : name;
  });
  const lines = names.map((name) => `<a href="${encodeURI(name)}">${escaped(name)}</a>\n`);
  const head = '<!doctype html>\n<meta name="viewport" content="width=device-width">\n';
  const headers = { "content-type": "text/html; charset=utf-8" };
  return { status: 200, headers, body: encodeUtf8(`${head}<pre>\n${lines.join("")}</pre>\n`) };
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A kubelet's answer, or the API server's for which it stands. `trusted`: it is the API server that asks. */
export function kubeletAnswer(
  context: RuntimeContext,
  node: string,
  request: HttpRequest,
  trusted = false,
): HttpResponse | ApiResponse {
  if (!request.https) return notHttps;
  const user = trusted ? apiServer : userOf(context, nodeUser(node), request);
  if (!user) return plain(401, "Unauthorized");
  const refused = refusal(context, node, user, request);
  if (refused) return refused;
  const [path = "/", query = ""] = request.path.split("?", 2);
  if (path.startsWith("/logs/")) return logsOf(context, node, path.slice("/logs/".length));
  const answer = context.kubelet?.(node, { method: request.method, path, query });
  if (!answer) return plain(404, "404 page not found\n");
  if (!("api" in answer)) {
    const { status, type, text } = answer;
    return { status, headers: { "content-type": type }, body: encodeUtf8(text) };
  }
  return inItsWords(context.apiServer?.({ ...answer.api, user: apiServer }));
}

/** The same, as a Pod sees it. */
export function kubeletServes(
  context: RuntimeContext,
  node: string,
  request: HttpRequest,
  from: Source,
): ReturnType<typeof answerFor> {
  const answer = kubeletAnswer(context, node, request);
  return "type" in answer ? answerFor(context, request, from, answer) : answer;
}

/** A kubelet says what is wrong as text. */
function inItsWords(answer: ApiResponse | undefined): HttpResponse | ApiResponse {
  if (!answer) return plain(404, "404 page not found\n");
  if (answer.type !== "reply" || answer.status < 400) return answer;
  const { message = "" } = JSON.parse(decodeUtf8(responseOf(answer).body)) as { message?: string };
  return plain(answer.status, `${message}\n`);
}
