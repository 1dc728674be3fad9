/** Key in, whole state compared: looking more often, or at odd moments, must change nothing. */
import { expect, it } from "vitest";
import { World, eventLines, watchLines } from "./kubelet-world.ts";

const container = (image: string, over: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: image,
  image,
  imagePullPolicy: "IfNotPresent",
  ...over,
});
const every = (seconds: number, handler: object): object => ({
  periodSeconds: seconds,
  ...handler,
});

function scenario(): World {
  const w = new World();
  w.node("node-1");
  w.runtime.scripts["web"] = {
    termCode: 0,
    pullMs: 1_700,
    listens: [{ port: 80, afterMs: 2_300, untilMs: 61_000 }],
  };
  w.runtime.scripts["crash"] = { endsAfterMs: [0, 3_000, 1_100], exitCode: [1, 0, 2], pullMs: 900 };
  w.runtime.scripts["step"] = { endsAfterMs: [1_000, 2_000], exitCode: [1, 0] };
  w.runtime.scripts["side"] = { termCode: 0, termMs: 700 };
  w.runtime.scripts["hung"] = {
    exec: (_command, since) => ({
      exitCode: since > 12_000 ? 1 : 0,
      stdout: "",
      stderr: "no",
      takesMs: 300,
    }),
  };
  w.runtime.scripts["none"] = { pullError: "rpc error: code = NotFound desc = none: not found" };
  const http = { httpGet: { path: "/", port: 80 } };
  const pods: Record<string, Record<string, unknown>> = {
    web: {
      containers: [
        container("web", {
          readinessProbe: every(5, http),
          lifecycle: { preStop: { sleep: { seconds: 2 } } },
        }),
      ],
    },
    crash: { containers: [container("crash")] },
    init: {
      initContainers: [container("step"), container("side", { restartPolicy: "Always" })],
      containers: [container("web")],
    },
    hung: {
      terminationGracePeriodSeconds: 7,
      containers: [container("hung", { livenessProbe: every(3, { exec: { command: ["ok"] } }) })],
    },
    none: { containers: [container("none")] },
    config: { containers: [container("web", { envFrom: [{ secretRef: { name: "late" } }] })] },
    mount: {
      volumes: [{ name: "v", configMap: { name: "late" } }],
      containers: [container("web")],
    },
  };
  for (const [name, spec] of Object.entries(pods)) w.pod(name, spec);
  return w;
}

/** Plays the scenario, looking at every Pod each `stepMs` where one is given. */
function play(stepMs?: number): string {
  const w = scenario();
  const until = (ms: number): void => {
    const step = stepMs ?? Number.POSITIVE_INFINITY;
    for (let at = w.elapsedMs + step; at < ms; at += step) {
      w.until(at);
      for (const pod of w.client.list("pods"))
        w.client.wake("kubelet", `default/${pod.metadata.name}`);
      w.client.wake("kubelet", "@node/node-1");
    }
    w.until(ms);
  };
  until(13_333);
  for (const resource of ["secrets", "configmaps"]) {
    w.create(resource, {
      apiVersion: "v1",
      kind: resource === "secrets" ? "Secret" : "ConfigMap",
      metadata: { name: "late", namespace: "default" },
      data: {},
    } as never);
  }
  until(70_000);
  for (const name of ["web", "init", "hung"]) w.delete("pods", "default", name);
  until(120_000);
  const names = ["web", "crash", "init", "hung", "none", "config", "mount"];
  return names
    .map((name) => [`== ${name}`, ...watchLines(w, name), ...eventLines(w, name)].join("\n"))
    .join("\n");
}

it.each([137, 1_000, 1_999])("an extra look every %i ms changes nothing", (stepMs) => {
  expect(play(stepMs)).toBe(play());
});
