/** Containers whose object is evicted again and again, beside twins whose object never is: the same bytes in the same order. */
import { describe, expect, it } from "vitest";
import { box, IsolationWorld, podOf } from "./isolation/isolation-world.ts";
import type { OpenSession } from "../streams/streams-world.ts";

/** Evicts after every so many virtual ms, whatever is under way then. */
class EvictedWorld extends IsolationWorld {
  evictions = 0;
  everyMs: number | undefined;

  constructor(everyMs: number | undefined) {
    super({ nodes: 2 });
    this.advance(5_000);
    this.everyMs = everyMs;
  }

  override advance(ms: number): void {
    const { everyMs } = this;
    if (everyMs === undefined) return super.advance(ms);
    for (let left = ms; left > 0; left -= everyMs) {
      super.advance(Math.min(left, everyMs));
      this.evict();
      this.evictions += 1;
    }
  }
}

const shell = (name: string, script: string): object =>
  podOf(name, [box("c", { command: ["sh", "-c", script] })], { restartPolicy: "Never" });

/** Times as seconds, for what is compared is also when it was said. */
const stamped = (w: IsolationWorld, pod: string): string => w.logs(pod, "?timestamps=true");

type Scenario = (w: EvictedWorld) => unknown;

/** What a scenario tells, evicted at these intervals, and what its twin tells that never is. */
function beside(scenario: Scenario): unknown {
  const twin = scenario(new EvictedWorld(undefined));
  for (const everyMs of [700, 3_100]) {
    const world = new EvictedWorld(everyMs);
    expect({ everyMs, told: scenario(world) }).toEqual({ everyMs, told: twin });
    expect(world.evictions).toBeGreaterThan(3);
  }
  return twin;
}

const numbers = (text: string): number[] => text.trim().split("\n").map(Number);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** Reads on while time passes, as an open socket would. */
function listen(w: EvictedWorld, session: OpenSession, ms: number): string[] {
  const heard: string[] = [];
  for (let past = 0; past < ms; past += 1_000) {
    w.advance(1_000);
    heard.push(session.read());
  }
  return heard;
}

describe("evicted at any moment", () => {
  it("a loop counts on", () => {
    const told = beside((w) => {
      w.create(shell("count", "i=0; while true; do i=$((i+1)); echo $i; sleep 1; done"));
      w.advance(60_000);
      return { log: w.logs("count"), stamped: stamped(w, "count") };
    }) as { log: string };
    const seen = numbers(told.log);
    expect(seen.length).toBeGreaterThan(40);
    expect(seen).toEqual(upTo(seen.length));
  });

  it("a busy loop with functions, variables and $RANDOM computes on", () => {
    const told = beside((w) => {
      const script =
        "f() { local n=$1; while [ $n -gt 0 ]; do s=$((s+n)); n=$((n-1)); done; }; s=0; r=$RANDOM; for i in 1 2 3 4 5 6 7 8; do f 300; set -- $i $s; echo $@ $r $RANDOM; sleep 0.9; done";
      w.create(shell("busy", script));
      w.advance(40_000);
      return [stamped(w, "busy"), w.pod("busy").status.containerStatuses[0].state.terminated];
    }) as [string, { exitCode: number }];
    expect(told[0].match(/ 8 361200 /g)).toHaveLength(1);
    expect(told[1].exitCode).toBe(0);
  });

  it("a command's output comes on, once and in order", () => {
    const told = beside((w) => {
      w.create(podOf("p", [box("c")]));
      w.advance(20_000);
      const script = "for i in 1 2 3 4 5 6; do seq $i; echo err $i >&2; sleep 2; done; exit 7";
      const session = w.exec("p", script);
      const heard = [session.read(), ...listen(w, session, 20_000)];
      return { heard, out: session.stdout, err: session.stderr, code: session.code };
    }) as { out: string; err: string; code: number };
    expect(numbers(told.out)).toEqual(upTo(6).flatMap(upTo));
    expect(told.err).toBe("err 1\nerr 2\nerr 3\nerr 4\nerr 5\nerr 6\n");
    expect(told.code).toBe(7);
  });

  it("large output that nobody has read yet waits", () => {
    const told = beside((w) => {
      w.create(podOf("p", [box("c")]));
      w.advance(20_000);
      const session = w.exec("p", "seq 40000; sleep 3; echo end");
      w.evict();
      listen(w, session, 60_000);
      return { out: session.stdout, code: session.code };
    }) as { out: string; code: number };
    const seen = told.out.trim().split("\n");
    expect(seen.pop()).toBe("end");
    expect(seen.map(Number)).toEqual(upTo(40_000));
    expect(told.code).toBe(0);
  });

  it("standard input that is half typed stays", () => {
    const told = beside((w) => {
      w.create(podOf("p", [box("c")]));
      w.advance(20_000);
      const session = w.exec(
        "p",
        "while read a b; do echo got $b $a; done; cat; echo end",
        "stdin=true&stdout=true",
      );
      const heard = [session.write("one tw")];
      w.advance(3_000);
      heard.push(session.write("o\nthree four\nfi"));
      w.advance(3_000);
      heard.push(session.write("ve six\n"));
      w.advance(3_000);
      heard.push(session.closeInput());
      return { heard, code: session.code };
    });
    expect(told).toEqual({
      heard: ["", "got two one\ngot four three\n", "got six five\n", "end\n"],
      code: 0,
    });
  });

  it("a half-finished sleep ends when it would have", () => {
    const told = beside((w) => {
      w.create(shell("nap", "sleep 33; echo up; sleep 4 & sleep 9; echo $?; wait; exit 3"));
      w.advance(70_000);
      const { startedAt, finishedAt, exitCode } =
        w.pod("nap").status.containerStatuses[0].state.terminated;
      const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
      return { seconds, exitCode, log: w.logs("nap"), stamped: stamped(w, "nap") };
    });
    expect(told).toMatchObject({ seconds: 42, exitCode: 3, log: "up\n0\n" });
  });

  it("redis keeps its data and its clients their place", () => {
    const told = beside((w) => {
      w.create(
        podOf("db", [{ name: "redis", image: "redis:7" }]),
        podOf("client", [{ name: "redis", image: "redis:7", command: ["sleep", "1000000"] }]),
      );
      w.advance(30_000);
      const ip = w.pod("db").status.podIP;
      const cli = (words: string): string => w.out("client", `redis-cli -h ${ip} ${words}`);
      const heard = [cli("SET name kept"), cli("RPUSH list a b c"), cli("INCR n")];
      w.advance(5_000);
      const loop = `for i in 1 2 3 4 5 6 7 8 9 10; do redis-cli -h ${ip} INCR n; sleep 0.8; done`;
      const session = w.exec("client", loop);
      listen(w, session, 15_000);
      return [...heard, session.stdout, cli("GET name"), cli("LRANGE list 0 -1"), cli("GET n")];
    });
    expect(told).toEqual([
      "OK\n",
      "3\n",
      "1\n",
      "2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n",
      "kept\n",
      "a\nb\nc\n",
      "11\n",
    ]);
  });

  it("a pipeline mid-way passes on every line", () => {
    const told = beside((w) => {
      const source = "i=0; while [ $i -lt 20 ]; do i=$((i+1)); echo $i; sleep 0.7; done";
      w.create(
        shell(
          "pipe",
          `{ ${source}; } | sed 's/^/n/' | while read l; do sleep 0.3; echo $l; done | tee /tmp/all; wc -l < /tmp/all; sleep 1000`,
        ),
      );
      w.advance(60_000);
      return { log: w.logs("pipe"), stamped: stamped(w, "pipe") };
    });
    const lines = upTo(20).map((i) => `n${i}\n`);
    expect(told).toMatchObject({ log: `${lines.join("")}20\n` });
  });

  it("a trap that waits for the foreground command runs once, before the next", () => {
    const told = beside((w) => {
      const script =
        'trap "echo bye; sleep 3; echo gone; exit 5" TERM; echo ready; while true; do sleep 6; echo tick; done';
      w.create(shell("trap", script));
      w.advance(22_000);
      const session = w.open("trap", "attach", "stdout=true&stderr=true");
      const before = w.logs("trap");
      w.delete("/api/v1/namespaces/default/pods/trap");
      listen(w, session, 25_000);
      const left = w.names();
      return { before, after: session.stdout, left };
    });
    expect(told).toMatchObject({ after: "bye\ngone\n", left: [] });
  });

  it("files, restarts and previous logs are the same", () => {
    beside((w) => {
      const script = "echo run >> /data/runs; wc -l < /data/runs; sleep 3; exit 1";
      const mounted = {
        command: ["sh", "-c", script],
        volumeMounts: [{ name: "v", mountPath: "/data" }],
      };
      w.create(podOf("again", [box("c", mounted)], { volumes: [{ name: "v", emptyDir: {} }] }));
      w.advance(75_000);
      const { restartCount, lastState } = w.pod("again").status.containerStatuses[0];
      return [
        restartCount,
        lastState,
        w.logs("again"),
        w.logs("again", "?previous=true"),
        w.events("again"),
      ];
    });
  });
});
