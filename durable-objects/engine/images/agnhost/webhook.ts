/** agnhost's webhook servers. k8s: test/images/agnhost/webhook, test/images/agnhost/crd-conversion-webhook */
import { lookup } from "../../core/lookup.ts";
import { decodeUtf8, encodeUtf8 } from "../../runtime/bytes.ts";
import type { HttpAnswer } from "../../runtime/kernel/calls.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { toBase64 } from "../../machinery/base64.ts";
import {
  answer,
  flagOf,
  goAnswer,
  goListen,
  goNotFound,
  targetOf,
} from "../serving/small-server.ts";
import { convertedReview } from "./conversion.ts";

interface Reviewed {
  uid?: string;
  name?: string;
  resource?: { group?: string; version?: string; resource?: string };
  subResource?: string;
  operation?: string;
  object?: Subject | null;
  oldObject?: Subject | null;
}

/** What is written: a Pod, what holds data, or options of a connection. */
type Subject = Partial<Pod> & {
  data?: Record<string, string>;
  stdin?: boolean;
  container?: string;
};

interface Decision {
  allowed: boolean;
  status?: { status?: string; message?: string; reason?: string; code?: number };
  patch?: object[];
  delayMs?: number;
}

const allow: Decision = { allowed: true };
const deny = (message: string): Decision => ({ allowed: false, status: { message } });
const denyFor = (reason: string): Decision => ({ allowed: false, status: { reason } });
const patched = (...patch: object[]): Decision => ({ allowed: true, patch });
const set = (path: string, value: unknown, op = "add"): object => ({ op, path, value });

const isOf = ({ resource }: Reviewed, plural: string): boolean =>
  resource?.group === "" && resource.version === "v1" && resource.resource === plural;

const expected = (plural: string): Decision =>
  deny(`expect resource to be {Group: Version:v1 Resource:${plural}}`);

/** A Go handler that gives nothing dies of it, and the connection with it. */
type Admit = (sys: Sys, review: Reviewed) => Decision | "pending" | "reset";

const mark = "webhook-e2e-test";

function admitPods(_sys: Sys, review: Reviewed): Decision | "pending" {
  if (!isOf(review, "pods")) return expected("pods");
  const pod = review.object ?? {};
  const label = pod.metadata?.labels?.[mark];
  if (label === "wait-forever") return "pending";
  const found = [
    ...(label === "webhook-disallow" ? ["the pod contains unwanted label;"] : []),
    ...(pod.spec?.containers ?? [])
      .filter(({ name = "" }) => name.includes("webhook-disallow"))
      .map(() => "the pod contains unwanted container name;"),
  ];
  return found.length > 0 ? deny(found.join(" ")) : allow;
}

function attaching(_sys: Sys, review: Reviewed): Decision {
  if (review.name !== "to-be-attached-pod") return allow;
  if (!isOf(review, "pods")) return expected("pods");
  const { stdin, container } = review.object ?? {};
  return stdin && container === "container1"
    ? deny("attaching to pod 'to-be-attached-pod' is not allowed")
    : allow;
}

const has = (list: { name?: string }[] | undefined, wanted: string): boolean =>
  list?.some(({ name }) => name === wanted) ?? false;

const initContainer = {
  image: "webhook-added-image",
  name: "webhook-added-init-container",
  resources: {},
};

function mutatePods(_sys: Sys, review: Reviewed): Decision | "reset" {
  if (!isOf(review, "pods")) return "reset";
  const pod = review.object ?? {};
  const wanted =
    pod.metadata?.name === "webhook-to-be-mutated" &&
    !has(pod.spec?.initContainers, initContainer.name);
  return wanted ? patched(set("/spec/initContainers", [initContainer])) : allow;
}

function mutateSidecar(sys: Sys, review: Reviewed): Decision | "reset" {
  const image = flagOf(sys, "sidecar-image");
  if (!image) {
    const message = "No image specified by the sidecar-image parameter";
    return { allowed: false, status: { status: "Failure", message, code: 500 } };
  }
  if (!isOf(review, "pods")) return "reset";
  const name = "webhook-added-sidecar";
  if (has(review.object?.spec?.containers, name)) return allow;
  return patched(set("/spec/containers/-", { image, name, resources: {} }));
}

/** `what`: as the refusal calls the object. */
function admitData({ operation, object, oldObject }: Reviewed, what: string): Decision {
  const value = (operation === "DELETE" ? oldObject : object)?.data?.[mark];
  if (value === "webhook-disallow" && (operation === "CREATE" || operation === "UPDATE"))
    return denyFor(
      `the ${what} contains unwanted ${what === "configmap" ? "key and value" : "data"}`,
    );
  if (value === "webhook-nondeletable" && operation === "DELETE")
    return denyFor(`the ${what} cannot be deleted because it contains unwanted key and value`);
  return allow;
}

function mutateData({ object }: Reviewed): Decision {
  const { data } = object ?? {};
  if (data?.["mutation-stage-1"] === "yes") return patched(set("/data/mutation-stage-2", "yes"));
  if (data?.["mutation-start"] === "yes") return patched(set("/data/mutation-stage-1", "yes"));
  return allow;
}

function addLabel(_sys: Sys, { object }: Reviewed): Decision {
  const labels = object?.metadata?.labels ?? {};
  const path = "/metadata/labels/added-label";
  if (Object.keys(labels).length === 0)
    return patched(set("/metadata/labels", { "added-label": "yes" }));
  if (labels["added-label"] === undefined) return patched(set(path, "yes"));
  return labels["added-label"] === "yes" ? allow : patched(set(path, "yes", "replace"));
}

const admits: Readonly<Record<string, Admit>> = lookup({
  "/always-allow-delay-5s": () => ({
    allowed: true,
    status: { message: "this webhook allows all requests" },
    delayMs: 5_000,
  }),
  "/always-deny": () => deny("this webhook denies all requests"),
  "/add-label": addLabel,
  "/pods": admitPods,
  "/pods/attach": attaching,
  "/mutating-pods": mutatePods,
  "/mutating-pods-sidecar": mutateSidecar,
  "/configmaps": (_sys: Sys, review: Reviewed) =>
    isOf(review, "configmaps") ? admitData(review, "configmap") : "reset",
  "/mutating-configmaps": (_sys: Sys, review: Reviewed) =>
    isOf(review, "configmaps") ? mutateData(review) : "reset",
  "/custom-resource": (_sys: Sys, review: Reviewed) => admitData(review, "custom resource"),
  "/mutating-custom-resource": (_sys: Sys, review: Reviewed) => mutateData(review),
  "/crd": (_sys: Sys, { object }: Reviewed) =>
    object?.metadata?.labels?.[mark] === "webhook-disallow"
      ? deny("the crd contains unwanted label")
      : allow,
});

const isJson = ({ headers }: HttpRequest): boolean =>
  headers["content-type"] === "application/json";

/** What is sent, or why it cannot be read. */
function parsed<T>(body: string): T | string {
  try {
    return JSON.parse(decodeUtf8(body)) as T;
  } catch (error) {
    return (error as Error).message;
  }
}

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

const jsonBody = (value: object): HttpResponse =>
  answer(encodeUtf8(JSON.stringify(value)), "application/json");

function admission(sys: Sys, admit: Admit, request: HttpRequest): HttpAnswer | "pending" | "reset" {
  if (!isJson(request)) return { response: goAnswer("") };
  const review = parsed<{ kind?: string; apiVersion?: string; request?: Reviewed }>(request.body);
  if (typeof review === "string")
    return { response: goAnswer(`Request could not be decoded: ${review}\n`, 400) };
  const { kind, apiVersion } = review;
  const known = apiVersion === "admission.k8s.io/v1" || apiVersion === "admission.k8s.io/v1beta1";
  if (kind !== "AdmissionReview" || !known)
    return {
      response: goAnswer(`Unsupported group version kind: ${apiVersion}, Kind=${kind}\n`, 400),
    };
  const decision = admit(sys, review.request ?? {});
  if (typeof decision === "string") return decision;
  const { allowed, status, patch, delayMs } = decision;
  const response = {
    uid: review.request?.uid ?? "",
    allowed,
    ...(status ? { status: { metadata: {}, ...status } } : {}),
    ...(patch ? { patch: toBase64(bytes(JSON.stringify(patch))), patchType: "JSONPatch" } : {}),
  };
  return {
    response: jsonBody({ kind, apiVersion, response }),
    ...(delayMs ? { delayMs } : {}),
  };
}

function conversion(request: HttpRequest): HttpAnswer {
  if (!isJson(request))
    return {
      response: goAnswer(
        `invalid Content-Type header \`${request.headers["content-type"] ?? ""}\`\n`,
        400,
      ),
    };
  const review = parsed<Parameters<typeof convertedReview>[0]>(request.body);
  const made = typeof review === "string" ? review : convertedReview(review);
  return {
    response: typeof made === "string" ? goAnswer(`${made}\n`, 400) : jsonBody(made),
  };
}

interface WebhookState {
  exitCode?: number;
}

/** Reads its certificate when it starts, and shows that from then on. */
function begin(sys: Sys): number | undefined {
  const port = Number(flagOf(sys, "port") ?? 443);
  const [certificate, key] = ["tls-cert-file", "tls-private-key-file"].map((flag) => {
    const file = flagOf(sys, flag) ?? "";
    return sys.peek(file)?.type === "f" ? sys.readFile(file) : file;
  });
  for (const found of [certificate, key]) {
    if (found?.includes("-----BEGIN ")) continue;
    sys.complain(
      `F0101 00:00:00.000000       ${sys.pid} config.go:48] open ${found}: no such file or directory\n`,
    );
    return 255;
  }
  return goListen(sys, port, "h", { tls: true, certificate: certificate ?? "" }) ? undefined : 2;
}

function server(
  program: string,
  serve: (sys: Sys, path: string, request: HttpRequest) => HttpAnswer | "pending" | "reset",
): Program<WebhookState> {
  return {
    name: program,
    storedNames: { fields: { exitCode: "x" } },
    start(sys) {
      const exitCode = begin(sys);
      return exitCode === undefined ? {} : { exitCode };
    },
    step: (_sys, state) => (state.exitCode === undefined ? { wait: {} } : { exit: state.exitCode }),
    handles: () => false,
    http(sys, _state, request) {
      const { path } = targetOf(request);
      if (path === "/readyz") return { response: goAnswer("ok") };
      return serve(sys, path, request);
    },
    memoryBytes: () => 14_000_000,
  };
}

export const webhookServer = server("agnhost:webhook", (sys, path, request) => {
  const admit = admits[path];
  return admit ? admission(sys, admit, request) : { response: goNotFound() };
});

export const conversionServer = server("agnhost:crd-conversion-webhook", (_sys, path, request) =>
  path === "/crdconvert" ? conversion(request) : { response: goNotFound() },
);
