/**
 * The API server that Kubernetes' tests put behind the cluster's own: flunders and fischers of wardle.example.com, kept in the
 * etcd beside it; who asks is what the API server says, whether they may is asked there. k8s: sample-apiserver
 */
import { StatusError, unknownPath } from "../../machinery/status.ts";
import { release } from "../../machinery/release.ts";
import { decodeUtf8, encodeUtf8 } from "../../runtime/bytes.ts";
import { buildLayer } from "../../runtime/fs/layer.ts";
import { runtimeFiles } from "../../runtime/image/base-files.ts";
import type { HttpAnswer } from "../../runtime/kernel/calls.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { errorLogTime } from "../../runtime/logs/times.ts";
import type { ImageDefinition } from "../define.ts";
import { askingServer } from "../serving/asking-server.ts";
import { getFromApi, noCluster, writeToApi, writtenToApi } from "../serving/cluster-api.ts";
import { answer, flagOf, goListen, json, targetOf } from "../serving/small-server.ts";
import { documentAt } from "./documents.ts";
import { apiGroup, group, resourceList, served, type ServedKind } from "./kinds.ts";
import { serveObjects, type Outcome } from "./requests.ts";
import { Storage, StorageError } from "./storage.ts";

/** Whether somebody may: what is asked of the API server. */
interface Review {
  /** The SubjectAccessReview, until it is sent. */
  review?: object;
  handle?: string;
  /** Why not; "" where it is allowed. */
  refusal?: string;
}

interface Who {
  name: string;
  groups: string[];
}

interface Meant {
  verb: string;
  version: string;
  kind: ServedKind;
  namespace: string;
  name: string;
}

const lines = (sys: Sys, text: string): void => sys.complain(`${errorLogTime(sys.now)} ${text}\n`);

function start(sys: Sys): number | undefined {
  const fail = (why: string): number => {
    lines(sys, `Error: ${why}`);
    return 1;
  };
  if (!/^http:\/\/[^/]+:\d+\/?$/.test(flagOf(sys, "etcd-servers") ?? ""))
    return fail("--etcd-servers must be specified");
  let certificate = "";
  for (const flag of ["tls-private-key-file", "tls-cert-file"]) {
    const path = flagOf(sys, flag);
    if (path && !sys.peek(path))
      return fail(
        `error creating self-signed certificates: open ${path}: no such file or directory`,
      );
    if (path) certificate = sys.readFile(path);
  }
  if (!sys.env["KUBERNETES_SERVICE_HOST"]) return fail(noCluster);
  const name = "extension-apiserver-authentication";
  const found = getFromApi(sys, `/api/v1/namespaces/kube-system/configmaps/${name}`);
  if (found?.status !== 200)
    return fail(
      `unable to load configmap based request-header-client-ca-file: ${found?.body.message ?? "connection refused"}`,
    );
  const port = Number(flagOf(sys, "secure-port") ?? 443);
  if (!goListen(sys, port, "h", { tls: true, certificate })) return 1;
  lines(sys, `Serving securely on [::]:${port}`);
  return undefined;
}

const storageOf = (sys: Sys): Storage =>
  new Storage(sys, Number(/:(\d+)\/?$/.exec(flagOf(sys, "etcd-servers") ?? "")?.[1]));

const listOfWords = (text = ""): string[] =>
  decodeUtf8(text)
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);

/** Only who has the front proxy's certificate speaks for others. */
function whoOf({ frontProxy, headers }: HttpRequest): Who {
  const name = frontProxy ? decodeUtf8(headers["x-remote-user"] ?? "") : "";
  if (!name) return { name: "system:anonymous", groups: ["system:unauthenticated"] };
  return { name, groups: listOfWords(headers["x-remote-group"]) };
}

const verbs: Readonly<Record<string, string>> = {
  POST: "create",
  PUT: "update",
  PATCH: "patch",
};

/** What a path below the group names; undefined: nothing. */
function meantBy({ method, path }: HttpRequest): Meant | undefined {
  const [, apis, ofGroup, version = "", ...rest] = (path.split("?")[0] ?? "").split("/");
  if (apis !== "apis" || ofGroup !== group || rest.length === 0) return undefined;
  const [namespace = "", inner] = rest[0] === "namespaces" ? [rest[1], rest.slice(2)] : ["", rest];
  const [plural, name = "", more] = inner as string[];
  const kind = served.get(version)?.find((one) => one.plural === plural);
  if (!kind || more !== undefined || (kind.namespaced && name && !namespace)) return undefined;
  const verb =
    method === "GET"
      ? name
        ? "get"
        : "list"
      : method === "DELETE"
        ? name
          ? "delete"
          : "deletecollection"
        : (verbs[method] ?? "");
  return { verb, version, kind, namespace, name };
}

function reviewOf(request: HttpRequest, { name: user, groups }: Who): object {
  const meant = meantBy(request);
  const attributes = meant
    ? {
        resourceAttributes: {
          verb: meant.verb,
          group,
          version: meant.version,
          resource: meant.kind.plural,
          namespace: meant.namespace,
          name: meant.name,
        },
      }
    : {
        nonResourceAttributes: {
          path: request.path.split("?")[0],
          verb: request.method.toLowerCase(),
        },
      };
  return {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: { user, groups, ...attributes },
  };
}

function forbidden(request: HttpRequest, { name: user }: Who, reason: string): StatusError {
  const meant = meantBy(request);
  const why = reason ? `: ${reason}` : "";
  if (!meant)
    return new StatusError(
      403,
      "Forbidden",
      `forbidden: User "${user}" cannot ${request.method.toLowerCase()} path "${request.path.split("?")[0]}"${why}`,
      {},
    );
  const { plural } = meant.kind;
  const where = meant.namespace
    ? ` in the namespace "${meant.namespace}"`
    : " at the cluster scope";
  const named = meant.name ? ` "${meant.name}"` : "";
  return new StatusError(
    403,
    "Forbidden",
    `${plural}.${group}${named} is forbidden: User "${user}" cannot ${meant.verb} resource "${plural}" in API group "${group}"${where}${why}`,
    { ...(meant.name ? { name: meant.name } : {}), group, kind: plural },
  );
}

const reply = ({ status, body }: Outcome): HttpResponse => {
  const made = json(body, status);
  return { ...made, body: encodeUtf8(made.body) };
};
const failure = (error: StatusError): HttpResponse =>
  reply({ status: error.code, body: error.toStatus() });

/** Pages that no object lies behind. */
function page(path: string): object | undefined {
  if (path === "/version") return release;
  if (path === "/apis") return { kind: "APIGroupList", apiVersion: "v1", groups: [apiGroup()] };
  if (path === `/apis/${group}`) return { kind: "APIGroup", apiVersion: "v1", ...apiGroup() };
  const version = path.startsWith(`/apis/${group}/`) ? path.slice(`/apis/${group}/`.length) : "";
  const kinds = served.get(version);
  return kinds && resourceList(version, kinds);
}

function serve(sys: Sys, request: HttpRequest): HttpResponse {
  const { path, query } = targetOf({ ...request, body: "" });
  const found = request.method === "GET" ? page(path) : undefined;
  const document =
    request.method === "GET" && path.startsWith("/openapi/")
      ? documentAt(path, request.headers)
      : undefined;
  if (document) return document;
  if (found) return reply({ status: 200, body: found });
  const meant = meantBy(request);
  if (!meant) return failure(unknownPath());
  try {
    const outcome = serveObjects({
      sys,
      storage: storageOf(sys),
      method: request.method,
      version: meant.version,
      kind: meant.kind,
      namespace: meant.namespace,
      name: meant.name,
      query,
      accept: request.headers["accept"] ?? "",
      type: (request.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "",
      body: decodeUtf8(request.body),
    });
    return reply(outcome);
  } catch (error) {
    if (error instanceof StatusError) return failure(error);
    if (!(error instanceof StorageError)) throw error;
    return failure(new StatusError(500, "InternalError", error.message));
  }
}

function health(sys: Sys, path: string): HttpResponse | undefined {
  if (!/^\/(healthz|livez|readyz)(\/|$|\?)/.test(path)) return undefined;
  if (path.startsWith("/livez") || storageOf(sys).ready) return answer("ok");
  return answer(
    "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n",
    undefined,
    500,
  );
}

const reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const mayAll = ({ groups }: Who): boolean => groups.includes("system:masters");

function finish(sys: Sys, review: Review, request: HttpRequest): HttpAnswer {
  const { refusal } = review;
  const response =
    refusal === ""
      ? serve(sys, request)
      : failure(forbidden(request, whoOf(request), refusal ?? ""));
  return { response };
}

const program = askingServer<Review>({
  program: "sample-apiserver",
  workNames: { fields: { review: "v", handle: "h", refusal: "r" } },
  start,
  begin(sys, request) {
    const healthy = health(sys, request.path);
    if (healthy) return { response: healthy };
    const who = whoOf(request);
    return mayAll(who)
      ? { response: serve(sys, request) }
      : { job: { review: reviewOf(request, who) } };
  },
  push(sys, review) {
    if (review.refusal !== undefined) return undefined;
    if (review.review) {
      const handle = writeToApi(sys, "POST", reviews, review.review);
      delete review.review;
      if (handle === undefined) review.refusal = "connection refused";
      else review.handle = handle;
    }
    if (review.handle === undefined) return undefined;
    const written = writtenToApi(sys, review.handle);
    if ("wait" in written) return written.wait;
    const { status } = written.body as { status?: { allowed?: boolean; reason?: string } };
    review.refusal =
      written.status !== 201
        ? String(written.body.message ?? "")
        : status?.allowed
          ? ""
          : (status?.reason ?? "");
    return undefined;
  },
  finish,
  memoryMib: 60,
  idleCpuMilli: 3,
  term: () => ({ exit: 0 }),
});

const layer = buildLayer(
  { "/kube-sample-apiserver": { program: "sample-apiserver" } },
  runtimeFiles,
);

export const sampleApiserver: ImageDefinition = {
  repositories: [
    "registry.k8s.io/e2e-test-images/sample-apiserver",
    "k8s.gcr.io/e2e-test-images/sample-apiserver",
  ],
  resolveTag: (tag) => (/^1\.\d+\.\d+$/.test(tag) ? tag : undefined),
  version: (version) => ({
    version,
    entrypoint: ["/kube-sample-apiserver"],
    cmd: [],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    layer,
    sizeBytes: 25_000_000,
  }),
  programs: [program],
};
