/** A cluster whose containers can be entered: what `kubectl exec POD -c NAME -- sh -c SCRIPT` prints. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { ExecResult } from "../../../durable-objects/engine/runtime/runtime-port.ts";
import { runtime } from "../../../durable-objects/engine/cri/runtime.ts";
import type { Anything } from "./behaviour-world.ts";
import { NetworkWorld } from "../network/network-world.ts";

export const manifest = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, "../../manifests", `${name}.yaml`), "utf8");

export class ShellWorld extends NetworkWorld {
  constructor(nodes = 2) {
    super(nodes);
    this.advance(5_000);
  }

  /** Output and errors of a script, then `exit N` where it failed. Time passes as long as it takes. */
  sh(pod: string, script: string, container?: string, withinMs = 200_000): string {
    const { containerStatuses } = this.pod(pod).status;
    const status = containerStatuses.find((s: Anything) => s.name === (container ?? s.name));
    const id = status.containerID.replace("containerd://", "");
    const key = `default/${pod}`;
    const handle = this.with((context) => {
      const started = runtime.exec(context, key, id, ["sh", "-c", script]);
      context.wakePod(key);
      return started;
    });
    if (typeof handle !== "string") return handle.error;
    const end = this.now + withinMs;
    for (;;) {
      const pending = this.with((context) => runtime.execResult(context, key, handle));
      if (pending.done) return told(pending.result);
      if (this.now >= end) throw new Error("still running");
      this.advanceToNext(end);
    }
  }

  log(pod: string, query = ""): string {
    return this.request("GET", `/api/v1/namespaces/default/pods/${pod}/log${query}`).text;
  }
}

function told(result: ExecResult): string {
  const text = `${result.stdout}${result.stderr}`.trimEnd();
  return result.exitCode ? `${text}${text ? "\n" : ""}exit ${result.exitCode}` : text;
}
