/**
 * kube-webhook-certgen: makes the certificate of an admission webhook, keeps it in a Secret, and writes its authority into
 * the webhook's configuration. It speaks to the API server with its Pod's token, so its rights are what RBAC gives it.
 * k8s: ingress-nginx images/kube-webhook-certgen
 */
import { buildLayer } from "../../runtime/fs/layer.ts";
import { runtimeFiles } from "../../runtime/image/base-files.ts";
import { toBase64 } from "../../runtime/bytes.ts";
import { encodePem } from "../../machinery/x509/pem.ts";
import { bitString, der, integer, objectId, sequence, tags } from "../../machinery/x509/der.ts";
import { publicKeyOf } from "../../machinery/x509/issue.ts";
import { selfSigned } from "../../machinery/x509/self-signed.ts";
import type { Step } from "../../runtime/kernel/calls.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import { rfc3339Milli } from "../../runtime/logs/times.ts";
import type { ImageDefinition } from "../define.ts";
import { askApi, messageOf, type ApiAsk } from "../serving/api-ask.ts";
import { flagOf } from "../serving/small-server.ts";

type Phase = "secret" | "save" | "validating" | "validated" | "mutating" | "mutated" | "done";

interface State extends ApiAsk {
  phase: Phase;
  /** What the request under way sends. */
  body?: string;
  /** The authority's certificate, base64 of its PEM. */
  authority?: string;
  exitCode?: number;
}

const group = "/apis/admissionregistration.k8s.io/v1";
/** certgen: pkg/certs/certs.go; a hundred years */
const validMs = 100 * 365 * 86_400_000;

function log(sys: Sys, level: string, msg: string, more: object = {}): void {
  const time = `${rfc3339Milli(sys.now).slice(0, 19)}Z`;
  sys.complain(`${JSON.stringify({ ...more, level, msg, time })}\n`);
}

const flag = (sys: Sys, name: string, otherwise = ""): string => flagOf(sys, name) ?? otherwise;
const isOff = (sys: Sys, name: string): boolean => flag(sys, name, "true") === "false";

const bytes = (sys: Sys, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, () => Math.floor(sys.random() * 256));

interface Made {
  certificate: string;
  key: string;
}

/** A certificate for the hosts, signed with its own key, and that key. Both in PEM. */
function makeCertificate(sys: Sys, hosts: string[]): Made {
  const secret = bytes(sys, 32);
  // Below the curve's order, and not zero.
  secret[0] = 0x7f;
  const certificate = selfSigned(secret, {
    subject: ["2.5.4.10", "nil2"],
    issuer: "nil1",
    dnsNames: hosts,
    notBefore: sys.now - 60_000,
    notAfter: sys.now + validMs,
    serial: bytes(sys, 15),
  });
  const publicKeyDer = publicKeyOf(secret);
  // An uncompressed point is what the public key's structure ends with.
  const point = publicKeyDer.subarray(publicKeyDer.length - 65);
  const key = sequence(
    integer(Uint8Array.of(1)),
    der(tags.octets, secret),
    der(0xa0, objectId("1.2.840.10045.3.1.7")),
    der(0xa1, bitString(point)),
  );
  return {
    certificate: encodePem({ type: "CERTIFICATE", bytes: certificate }),
    key: encodePem({ type: "EC PRIVATE KEY", bytes: key }),
  };
}

const secretsPath = (sys: Sys): string =>
  `/api/v1/namespaces/${encodeURIComponent(flag(sys, "namespace"))}/secrets`;

const hookPath = (sys: Sys, kind: "validating" | "mutating"): string =>
  `${group}/${kind}webhookconfigurations/${encodeURIComponent(flag(sys, "webhook-name"))}`;

/** Method and path of what a phase asks. */
function asked(sys: Sys, phase: Phase): [method: string, path: string] {
  switch (phase) {
    case "secret":
      return ["GET", `${secretsPath(sys)}/${encodeURIComponent(flag(sys, "secret-name"))}`];
    case "save":
      return ["POST", secretsPath(sys)];
    case "validating":
      return ["GET", hookPath(sys, "validating")];
    case "validated":
      return ["PUT", hookPath(sys, "validating")];
    case "mutating":
      return ["GET", hookPath(sys, "mutating")];
    default:
      return ["PUT", hookPath(sys, "mutating")];
  }
}

function newSecret(sys: Sys): { body: string; authority: string } {
  const made = makeCertificate(sys, flag(sys, "host").split(",").filter(Boolean));
  const authority = toBase64(made.certificate);
  const data = {
    ca: authority,
    [flag(sys, "cert-name", "cert")]: authority,
    [flag(sys, "key-name", "key")]: toBase64(made.key),
  };
  const metadata = { name: flag(sys, "secret-name"), namespace: flag(sys, "namespace") };
  const secret = { apiVersion: "v1", kind: "Secret", metadata, data };
  return { body: JSON.stringify(secret), authority };
}

interface Hooks {
  webhooks?: { clientConfig: { caBundle?: string }; failurePolicy?: string }[];
}

function patched(sys: Sys, text: string, authority: string): string {
  const found = JSON.parse(text) as Hooks;
  const policy = flag(sys, "patch-failure-policy");
  for (const hook of found.webhooks ?? []) {
    hook.clientConfig.caBundle = authority;
    if (policy !== "") hook.failurePolicy = policy;
  }
  return JSON.stringify(found);
}

const end = (sys: Sys, state: State, msg: string, err: string): void => {
  log(sys, "fatal", msg, { err });
  state.exitCode = 1;
};

/** What the server said goes into the state: the next phase, or the end. */
function hear(sys: Sys, state: State, status: number, text: string): void {
  const message = (): string => messageOf(text);
  const create = sys.argv.includes("create");
  const { phase } = state;
  delete state.body;
  if (phase === "secret" && status === 404 && create) {
    log(sys, "info", "no secret found", { err: message() });
    log(sys, "info", "creating new secret");
    Object.assign(state, newSecret(sys), { phase: "save" satisfies Phase });
  } else if (phase === "secret" && status === 404)
    end(
      sys,
      state,
      `no secret with '${flag(sys, "secret-name")}' in '${flag(sys, "namespace")}'`,
      message(),
    );
  else if (phase === "secret" && status === 200) {
    if (create) {
      log(sys, "info", "secret already exists");
      state.exitCode = 0;
      return;
    }
    const { data = {} } = JSON.parse(text) as { data?: Record<string, string> };
    if (data.ca === undefined)
      return end(sys, state, "got secret, but it did not contain a 'ca' key", "");
    state.authority = data.ca;
    const [mutating, validating] = [!isOff(sys, "patch-mutating"), !isOff(sys, "patch-validating")];
    log(
      sys,
      "info",
      `patching webhook configurations '${flag(sys, "webhook-name")}' mutating=${mutating}, validating=${validating}, failurePolicy=${flag(sys, "patch-failure-policy")}`,
    );
    state.phase = validating ? "validating" : mutating ? "mutating" : "done";
  } else if (status >= 300)
    end(
      sys,
      state,
      phase === "save"
        ? "failed creating secret"
        : phase === "secret"
          ? "error getting secret"
          : "Failed to patch objects",
      message(),
    );
  else if (phase === "save") state.exitCode = 0;
  else if (phase === "validating" || phase === "mutating") {
    state.body = patched(sys, text, state.authority ?? "");
    state.phase = phase === "validating" ? "validated" : "mutated";
  } else state.phase = phase === "validated" && !isOff(sys, "patch-mutating") ? "mutating" : "done";
  if (state.phase !== "done") return;
  log(sys, "info", "Patched hook(s)");
  state.exitCode = 0;
}

function step(sys: Sys, state: State): Step {
  if (state.exitCode !== undefined) return { exit: state.exitCode };
  const [method, path] = asked(sys, state.phase);
  const answer = askApi(sys, state, [method, path, state.body]);
  if ("step" in answer) return answer.step;
  if ("error" in answer) end(sys, state, "error getting secret", answer.error);
  else hear(sys, state, answer.status, answer.text);
  return undefined;
}

const certgen: Program<State> = {
  name: "kube-webhook-certgen",
  start(sys) {
    if (sys.argv.includes("create") || sys.argv.includes("patch")) return { phase: "secret" };
    sys.write(
      1,
      "Create certificates and patch them to admission hooks\n\nUsage:\n  kube-webhook-certgen [flags]\n  kube-webhook-certgen [command]\n\nAvailable Commands:\n  create      Generate a ca and server cert+key and store the results in a secret 'secret-name' in 'namespace'\n  patch       Patch a ValidatingWebhookConfiguration, MutatingWebhookConfiguration or APIService 'object-name' by using the ca from 'secret-name' in 'namespace'\n",
    );
    return { phase: "done", exitCode: 0 };
  },
  step,
  memoryBytes: () => 12 * 1024 * 1024,
};

const layer = buildLayer(
  { "/kube-webhook-certgen": { program: "kube-webhook-certgen" } },
  runtimeFiles,
);

export const certgenImage: ImageDefinition = {
  repositories: [
    "registry.k8s.io/ingress-nginx/kube-webhook-certgen",
    "docker.io/jettech/kube-webhook-certgen",
    "docker.io/dyrnq/kube-webhook-certgen",
  ],
  resolveTag: (tag) => (/^(latest|v?\d[\w.+-]*)$/.test(tag) ? tag : undefined),
  version: (version) => ({
    version,
    entrypoint: ["/kube-webhook-certgen"],
    cmd: [],
    env: {},
    user: "65532",
    layer,
    sizeBytes: 25_700_000,
  }),
  programs: [certgen],
};
