/** agnhost resource-consumer-controller: parts one request among the Pods of a Service. k8s: test/images/agnhost/resource-consumer-controller */
import type { Sys } from "../../runtime/kernel/types.ts";
import { askingServer } from "../serving/asking-server.ts";
import { goError, pushAsk, type HttpAsk, httpAskNames } from "../serving/http-ask.ts";
import { goFailure, incorrect, notGiven, notPost, wholeNumber } from "../resource-consumer.ts";
import { answer, flagOf, goListen, targetOf } from "../serving/small-server.ts";

interface Row {
  amount: string;
  /** Query parameter of the most one request is to consume. */
  size: string;
  /** Log lines of all requests, and of an accepted one. */
  plan(size: number, rest: number): string;
  done(amount: number, metric: string): string;
}

const rows: Record<string, Row> = {
  "/ConsumeCPU": {
    amount: "millicores",
    size: "requestSizeMillicores",
    plan: (size, rest) =>
      `consume ${size} millicores each and 1 request to consume ${rest} millicores`,
    done: (amount) => `Consumed ${amount} millicores`,
  },
  "/ConsumeMem": {
    amount: "megabytes",
    size: "requestSizeMegabytes",
    plan: (size, rest) => `consume ${size} MB each and 1 request to consume ${rest} MB`,
    done: (amount) => `Consumed ${amount} megabytes`,
  },
  "/BumpMetric": {
    amount: "delta",
    size: "requestSizeMetrics",
    plan: (size, rest) => `bump custom metric by ${size} each and 1 request to bump by ${rest}`,
    done: (amount, metric) => `Bumped metric ${metric} by ${amount}`,
  },
};

interface Part {
  ask: HttpAsk;
  /** Logged when the request is accepted. */
  done: string;
}

interface Work {
  plan: string;
  parts: Part[];
}

function askOf(sys: Sys, path: string, body: string): HttpAsk {
  const service = flagOf(sys, "consumer-service-name") ?? "resource-consumer";
  const namespace = flagOf(sys, "consumer-service-namespace") ?? "default";
  return {
    host: `${service}.${namespace}.svc.cluster.local`,
    port: Number(flagOf(sys, "consumer-port") ?? 8080),
    path,
    method: "POST",
    type: "application/x-www-form-urlencoded",
    body,
    patienceMs: 30_000,
  };
}

export const agnhostConsumers = askingServer<Work>({
  program: "agnhost:resource-consumer-controller",
  workNames: { inside: { parts: { each: { inside: { ask: httpAskNames } } } } },
  memoryMib: 12,
  start: (sys) => (goListen(sys, Number(flagOf(sys, "port") ?? 8080)) ? undefined : 1),
  begin(sys, request) {
    if (request.method !== "POST") return { response: goFailure(notPost) };
    const { path, query } = targetOf(request);
    const row = rows[path];
    if (!row) return { response: goFailure("unknown function", 404) };
    const metric = path === "/BumpMetric" ? (query.get("metric") ?? "") : "-";
    const texts = ["durationSec", row.amount, row.size].map((name) => query.get(name) ?? "");
    if (metric === "" || texts.includes("")) return { response: goFailure(notGiven) };
    const [duration, total, size] = texts.map(wholeNumber);
    if (duration === undefined || total === undefined || size === undefined || size <= 0)
      return { response: goFailure(incorrect) };
    const count = Math.trunc(total / size);
    const rest = total - count * size;
    const amounts = [...Array<number>(Math.max(0, count)).fill(size), ...(rest > 0 ? [rest] : [])];
    const named = path === "/BumpMetric" ? `&metric=${encodeURIComponent(metric)}` : "";
    const parts = amounts.map((amount): Part => ({
      ask: askOf(sys, path, `${row.amount}=${amount}&durationSec=${duration}${named}`),
      done: row.done(amount, metric),
    }));
    const plan = `RC manager: sending ${count} requests to ${row.plan(size, rest)}\n`;
    return { job: { plan, parts } };
  },
  push(sys, { parts }) {
    for (const { ask } of parts) {
      const wait = pushAsk(sys, ask);
      if (wait) return wait;
    }
    return undefined;
  },
  finish(_sys, { plan, parts }) {
    const lines = parts.map(({ ask, done }) =>
      ask.error
        ? `Failed to connect to consumer: ${goError(ask).replace(/^Get/, "Post")}\n`
        : `${done}\n`,
    );
    return { response: answer(plan + lines.join("")) };
  },
  term: (sys, _state, signal) => ({ exit: sys.pid === 1 ? 2 : 128 + signal }),
});
