/** What hurts a container through exec and cp, over the whole engine: its own words for it, and a cluster that lives on. */
import { beforeEach, describe, expect, it } from "vitest";
import { gzipSync } from "fflate";
import {
  fileBytesPerSandboxMax,
  podRecordCharactersMax,
} from "../../durable-objects/engine/limits.ts";
import { box, isolationWorld, podOf, type IsolationWorld, type Ran } from "./isolation-world.ts";
import { pods } from "./streams-world.ts";

let w: IsolationWorld;

beforeEach(() => {
  w = isolationWorld(1);
  w.create(podOf("p", [box("c")]), podOf("other", [box("c")]));
  w.advance(20_000);
});

/** The object answers, other Pods run, rows are small; an eviction finds the same. */
function healthy(): void {
  for (let i = 0; i < 2; i++) {
    expect(w.out("other", "echo well")).toBe("well\n");
    const size = JSON.stringify(w.engine.store.record("runtime", "default/p") ?? "").length;
    expect(size).toBeLessThan(podRecordCharactersMax);
    w.evict();
  }
  w.check();
}

/** A command fed with bytes, as `kubectl exec -i` and `kubectl cp` do. */
function feed(command: string[], input: Uint8Array): Ran {
  const words = command.map((word) => `command=${encodeURIComponent(word)}`).join("&");
  const session = w.open("p", "exec", `${words}&stdin=true&stdout=true&stderr=true`);
  const { sessions } = w.engine;
  for (let at = 0; at < input.length && !session.status; at += 32_768) {
    const part = input.subarray(at, at + 32_768);
    w.engine.session(w.now, () => sessions.write(session.session, part));
    for (let i = 0; i < 200 && !session.status && !sessions.roomFor(session.session); i++) w.advance(100);
    session.read();
  }
  if (!session.status) session.closeInput();
  for (let i = 0; i < 1_200 && !session.status; i++) {
    w.advance(100);
    session.read();
  }
  if (!session.status) throw new Error(`still running: ${command.join(" ")}`);
  return { code: session.code ?? -1, out: session.stdout, err: session.stderr };
}
