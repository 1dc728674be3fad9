/**
 * MetalLB's controller, as far as its speakers wait for it: the Secret by which they find each other. Everything else of it is
 * stood in for. metallb: internal/k8s/k8s.go CreateMlSecret
 */
import type { Program, Sys } from "../runtime/kernel/types.ts";
import { toBase64 } from "../runtime/bytes.ts";
import { rfc3339Milli } from "../runtime/logs/times.ts";
import { askApi, messageOf, ownNamespace, type ApiAsk } from "./serving/api-ask.ts";
import { flagOf } from "./serving/small-server.ts";

interface State extends ApiAsk {
  phase: "list" | "owner" | "create";
  /** The Deployment's. */
  uid?: string;
  /** Drawn once. */
  key?: string;
}

const namesOf = (sys: Sys): { secret: string; deployment: string } => ({
  secret: flagOf(sys, "ml-secret-name") ?? sys.env.METALLB_ML_SECRET_NAME ?? "",
  deployment: flagOf(sys, "deployment") ?? sys.env.METALLB_DEPLOYMENT ?? "",
});

const keyLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** 16 bytes in base64 without padding. */
const newKey = (sys: Sys): string =>
  Array.from({ length: 22 }, () => keyLetters[Math.floor(sys.random() * 64)]).join("");

function request(sys: Sys, state: State): [string, string, string?] {
  const namespace = encodeURIComponent(ownNamespace(sys));
  const { secret, deployment } = namesOf(sys);
  const secrets = `/api/v1/namespaces/${namespace}/secrets`;
  if (state.phase === "list")
    return ["GET", `${secrets}?fieldSelector=${encodeURIComponent(`metadata.name=${secret}`)}`];
  if (state.phase === "owner")
    return [
      "GET",
      `/apis/apps/v1/namespaces/${namespace}/deployments/${encodeURIComponent(deployment)}`,
    ];
  state.key ??= newKey(sys);
  const owner = { apiVersion: "apps/v1", kind: "Deployment", name: deployment, uid: state.uid };
  const object = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: secret, ownerReferences: [owner] },
    data: { secretkey: toBase64(state.key) },
  };
  return ["POST", secrets, JSON.stringify(object)];
}

function log(sys: Sys, level: string, fields: object): void {
  sys.write(
    1,
    `${JSON.stringify({ caller: "main.go:284", level, ...fields, ts: rfc3339Milli(sys.now) })}\n`,
  );
}

function serve(sys: Sys): undefined {
  sys.become("stand-in", [...sys.argv], sys.env, sys.process.executable ?? "/controller");
  return undefined;
}

const controller: Program<State> = {
  name: "metallb-controller",
  start: () => ({ phase: "list" }),
  step(sys, state) {
    const { secret, deployment } = namesOf(sys);
    if (secret === "" || deployment === "") return serve(sys);
    const answer = askApi(sys, state, request(sys, state));
    if ("step" in answer) return answer.step;
    if ("error" in answer || answer.status >= 300) {
      const error = "error" in answer ? answer.error : messageOf(answer.text);
      log(sys, "error", { op: "startup", error, msg: "failed to create memberlist secret" });
      return { exit: 1 };
    }
    if (state.phase === "create") {
      log(sys, "info", { op: "CreateMlSecret", msg: "secret successfully created" });
      return serve(sys);
    }
    const found = JSON.parse(answer.text) as { items?: unknown[]; metadata: { uid?: string } };
    if (state.phase === "list") {
      if (found.items?.length) return serve(sys);
      state.phase = "owner";
    } else {
      state.uid = found.metadata.uid ?? "";
      state.phase = "create";
    }
    return undefined;
  },
  memoryBytes: () => 40 * 1024 * 1024,
};

export const metallbPrograms: Program[] = [controller];
