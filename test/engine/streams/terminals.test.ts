/** Terminals: shells kept by name, whatever becomes of those who look. */
import { describe, expect, it } from "vitest";
import { NodeSql } from "../../helpers/node-sql.ts";
import { World } from "../../helpers/world.ts";
import { Engine } from "../../../durable-objects/engine/index.ts";
import {
  terminalInputBytesMax,
  terminalKeptBytesMax,
} from "../../../durable-objects/engine/core/limits.ts";
import type { TerminalState } from "../../../durable-objects/engine/streams/terminals.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

function open(
  world: World,
  name = "main",
  place = { node: "control-plane" } as const,
): TerminalState {
  const opened = world.engine.session(world.now, () =>
    world.engine.terminals.open(name, { place, cols: 80, rows: 24 }),
  );
  if ("reason" in opened) throw new Error(opened.reason);
  return opened;
}

function type(world: World, keys: string, name = "main"): void {
  world.engine.session(world.now, () => world.engine.terminals.write(name, encoder.encode(keys)));
  world.advance(1_000);
}

function shown(world: World, name = "main", from = 0): string {
  let text = "";
  for (let at = from; ;) {
    const { position, bytes } = world.engine.terminals.read(name, at, 64 * 1024);
    if (bytes.length === 0) return text;
    text += decoder.decode(bytes);
    at = position + bytes.length;
  }
}

describe("a terminal", () => {
  it("is a login shell of root on the control plane", () => {
    const world = new World();
    open(world);
    world.advance(1_000);
    type(world, "hostname; tty >/dev/null; echo $0 $TERM\r");
    expect(shown(world)).toContain("root@control-plane:~#");
    expect(shown(world)).toContain("control-plane\r\nbash xterm-256color\r\n");
  });

  it("is the same for all who open it, and goes on after a loss of memory at every step", () => {
    const keys = [
      "X=41\r",
      "echo $((X",
      "+1))",
      "\r",
      "for i in 1 2 3; do echo n$i; sleep 2; done\r",
    ];
    const run = (evicts: boolean): string => {
      const world = new World();
      open(world);
      for (const key of keys) {
        type(world, key);
        if (evicts) world.evict();
      }
      world.advance(10_000);
      expect(open(world).position).toBe(world.engine.terminals.get("main")?.position);
      return shown(world);
    };
    const plain = run(false);
    expect(plain).toContain("42\r\n");
    expect(plain).toContain("n1\r\nn2\r\nn3\r\n");
    expect(run(true)).toBe(plain);
  });

  it("travels in a snapshot and goes on in the cluster made of it", () => {
    const world = new World();
    open(world);
    type(world, "secret=kept\r");
    type(world, "echo $sec");
    const snapshot = world.engine.snapshot(world.now);
    const fork = new World();
    fork.now = world.now;
    const sql = new NodeSql();
    Engine.restore(sql, snapshot, { ...world.options, nowMs: world.now });
    fork.engine = new Engine(sql, { ...world.options, nowMs: world.now });
    type(fork, "ret\r");
    type(world, "ret-not\r");
    expect(shown(fork)).toContain("echo $secret\r\n\x1b[?2004l\rkept\r\n");
    expect(shown(world)).toContain("echo $secret-not\r\n\x1b[?2004l\rkept-not\r\n");
  });

  it("keeps what it printed up to a bound, and says what is lost", () => {
    const world = new World();
    open(world);
    type(world, "seq 1 100000\r");
    world.advance(60_000);
    const { position } = world.engine.terminals.get("main") as TerminalState;
    expect(position).toBeGreaterThan(600_000);
    const news = world.engine.terminals.read("main", 0, 1_000);
    expect(news.lost).toBe(true);
    expect(position - news.position).toBeLessThanOrEqual(terminalKeptBytesMax);
    expect(shown(world).length).toBe(position - news.position);
    expect(shown(world)).toContain("\r\n100000\r\n");
  });

  it("that nobody types in costs nothing", () => {
    const world = new World();
    open(world);
    world.advance(60_000);
    const rows = world.sql.writes;
    world.advance(500_000);
    expect(world.engine.terminals.get("main")?.exitCode).toBeUndefined();
    expect(world.sql.writes - rows).toBe(0);
  });

  it("ends with its shell, begins again under its name, and is gone when it is closed", () => {
    const world = new World();
    open(world);
    type(world, "exit 3\r");
    expect(world.engine.terminals.get("main")?.exitCode).toBe(3);
    expect(open(world).exitCode).toBeUndefined();
    type(world, "echo again\r");
    expect(shown(world)).toContain("again\r\n");
    world.engine.session(world.now, () => world.engine.terminals.close("main"));
    expect(world.engine.terminals.list()).toEqual([]);
    expect(shown(world)).toBe("");
  });

  it("takes a bounded paste, and a sandbox a bounded number of terminals", () => {
    const world = new World();
    open(world);
    type(world, "sleep 100\r");
    const paste = "x".repeat(3_000_000);
    const taken = world.engine.session(world.now, () =>
      world.engine.terminals.write("main", encoder.encode(paste)),
    );
    expect(taken).toBeLessThanOrEqual(terminalInputBytesMax);
    for (let i = 1; i < 20; i++) open(world, `t${i}`);
    const refused = world.engine.session(world.now, () =>
      world.engine.terminals.open("t20", { place: { node: "node-1" }, cols: 80, rows: 24 }),
    );
    expect(refused).toEqual({ reason: "a sandbox has at most 20 terminals: close one" });
  });

  it("on a container is a shell there", () => {
    const world = new World();
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "box" },
      spec: { containers: [{ name: "c", image: "busybox:1.37", command: ["sleep", "3600"] }] },
    });
    world.settle();
    open(world, "box", { pod: "default/box", container: "c" } as never);
    type(world, "hostname\r", "box");
    expect(shown(world, "box")).toContain("box\r\n");
  });
});
