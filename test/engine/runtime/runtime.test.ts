/** Containers as data: starting, signals, limits, files, logs, servers. The world stores every record as JSON text. */
import { describe, expect, test } from "vitest";
import { readLog } from "../../../durable-objects/engine/runtime/runtime.ts";
import { runtime } from "../../../durable-objects/engine/cri/runtime.ts";
import {
  attachSession,
  execSession,
  sessionCloseInput,
  sessionInput,
  sessionOutput,
} from "../../../durable-objects/engine/runtime/sessions.ts";
import { RuntimeWorld } from "./runtime-world.ts";

const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

function busybox(world: RuntimeWorld, script: string, more = {}) {
  return world.start(
    world.spec(world.pod("web"), "main", "busybox:1.37", {
      command: ["sh", "-c", script],
      ...more,
    }),
  );
}
const state = (world: RuntimeWorld, spec: { pod: { key: string }; id: string }) =>
  runtime.state(world, spec.pod.key, spec.id);

describe("images", () => {
  test.each([
    ["nginx:1.29", true],
    ["nginx", true],
    ["nginx:1.14.2", true],
    ["registry.k8s.io/busybox:1.27.2", true],
    ["redis:7.2", true],
    ["example/app:v1", true],
    [`nginx@sha256:${"a".repeat(64)}`, true],
  ])("%s can be pulled", (image) => {
    const found = runtime.resolveImage(image);
    expect(found).toHaveProperty("pullMs");
    expect((found as { pullMs: number }).pullMs).toBeGreaterThanOrEqual(500);
    expect((found as { pullMs: number }).pullMs).toBeLessThanOrEqual(4000);
  });
  test("a tag outside the range is not found", () => {
    const name = "docker.io/library/nginx:1.161";
    expect(runtime.resolveImage("nginx:1.161")).toEqual({
      error: `rpc error: code = NotFound desc = failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`,
    });
  });
  test("an official name nobody has", () => {
    expect(runtime.resolveImage("ngnix")).toHaveProperty(
      "error",
      expect.stringContaining("pull access denied"),
    );
  });
  test.each([
    ["non-existing-repo/non-existing-image:example", "pull access denied"],
    ["docker.io/acme/nonexistent", "pull access denied"],
    ["acme/does-not-exist:v1", "pull access denied"],
    ["acme/app:doesnotexist", ": not found"],
    ["quay.io/acme/no-such-image", ": not found"],
    ["ghcr.io/acme/doesntexist:v2", ": not found"],
  ])("%s says itself that nobody has it", (image, problem) => {
    expect(runtime.resolveImage(image)).toHaveProperty("error", expect.stringContaining(problem));
  });
  test.each(["acme/nonexample:v1", "acme/coexist:1", "acme/no-suchness", "acme/existing"])(
    "%s may well be somebody's",
    (image) => expect(runtime.resolveImage(image)).toHaveProperty("pullMs"),
  );
  test.each(["", "Nginx", "nginx:", "a b", "nginx@sha256:12"])("%j is no reference", (image) => {
    expect(runtime.resolveImage(image)).toHaveProperty("invalid");
  });
});

describe("processes", () => {
  test("an idle container is small and has no due moment", () => {
    const world = new RuntimeWorld();
    const spec = world.start(world.spec(world.pod("web"), "main", "nginx:1.29"));
    expect(runtime.advance(world, spec.pod.key)).toBeUndefined();
    const record = world.tables.get("runtime")!.get(spec.pod.key)!;
    expect(JSON.stringify(JSON.parse(record).ps).length).toBeLessThan(300);
    const writes = world.writes;
    runtime.advance(world, spec.pod.key);
    expect(world.writes).toBe(writes);
  });

  test("a loop goes on where it stood", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "i=0; while true; do echo $i; i=$((i+1)); sleep 1; done");
    world.advance(spec, 5500);
    expect(world.log(spec)).toBe("0\n1\n2\n3\n4\n5\n");
    world.advance(spec, 1000);
    expect(world.log(spec)).toBe("0\n1\n2\n3\n4\n5\n6\n");
  });

  test("a late wake gives the same lines at the same moments", () => {
    const times = (late: boolean): string => {
      const world = new RuntimeWorld();
      const spec = busybox(world, "for i in 1 2 3 4; do date +%s; sleep 1; done");
      if (late) {
        world.now += 10_000;
        runtime.advance(world, spec.pod.key);
      } else world.advance(spec, 10_000);
      return world.log(spec);
    };
    expect(times(true)).toBe(times(false));
  });

  test("PID 1 ignores TERM without a handler and dies of KILL", () => {
    const world = new RuntimeWorld();
    const spec = world.start(
      world.spec(world.pod("web"), "main", "busybox", { command: ["sleep", "3600"] }),
    );
    runtime.signal(world, spec.pod.key, spec.id, 15);
    world.advance(spec, 1000);
    expect(state(world, spec)?.status).toBe("running");
    runtime.signal(world, spec.pod.key, spec.id, 9);
    expect(state(world, spec)).toMatchObject({
      status: "exited",
      exitCode: 137,
      signal: 9,
      reason: "Error",
    });
  });

  test("PID 1 with a trap ends by it, at once when it waits", () => {
    const world = new RuntimeWorld();
    const spec = busybox(
      world,
      "trap 'echo bye; exit 0' TERM; while true; do sleep 1 & wait $!; done",
    );
    world.advance(spec, 2500);
    runtime.signal(world, spec.pod.key, spec.id, 15);
    expect(state(world, spec)).toMatchObject({
      status: "exited",
      exitCode: 0,
      reason: "Completed",
    });
    expect(world.log(spec)).toBe("bye\n");
  });

  test("a trap waits for the foreground command", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "trap 'exit 7' TERM; sleep 5; echo no");
    runtime.signal(world, spec.pod.key, spec.id, 15);
    world.advance(spec, 1000);
    expect(state(world, spec)?.status).toBe("running");
    world.advance(spec, 5000);
    expect(state(world, spec)).toMatchObject({ exitCode: 7 });
  });

  test("exec-liveness: the file comes and goes", () => {
    const world = new RuntimeWorld();
    const spec = world.start(
      world.spec(world.pod("liveness-exec"), "liveness", "registry.k8s.io/busybox:1.27.2", {
        args: ["/bin/sh", "-c", "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"],
      }),
    );
    expect(world.exec(spec, ["cat", "/tmp/healthy"]).exitCode).toBe(0);
    world.advance(spec, 31_000);
    expect(world.exec(spec, ["cat", "/tmp/healthy"])).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "cat: can't open '/tmp/healthy': No such file or directory\n",
    });
    expect(world.sh(spec, "ps | grep -w 1").stdout).toContain("sleep 600");
  });

  test("a probe that changes nothing writes nothing", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "touch /tmp/healthy; sleep 600");
    const writes = world.writes;
    world.exec(spec, ["cat", "/tmp/healthy"]);
    expect(world.writes - writes).toBeLessThanOrEqual(1);
  });

  test.each([
    ["nosuch", 'exec: "nosuch": executable file not found in $PATH'],
    ["/nosuch", 'exec: "/nosuch": stat /nosuch: no such file or directory'],
    ["/etc/passwd", 'exec: "/etc/passwd": permission denied'],
  ])("start failure: %s", (command, words) => {
    const world = new RuntimeWorld();
    const failure = runtime.start(
      world,
      world.spec(world.pod("web"), "main", "busybox", { command: [command] }),
    );
    expect(failure).toMatchObject({ reason: "RunContainerError", exitCode: 128 });
    expect(failure?.message).toBe(
      `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ${words}: unknown`,
    );
    expect(state(world, world.spec(world.pod("web"), "main", "busybox"))).toBeUndefined();
  });

  test("busybox without a command ends at once", () => {
    const world = new RuntimeWorld();
    const spec = world.start(world.spec(world.pod("web"), "main", "busybox"));
    expect(state(world, spec)).toMatchObject({ exitCode: 0, reason: "Completed" });
  });

  test("the termination message is read from its file", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "echo why > /dev/termination-log; exit 3");
    expect(state(world, spec)).toMatchObject({ exitCode: 3, reason: "Error", message: "why\n" });
  });
});

describe("limits", () => {
  test("an endless loop yields and is throttled", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "while true; do :; done");
    world.advance(spec, 60_000);
    expect(state(world, spec)?.status).toBe("running");
    expect(runtime.usage(world, spec.pod.key, spec.id).cpuMilli).toBe(1000);
    const limited = busybox(new RuntimeWorld(), "while true; do :; done", { cpuMilliLimit: 200 });
    expect(limited.cpuMilliLimit).toBe(200);
    expect(world.sh(spec, "echo still here").stdout).toBe("still here\n");
  });

  test("a string that doubles for ever is killed for memory", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done");
    world.advance(spec, 10_000);
    expect(state(world, spec)).toMatchObject({ exitCode: 137, reason: "OOMKilled", signal: 9 });
  });

  test("tail /dev/zero grows over the container's limit", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "tail /dev/zero", { memoryBytesLimit: 64 * 1024 * 1024 });
    world.advance(spec, 60_000);
    expect(state(world, spec)).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
  });

  test("a fork bomb hits the pids limit", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "bomb() { bomb | bomb & }; bomb; sleep 1; echo alive; sleep 100");
    world.advance(spec, 20_000);
    const record = world.records.get<{ processes: object }>("runtime", spec.pod.key)!;
    expect(Object.keys(record.processes).length).toBeLessThanOrEqual(128);
    expect(world.log(spec)).toMatch(/can't fork: Resource temporarily unavailable|alive/);
  });

  test("a log is cut at its limit, from its beginning", () => {
    const world = new RuntimeWorld();
    const spec = busybox(
      world,
      "for i in $(seq 1 6000); do echo line $i of a log that fills up quite a lot of room here; done",
    );
    world.advance(spec, 600_000);
    expect(state(world, spec)).toMatchObject({ exitCode: 0 });
    const log = world.log(spec);
    expect(log.endsWith("line 6000 of a log that fills up quite a lot of room here\n")).toBe(true);
    expect(log.startsWith("line 1 ")).toBe(false);
    expect(log.length).toBeLessThan(300_000);
  });
});

describe("files", () => {
  test("volumes are shared, also in another container", () => {
    const world = new RuntimeWorld();
    const pod = world.pod("shared");
    const mounts = [{ mountPath: "/content", source: `${pod.uid}/content`, readOnly: false }];
    const writer = world.start(
      world.spec(pod, "writer", "busybox", {
        command: ["sh", "-c", 'echo "Hello" > /content/index.html'],
        mounts,
      }),
    );
    expect(state(world, writer)).toMatchObject({ exitCode: 0 });
    const web = world.start(
      world.spec(pod, "web", "nginx:1.29", {
        mounts: [
          { mountPath: "/usr/share/nginx/html", source: `${pod.uid}/content`, readOnly: true },
        ],
      }),
    );
    const handle = runtime.http(world, pod.key, {
      host: pod.ip,
      port: 80,
      path: "/",
      https: false,
      headers: [],
    });
    expect(runtime.httpResult(world, pod.key, handle)).toMatchObject({
      done: true,
      result: { status: 200, body: "Hello\n" },
    });
    expect(world.sh(web, "echo x > /usr/share/nginx/html/y").stderr).toContain(
      "Read-only file system",
    );
  });

  test("a file larger than a chunk comes back whole", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "sleep 1000");
    world.sh(spec, "seq 1 40000 > /tmp/big; cp /tmp/big /tmp/copy");
    expect(
      world.sh(spec, "wc -c < /tmp/copy; tail -n 1 /tmp/copy; head -n 1 /tmp/copy").stdout,
    ).toBe("228894\n40000\n1\n");
    expect(world.tables.get("files")!.size).toBe(8);
    world.sh(spec, "rm /tmp/big /tmp/copy");
    expect(world.tables.get("files")!.size).toBe(0);
  });

  test("a read-only root, a user without rights", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "sleep 1000", {
      readOnlyRootFilesystem: true,
      runAsUser: 1000,
      runAsGroup: 3000,
      fsGroup: 2000,
    });
    expect(world.sh(spec, "touch /tmp/x").stderr).toBe("touch: /tmp/x: Read-only file system\n");
    expect(world.sh(spec, "id").stdout).toBe("uid=1000 gid=3000 groups=2000,3000\n");
    expect(world.sh(spec, "whoami").stderr).toBe("whoami: unknown uid 1000\n");
    expect(world.sh(spec, "cat /etc/shadow").stderr).toContain("Permission denied");
  });

  test("removing a Pod leaves nothing", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "seq 1 30000 > /tmp/x; echo a; sleep 1000", {
      mounts: [{ mountPath: "/v", source: "uid-web/v", readOnly: false }],
    });
    world.sh(spec, "echo b > /v/b");
    runtime.removePod(world, spec.pod.key);
    for (const [table, rows] of world.tables) expect([table, rows.size]).toEqual([table, 0]);
  });
});

describe("servers", () => {
  const get = (world: RuntimeWorld, key: string, path = "/", port = 80) => {
    const handle = runtime.http(world, key, {
      host: "10.244.1.5",
      port,
      path,
      https: false,
      headers: [],
    });
    return runtime.httpResult(world, key, handle);
  };

  test("nginx serves, logs, and ends by TERM", () => {
    const world = new RuntimeWorld();
    const spec = world.start(world.spec(world.pod("web"), "nginx", "nginx:1.29"));
    expect(get(world, spec.pod.key)).toMatchObject({
      result: { status: 200, body: expect.stringContaining("Welcome to nginx!") },
    });
    expect(get(world, spec.pod.key, "/none")).toMatchObject({ result: { status: 404 } });
    expect(get(world, spec.pod.key, "/", 81)).toMatchObject({
      result: { error: "connect: connection refused" },
    });
    const log = world.log(spec);
    expect(log).toContain("/docker-entrypoint.sh: Configuration complete; ready for start up\n");
    expect(log).toContain('"GET /none HTTP/1.1" 404');
    world.sh(spec, "echo changed > /usr/share/nginx/html/index.html");
    expect(get(world, spec.pod.key)).toMatchObject({ result: { body: "changed\n" } });
    runtime.signal(world, spec.pod.key, spec.id, 15);
    expect(state(world, spec)).toMatchObject({ exitCode: 0, reason: "Completed" });
  });

  test("two servers on one port: the second cannot bind", () => {
    const world = new RuntimeWorld();
    const pod = world.pod("web");
    world.start(world.spec(pod, "a", "nginx:1.29"));
    const second = world.start(world.spec(pod, "b", "nginx:1.29"));
    expect(state(world, second)).toMatchObject({ exitCode: 1, reason: "Error" });
    expect(world.log(second)).toContain(
      "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\n",
    );
  });

  test("an unknown image serves its declared ports and has a shell", () => {
    const world = new RuntimeWorld();
    const spec = world.start(
      world.spec(world.pod("app"), "app", "example/app:v1", {
        ports: [{ containerPort: 8080, protocol: "TCP" }],
      }),
    );
    expect(get(world, spec.pod.key, "/healthz", 8080)).toMatchObject({ result: { status: 200 } });
    expect(world.sh(spec, "hostname").stdout).toBe("app\n");
  });

  test.each([
    ["example/app:v1", ["appctl", "check"], 0],
    ["example/app:v1", ["/bin/appctl"], 0],
    ["example/app:v1", ["sh", "-c", "appctl check"], 0],
    ["example/app:v1", ["sh", "-c", "test -e /none"], 1],
    ["busybox", ["sh", "-c", "appctl check"], 127],
  ])("what a kubelet asks of %s by %j ends with %i", (image, command, code) => {
    const world = new RuntimeWorld();
    const spec = world.start(
      world.spec(world.pod("app"), "app", image, { tty: true, stdin: true }),
    );
    const handle = runtime.exec(world, spec.pod.key, spec.id, command) as string;
    const ended = runtime.execResult(world, spec.pod.key, handle);
    expect(ended).toMatchObject({ done: true, result: { exitCode: code } });
  });

  test("a read-only root leaves the volumes of the image writable", () => {
    const world = new RuntimeWorld();
    const readOnlyRootFilesystem = true;
    const spec = world.start(
      world.spec(world.pod("app"), "app", "mongo", { readOnlyRootFilesystem }),
    );
    world.advance(spec, 10_000);
    expect(state(world, spec)).toMatchObject({ status: "running" });
    expect(world.sh(spec, "touch /data/db/x && touch /data/x").stderr).toBe(
      "touch: cannot touch '/data/x': Read-only file system\n",
    );
  });
});

describe("logs", () => {
  test("tail, since, position, timestamps, parts of lines", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "echo a; sleep 2; echo b >&2; printf c; sleep 2; echo d");
    world.advance(spec, 3000);
    const read = (options: Parameters<typeof readLog>[3]) =>
      readLog(world, spec.pod.key, "main", options);
    expect(read({})?.text).toBe("a\nb\nc");
    const first = read({});
    world.advance(spec, 3000);
    expect(read({ position: first!.next })?.text).toBe("d\n");
    expect(read({ tail: 1 })?.text).toBe("cd\n");
    expect(read({ tail: 2 })?.text).toBe("b\ncd\n");
    expect(read({ sinceMs: world.now - 5000 })?.text).toBe("b\ncd\n");
    expect(read({ stream: "Stderr" })?.text).toBe("b\n");
    expect(read({ limitBytes: 3 })?.text).toBe("a\nb");
    expect(
      read({ stamp: (ms) => `<${ms - spec.pod.name.length}>`.replace(/\d+/, "t") })?.text,
    ).toBe("<t> a\n<t> b\n<t> cd\n");
  });

  test("the previous instance's log stays", () => {
    const world = new RuntimeWorld();
    const first = busybox(world, "echo first; exit 1");
    const second = world.start({
      ...first,
      id: "b".repeat(64),
      restartCount: 1,
      command: ["sh", "-c", "echo second; sleep 100"],
    });
    runtime.remove(world, first.pod.key, first.id);
    expect(readLog(world, first.pod.key, "main", {})?.text).toBe("second\n");
    expect(readLog(world, first.pod.key, "main", { previous: true })?.text).toBe("first\n");
    expect(state(world, second)?.status).toBe("running");
  });
});

describe("sessions", () => {
  test("exec with standard input, half-closed", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "sleep 1000");
    const started = execSession(world, spec.pod.key, spec.id, {
      command: ["cat"],
      tty: false,
      stdin: true,
    });
    const { session } = started as { session: string };
    sessionInput(world, spec.pod.key, session, bytes("one\ntwo"));
    expect(text(sessionOutput(world, spec.pod.key, session)?.stdout)).toBe("one\ntwo");
    sessionCloseInput(world, spec.pod.key, session);
    expect(sessionOutput(world, spec.pod.key, session)).toMatchObject({ exit: 0 });
    expect(sessionOutput(world, spec.pod.key, session)).toBeUndefined();
  });

  test("an interactive shell: prompt, echo, erase, ^C, ^D, exit code", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "sleep 1000");
    const { session } = execSession(world, spec.pod.key, spec.id, {
      command: ["sh"],
      tty: true,
      stdin: true,
    }) as { session: string };
    const type = (keys: string): string => {
      sessionInput(world, spec.pod.key, session, bytes(keys));
      return text(sessionOutput(world, spec.pod.key, session)?.stdout);
    };
    expect(text(sessionOutput(world, spec.pod.key, session)?.stdout)).toBe("/ # ");
    expect(type("echo hix\x7f\r")).toBe("echo hix\b \b\r\nhi\r\n/ # ");
    expect(type("cd /tmp\r")).toBe("cd /tmp\r\n/tmp # ");
    expect(type("sleep 100\r")).toBe("sleep 100\r\n");
    expect(type("\x03")).toBe("^C\r\n/tmp # ");
    expect(type("echo $?\r")).toBe("echo $?\r\n130\r\n/tmp # ");
    expect(type("for i in 1 2\r")).toBe("for i in 1 2\r\n> ");
    expect(type("do echo $i; done\r")).toBe("do echo $i; done\r\n1\r\n2\r\n/tmp # ");
    expect(type("abc\x15exit 3\r")).toBe("abc\b \b\b \b\b \bexit 3\r\n");
  });

  test("^D on an empty line ends the shell with its last status", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "sleep 1000");
    const { session } = execSession(world, spec.pod.key, spec.id, {
      command: ["sh"],
      tty: true,
      stdin: true,
    }) as { session: string };
    sessionInput(world, spec.pod.key, session, bytes("false\r"));
    sessionInput(world, spec.pod.key, session, bytes("\x04"));
    expect(sessionOutput(world, spec.pod.key, session)?.exit).toBe(1);
  });

  test("run -it: attach types into the container's own terminal", () => {
    const world = new RuntimeWorld();
    const spec = world.start(
      world.spec(world.pod("sh"), "sh", "busybox", { tty: true, stdin: true, stdinOnce: true }),
    );
    expect(state(world, spec)?.status).toBe("running");
    const { session } = attachSession(world, spec.pod.key, spec.id) as { session: string };
    sessionInput(world, spec.pod.key, session, bytes("echo $((6*7))\r"));
    expect(text(sessionOutput(world, spec.pod.key, session)?.stdout)).toContain("\r\n42\r\n/ # ");
    sessionInput(world, spec.pod.key, session, bytes("exit 5\r"));
    expect(state(world, spec)).toMatchObject({ exitCode: 5 });
    expect(sessionOutput(world, spec.pod.key, session)?.exit).toBe(0);
    expect(world.log(spec)).toContain("42");
  });

  test("what cannot be run, and a container that is gone", () => {
    const world = new RuntimeWorld();
    const spec = busybox(world, "exit 0");
    const request = { command: ["nosuch"], tty: false, stdin: false };
    expect(execSession(world, spec.pod.key, spec.id, request)).toEqual({
      error: "container is in CONTAINER_EXITED state",
    });
    const other = world.start(
      world.spec(world.pod("b"), "b", "busybox", { command: ["sleep", "9"] }),
    );
    expect(execSession(world, other.pod.key, other.id, request)).toEqual({
      error:
        'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown',
    });
  });
});

describe("one Pod, several containers", () => {
  test("shared process namespace: one tree, and TERM has its default action", () => {
    const world = new RuntimeWorld();
    const pod = world.pod("web", { shareProcessNamespace: true });
    const a = world.start(world.spec(pod, "a", "busybox", { command: ["sleep", "1000"] }));
    const b = world.start(world.spec(pod, "b", "busybox", { command: ["sleep", "2000"] }));
    const ps = world.sh(b, "ps").stdout;
    expect(ps).toContain("/pause");
    expect(ps).toContain("sleep 1000");
    runtime.signal(world, pod.key, a.id, 15);
    expect(state(world, a)).toMatchObject({ exitCode: 143 });
    expect(state(world, b)?.status).toBe("running");
  });
});
