/** A program that throws what nobody foresaw dies of it alone: its Pod, its node and the cluster go on. */
import { afterEach, describe, expect, test } from "vitest";
import { StatusError } from "../../../durable-objects/engine/machinery/status.ts";
import type { Program, Sys } from "../../../durable-objects/engine/runtime/kernel/types.ts";
import { imageCatalog } from "../../../durable-objects/engine/images/index.ts";
import { runtime } from "../../../durable-objects/engine/cri/runtime.ts";
import { box, isolationWorld, podOf } from "./isolation/isolation-world.ts";
import { RuntimeWorld } from "./runtime-world.ts";

const restore: (() => void)[] = [];
afterEach(() => restore.splice(0).forEach((undo) => undo()));

/** A program is replaced by one with a fault. */
function broken(name: string, change: Partial<Program>): void {
  const table = imageCatalog.programs;
  const program = table.get(name) as Program;
  table.set(name, { ...program, ...change });
  restore.push(() => table.set(name, program));
}
const throwing = (): never => {
  throw new TypeError("undefined is not a function");
};

function shell(world: RuntimeWorld, script: string) {
  const spec = world.spec(world.pod("web"), "main", "busybox:1.37", {
    command: ["sh", "-c", "sleep 1000000"],
  });
  return world.sh(world.start(spec), script);
}

describe("a program that throws in its step", () => {
  test("ends as of a segmentation fault, and its shell goes on", () => {
    broken("uptime", { step: throwing });
    const { stdout, stderr } = shell(new RuntimeWorld(), "uptime; echo $?; uptime | cat; echo on");
    expect(stdout).toBe("139\non\n");
    // Also of a pipeline's first command.
    expect(stderr).toBe("Segmentation fault\n".repeat(2));
  });

  test("as PID 1 ends its container with 139, and the others of the Pod stay", () => {
    broken("uptime", { step: throwing });
    const w = isolationWorld();
    w.create(podOf("p", [box("bad", { command: ["uptime"] }), box("good")]));
    w.create(podOf("q", [box("other")]));
    // Told as a fault, since it is one of Podyard's.
    expect(() => w.advance(8_000)).toThrow("fault in program uptime in default/p");
    w.engine.faults.length = 0;
    const [bad, good] = w.pod("p").status.containerStatuses;
    expect(bad.state.terminated ?? bad.lastState.terminated).toMatchObject({
      exitCode: 139,
      reason: "Error",
    });
    expect(good.restartCount).toBe(0);
    expect(good.state.running).toBeDefined();
    expect(w.pod("q").status.phase).toBe("Running");
    // Restarted and backed off like any crash.
    expect(() => w.advance(30_000)).toThrow("fault in program uptime");
    expect(w.pod("p").status.containerStatuses[0].restartCount).toBeGreaterThan(1);
    expect(w.out("p", "echo alive", "good")).toBe("alive\n");
  });

  test("leaves no half-made pipe, and who waits at its end of a pipe goes on", () => {
    const half = (sys: Sys): never => {
      sys.kernel.files.pipe();
      return throwing();
    };
    broken("uptime", { step: half });
    const world = new RuntimeWorld();
    const { stdout } = shell(world, "yes | uptime; uptime | wc -l; mkfifo f; uptime; ls");
    expect(stdout).toMatch(/^0\n/);
    const record = world.records.get<object>("runtime", "default/web");
    expect(record).not.toHaveProperty("openFiles");
    expect(record).not.toHaveProperty("pipes");
  });

  test("of an API error is none of its own", () => {
    broken("uptime", {
      step() {
        throw new StatusError(409, "Conflict", "changed meanwhile");
      },
    });
    expect(() => shell(new RuntimeWorld(), "uptime")).toThrow("changed meanwhile");
  });
});

describe("a program that throws elsewhere", () => {
  const serving = (world: RuntimeWorld) =>
    world.start(
      world.spec(world.pod("web"), "main", "registry.k8s.io/e2e-test-images/agnhost:2.53", {
        command: ["/agnhost"],
        args: ["netexec", "--http-port=80"],
      }),
    );

  test("as it answers a request resets the connection", () => {
    broken("agnhost:netexec", { http: throwing });
    const world = new RuntimeWorld();
    const spec = serving(world);
    const request = { host: "10.244.1.5", port: 80, path: "/", headers: [], https: false };
    const handle = runtime.http(world, spec.pod.key, request);
    expect(runtime.httpResult(world, spec.pod.key, handle)).toEqual({
      done: true,
      result: { error: "read: connection reset by peer" },
    });
    expect(runtime.state(world, spec.pod.key, spec.id)).toMatchObject({ exitCode: 139 });
  });

  test("as it starts is a container that ran and crashed", () => {
    broken("uptime", { start: throwing });
    const world = new RuntimeWorld();
    const spec = world.start(
      world.spec(world.pod("web"), "main", "busybox:1.37", { command: ["uptime"] }),
    );
    expect(runtime.state(world, spec.pod.key, spec.id)).toMatchObject({
      status: "exited",
      exitCode: 139,
      signal: 11,
      reason: "Error",
    });
  });

  test("as an exec starts is the exec's own end", () => {
    broken("uptime", { start: throwing });
    const world = new RuntimeWorld();
    const spec = world.start(
      world.spec(world.pod("web"), "main", "busybox:1.37", { command: ["sleep", "1000000"] }),
    );
    expect(world.exec(spec, ["uptime"]).exitCode).toBe(139);
    expect(world.sh(spec, "echo on").stdout).toBe("on\n");
  });
});
