/**
 * Argo CD, as far as its installation needs it: the Secrets that its programs make with their accounts' rights. Everything
 * else of it is stood in for.
 */
import type { Program, Sys } from "../runtime/kernel/types.ts";
import { toBase64 } from "../runtime/bytes.ts";
import { askApi, messageOf, ownNamespace, type ApiAsk } from "./serving/api-ask.ts";

interface State extends ApiAsk {
  phase: "create" | "check" | "other";
  /** Drawn once, base64. */
  password?: string;
}

interface Wanted {
  name: string;
  key: string;
}

const redisSecret: Wanted = { name: "argocd-redis", key: "auth" };
const adminSecret: Wanted = { name: "argocd-initial-admin-secret", key: "password" };

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
const password = (sys: Sys): string =>
  Array.from({ length: 16 }, () => letters[Math.floor(sys.random() * letters.length)]).join("");

function request(sys: Sys, state: State, { name, key }: Wanted): [string, string, string?] {
  const namespace = ownNamespace(sys);
  const secrets = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  if (state.phase === "check") return ["GET", `${secrets}/${name}`];
  state.password ??= toBase64(password(sys));
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    type: "Opaque",
    data: { [key]: state.password },
  };
  return ["POST", secrets, JSON.stringify(secret)];
}

/** What the image's own server would go on as. */
function standIn(sys: Sys): undefined {
  sys.become("stand-in", [...sys.argv], sys.env, sys.process.executable ?? "/usr/local/bin/argocd");
  return undefined;
}

function fatal(sys: Sys, text: string): { exit: number } {
  sys.complain(`{"level":"fatal","msg":${JSON.stringify(text)}}\n`);
  return { exit: 20 };
}

/** `argocd admin redis-initial-password`. argo-cd: cmd/argocd/commands/admin/redis_initial_password.go */
const argocd: Program<State> = {
  name: "argocd",
  start(sys) {
    const asked = sys.argv[1] === "admin" && sys.argv[2] === "redis-initial-password";
    if (!asked) return { phase: "other" };
    const { name, key } = redisSecret;
    sys.write(
      1,
      `Checking for initial Redis password in secret ${ownNamespace(sys)}/${name} at key ${key}. \n`,
    );
    return { phase: "create" };
  },
  step(sys, state) {
    if (state.phase === "other") return standIn(sys);
    const answer = askApi(sys, state, request(sys, state, redisSecret));
    if ("step" in answer) return answer.step;
    if ("error" in answer) return fatal(sys, answer.error);
    const there = state.phase === "create" && answer.status === 409;
    if (answer.status >= 300 && !there) return fatal(sys, messageOf(answer.text));
    if (state.phase === "create") {
      sys.write(1, `Argo CD Redis secret state confirmed: secret name ${redisSecret.name}.\n`);
      state.phase = "check";
      return undefined;
    }
    const { data = {} } = JSON.parse(answer.text) as { data?: Record<string, string> };
    if (!Object.hasOwn(data, redisSecret.key))
      return fatal(sys, `key ${redisSecret.key} doesn't exist in secret ${redisSecret.name}. `);
    sys.write(1, "Password secret is configured properly.\n");
    return { exit: 0 };
  },
  memoryBytes: () => 40 * 1024 * 1024,
};

/** The API server of Argo CD draws the administrator's first password; what it then serves is stood in for. */
const argocdServer: Program<State> = {
  name: "argocd-server",
  start: () => ({ phase: "create" }),
  step(sys, state) {
    const answer = askApi(sys, state, request(sys, state, adminSecret));
    if ("step" in answer) return answer.step;
    if ("error" in answer || (answer.status >= 300 && answer.status !== 409)) {
      const why = "error" in answer ? answer.error : messageOf(answer.text);
      sys.complain(`{"level":"warning","msg":${JSON.stringify(why)}}\n`);
    }
    return standIn(sys);
  },
  memoryBytes: () => 40 * 1024 * 1024,
};

export const argocdPrograms: Program[] = [argocd, argocdServer];
