/** What is meant to stop a terminal, or everybody's: bounded, said, and the terminal beside it goes on echoing. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  editedLineBytesMax,
  terminalInputBytesMax,
  terminalKeptBytesMax,
} from "../../../durable-objects/engine/core/limits.ts";
import { Typist } from "../../helpers/typist.ts";
import { World } from "../../helpers/world.ts";

let world: World;
let neighbour: Typist;
let made = 0;

beforeAll(() => {
  world = new World({ nodes: 1 });
  world.advance(10_000);
  neighbour = new Typist(world, "neighbour", { cols: 80, rows: 24 });
  neighbour.ready();
});

/** Its bash is root's, on the same node as the neighbour's. */
function attacker(size: { cols?: number; rows?: number } = {}): Typist {
  const at = new Typist(world, `attacker-${made++}`, { cols: 80, rows: 24, ...size });
  at.ready();
  return at;
}

/** A key of the neighbour's shows itself within so long, whatever goes on. */
function echoes(withinMs = 100): void {
  neighbour.news();
  neighbour.press("k");
  world.advance(withinMs);
  expect(neighbour.news()).toContain("k");
  neighbour.press("\x7f");
}

/** ^C, and the terminal answers again. */
function recovers(at: Typist): void {
  at.press("\x03");
  world.advance(2_000);
  at.press("\x03");
  at.ready();
  expect(at.line("echo $((6*7))")).toContain("42\n");
  world.engine.session(world.now, () => world.engine.terminals.close(at.name));
  world.advance(1_000);
  world.check();
}

describe("a terminal takes", () => {
  it("a paste of 3 MB, as far as its line goes", () => {
    const at = attacker();
    const taken = at.press(`\x1b[200~${"x".repeat(3_000_000)}`);
    expect(taken).toBeLessThanOrEqual(terminalInputBytesMax);
    world.advance(100);
    echoes();
    at.press("\x1b[201~");
    world.advance(20_000);
    at.news();
    expect(at.printed.split("x").length - 1).toBeLessThanOrEqual(editedLineBytesMax);
    recovers(at);
  });

  it("a paste that nobody reads, up to a bound", () => {
    const at = attacker();
    at.press("sleep 1000\r");
    world.advance(500);
    for (let i = 0; i < 30; i++) at.press("y".repeat(100_000));
    expect(at.news()).toContain("y\x07");
    for (let i = 0; i < 30; i++) at.press("n\n".repeat(50_000));
    expect(at.press("n\n")).toBe(0);
    const machine = world.engine.store.record("runtime", "@node/control-plane");
    expect(JSON.stringify(machine).length).toBeLessThan(3 * terminalInputBytesMax);
    echoes();
    recovers(at);
  });

  it("bytes that are no text", () => {
    const at = attacker();
    const bytes = Array.from({ length: 4_000 }, (_, i) => String.fromCharCode((i * 73) % 256));
    at.press(bytes.join("").replaceAll(/[\x04\r\n]/g, ""));
    world.advance(1_000);
    echoes();
    at.press("\x03\x03\x07");
    world.advance(1_000);
    at.press("\x03stty sane\r");
    world.advance(1_000);
    at.press("\x0fcat /dev/urandom | head -c 20000 | cat -v | tail -c 1000\r");
    world.advance(3_000);
    echoes();
    recovers(at);
  });

  it("a fork bomb: processes are bounded, and bash says so", () => {
    const at = attacker();
    at.press(":(){ :|:& };:\r");
    world.advance(300);
    echoes();
    expect(at.news()).toMatch(/fork: (?:retry: )?Resource temporarily unavailable/);
    at.press("\x03");
    world.advance(100);
    world.engine.session(world.now, () => world.engine.terminals.close(at.name));
    world.advance(5_000);
    expect(neighbour.line("pgrep bash | wc -l")).toMatch(/^\d\n$/);
    world.check();
  });

  it.for(["yes", "cat /dev/urandom", "while :; do echo x; done", "cat /dev/zero | tr '\\0' z"])(
    "a flood: %s",
    (line) => {
      const at = attacker();
      at.press(`${line}\r`);
      for (let i = 0; i < 5; i++) {
        world.advance(2_000);
        echoes();
      }
      const { position } = world.engine.terminals.get(at.name)!;
      expect(position).toBeGreaterThan(0);
      const news = world.engine.terminals.read(at.name, 0, 1);
      expect(position - news.position).toBeLessThanOrEqual(terminalKeptBytesMax);
      world.engine.session(world.now, () =>
        world.engine.terminals.write(at.name, new Uint8Array([3])),
      );
      world.advance(5_000);
      at.screen.modes.clear();
      const after = world.engine.terminals.get(at.name)!.position;
      world.advance(5_000);
      expect(world.engine.terminals.get(at.name)!.position).toBe(after);
      world.engine.session(world.now, () => world.engine.terminals.close(at.name));
    },
  );

  it("kubectl get -w on a flood of changes", () => {
    const at = attacker();
    at.press("kubectl get cm -w --output-watch-events\r");
    world.advance(2_000);
    world.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "hot" } });
    for (let i = 0; i < 400; i++) {
      world.patch("/api/v1/namespaces/default/configmaps/hot", { data: { n: String(i) } });
      if (i % 100 === 0) echoes();
    }
    world.advance(2_000);
    echoes();
    expect(at.news().split("MODIFIED").length - 1).toBe(400);
    recovers(at);
  });

  it.for([
    [1, 1],
    [1, 24],
    [80, 1],
    [10_000, 10_000],
  ] as const)("a size of %i to %i", ([cols, rows]) => {
    const at = new Typist(world, `size-${cols}-${rows}`, { cols: 80, rows: 24 });
    at.ready();
    at.resize(cols, rows);
    world.advance(500);
    at.press("stty size; kubectl get nodes; ls /etc | head -n 3\r");
    world.advance(3_000);
    at.press("echo over and over\x1b[D\x1b[D\x15echo it\r");
    world.advance(1_000);
    echoes();
    const text = at.news().replaceAll(/\x1b\[[?\d;]*[A-Za-z]|[\r\n ]/g, "");
    expect(text).toContain(`${rows}${cols}`);
    at.resize(80, 24);
    world.advance(500);
    recovers(at);
  });

  it("a history of a million lines", () => {
    const at = attacker();
    const lines = "head -c 2000000 /dev/zero | tr '\\0' '\\n' > /root/.bash_history";
    at.line(`${lines}; wc -l < /root/.bash_history`);
    const other = attacker();
    other.press("\x1b[A\x12999");
    world.advance(1_000);
    echoes();
    recovers(other);
    at.line("rm -f /root/.bash_history");
    at.line("for i in $(seq 700); do history -s line $i; done", 600_000);
    expect(at.line("history | wc -l")).toMatch(/^500\n$/);
    echoes();
    recovers(at);
  });

  it("a loop without end", () => {
    const at = attacker();
    at.press("while :; do :; done\r");
    for (let i = 0; i < 5; i++) {
      world.advance(3_000);
      echoes();
    }
    recovers(at);
  });

  it("a function that calls itself without end", () => {
    const at = attacker();
    at.press("f(){ f; }; f\r");
    world.advance(5_000);
    echoes();
    at.ready();
    expect(at.printed).toMatch(/\rbash: maximum recursion depth reached\r\n/);
    recovers(at);
  });

  it("a line of 1 MB, typed and in a script", () => {
    const at = attacker();
    at.press(`echo ${"z".repeat(1_000_000)}`);
    world.advance(5_000);
    echoes();
    expect(at.news()).toContain("\x07");
    at.press("\r");
    at.ready();
    const long = "head -c 1000000 /dev/zero | tr '\\0' z > long; . ./long 2>&1 | wc -c";
    expect(Number(at.line(long, 300_000))).toBeLessThan(1_100_000);
    echoes();
    recovers(at);
  });
});
