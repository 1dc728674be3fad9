/**
 * ingress-nginx's controller: what comes to its ports goes by the cluster's Ingresses, as the simulated network routes them
 * (network/ingress.ts), and its admission webhook lets Ingresses pass.
 */
import { ingressAddress } from "../../core/machine-facts.ts";
import { Errno } from "../../runtime/errno.ts";
import { buildLayer } from "../../runtime/fs/layer.ts";
import { alpineFiles, runtimeFiles } from "../../runtime/image/base-files.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import { commonLogTime, klogTime } from "../../runtime/logs/times.ts";
import { runInstead } from "../command-entry.ts";
import type { ImageDefinition } from "../define.ts";
import { askingServer } from "../serving/asking-server.ts";
import { httpAskNames, pushAsk, type HttpAsk } from "../serving/http-ask.ts";
import { answer, flagOf, goNotFound, json } from "../serving/small-server.ts";
import { resolveVersion } from "../tags.ts";

const healthPort = (sys: Sys): number => Number(flagOf(sys, "healthz-port") ?? 10_254);

function klog(sys: Sys, text: string): void {
  sys.complain(`${klogTime(sys.now)}       ${sys.pid} ${text}\n`);
}

/** What the webhook's port shows; nothing where it cannot be read: the controller runs on. ingress-nginx: internal/net/ssl/ssl.go TLSListener */
function webhookCertificate(sys: Sys): string {
  const path = flagOf(sys, "validating-webhook-certificate") ?? "";
  const key = flagOf(sys, "validating-webhook-key") ?? "";
  klog(sys, `ssl.go:536] "loading tls certificate" path="${path}" key="${key}"`);
  try {
    return sys.readFile(path);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    klog(sys, `ssl.go:522] unexpected error: ${error.message}`);
    return "";
  }
}

/** The review's answer: any Ingress that the API server found valid is one that the routes can be made of. */
function reviewed(sys: Sys, request: HttpRequest): HttpResponse {
  let review: { apiVersion?: unknown; request?: { uid?: unknown; name?: unknown } };
  try {
    review = JSON.parse(request.body) as typeof review;
  } catch {
    return answer("failed to decode the review\n", undefined, 400);
  }
  klog(
    sys,
    `admission.go:149] processed ingress via admission controller name="${String(review.request?.name ?? "").slice(0, 253)}"`,
  );
  return json({
    apiVersion: review.apiVersion ?? "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid: review.request?.uid ?? "", allowed: true },
  });
}

function statusAnswer(request: HttpRequest): HttpResponse {
  const [path] = request.path.split("?");
  if (path === "/healthz" || path === "/is-dynamic-lb-initialized") return answer("ok");
  if (path === "/metrics")
    return answer(
      "# HELP nginx_ingress_controller_success Cumulative number of Ingress controller reload operations\n# TYPE nginx_ingress_controller_success counter\nnginx_ingress_controller_success 1\n",
    );
  return goNotFound();
}

function accessLog(sys: Sys, request: HttpRequest, response: HttpResponse): void {
  sys.write(
    1,
    `${request.clientIp} - - [${commonLogTime(sys.now)}] "${request.method} ${request.path} HTTP/1.1" ${response.status} ${response.body.length} "-" "${request.headers["user-agent"] ?? "-"}"\n`,
  );
}

const patienceMs = 65_000;

const controller = askingServer<HttpAsk>({
  program: "nginx-ingress-controller",
  workNames: httpAskNames,
  memoryMib: 90,
  idleCpuMilli: 2,
  start(sys) {
    const webhook = /:(\d{1,5})$/.exec(flagOf(sys, "validating-webhook") ?? "")?.[1];
    sys.write(
      1,
      `-------------------------------------------------------------------------------\nNGINX Ingress controller\n  Release:       v${sys.container.image.version}\n  Repository:    https://github.com/kubernetes/ingress-nginx\n-------------------------------------------------------------------------------\n\n`,
    );
    try {
      sys.listen(Number(flagOf(sys, "http-port") ?? 80), "h", { bindsLow: true });
      sys.listen(Number(flagOf(sys, "https-port") ?? 443), "h", { tls: true, bindsLow: true });
      sys.listen(healthPort(sys), "h");
      if (webhook)
        sys.listen(Number(webhook), "h", {
          tls: true,
          certificate: webhookCertificate(sys),
          // ingress-nginx: internal/net/ssl/ssl.go TLSListener.load, called when the files change
          certificateFile: flagOf(sys, "validating-webhook-certificate") ?? "",
        });
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      klog(sys, `main.go:170] ${error.message}`);
      return 1;
    }
    klog(sys, 'nginx.go:310] "Starting NGINX process"');
    if (webhook) klog(sys, `nginx.go:333] "Starting validation webhook" address=":${webhook}"`);
    klog(sys, 'controller.go:215] "Backend successfully reloaded"');
    return undefined;
  },
  begin(sys, request) {
    if (request.port === healthPort(sys)) return { response: statusAnswer(request) };
    if (request.method === "POST" && request.path.startsWith("/networking/"))
      return { response: reviewed(sys, request) };
    return {
      job: {
        host: ingressAddress,
        port: request.https ? 443 : 80,
        path: request.path,
        method: request.method,
        body: request.body,
        headers: { ...request.headers, host: request.headers.host ?? request.host },
        keep: true,
        patienceMs,
      },
    };
  },
  push: pushAsk,
  finish(sys, ask, request) {
    const response: HttpResponse =
      ask.status === undefined
        ? answer(
            "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
            "text/html",
            502,
          )
        : {
            status: ask.status,
            headers: typeof ask.keep === "object" ? ask.keep : {},
            body: ask.reply ?? "",
          };
    accessLog(sys, request, response);
    return { response };
  },
  term(sys) {
    klog(sys, 'sigterm.go:36] "Received SIGTERM, shutting down"');
    return { exit: 0 };
  },
});

/** The hook before its end: what is under way is let go. */
const waitShutdown: Program<null> = {
  name: "wait-shutdown",
  start: () => null,
  step: () => ({ exit: 0 }),
};

/** `dumb-init [OPTION]... [--] COMMAND`: the command in its place. */
const dumbInit: Program<{ code: number }> = {
  name: "dumb-init",
  start(sys) {
    const at = sys.argv.findIndex((word, i) => i > 0 && !/^-./.test(word));
    const dashes = sys.argv.indexOf("--");
    const words = sys.argv.slice(dashes > 0 ? dashes + 1 : at < 0 ? sys.argv.length : at);
    const code = runInstead(sys, words, "[dumb-init]");
    return code === undefined ? (sys.process.state as { code: number }) : { code };
  },
  step: (_sys, state) => ({ exit: state.code }),
};

const layer = buildLayer(
  alpineFiles("3.22.2"),
  {
    "/usr/bin/dumb-init": { program: "dumb-init" },
    "/usr/bin/curl": { program: "curl" },
    "/bin/bash": { program: "bash" },
    "/nginx-ingress-controller": { program: "nginx-ingress-controller" },
    "/wait-shutdown": { program: "wait-shutdown" },
  },
  runtimeFiles,
);

export const ingressNginxImage: ImageDefinition = {
  repositories: [
    "registry.k8s.io/ingress-nginx/controller",
    "registry.k8s.io/ingress-nginx/controller-chroot",
    "quay.io/kubernetes-ingress-controller/nginx-ingress-controller",
  ],
  resolveTag: (tag) =>
    resolveVersion({ series: { 0: 51, 1: 16 }, latest: "1.15.1", patchMax: 20 }, tag),
  version: (version) => ({
    version,
    entrypoint: ["/usr/bin/dumb-init", "--"],
    cmd: ["/nginx-ingress-controller"],
    env: {},
    user: "101",
    workingDir: "/etc/nginx",
    layer,
    sizeBytes: 109_000_000,
  }),
  programs: [controller, waitShutdown, dumbInit],
};
