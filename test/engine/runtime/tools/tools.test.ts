/** Tools where goldens do not reach: binary streams, bombs, endless work, other images' words. */
import { nodeTools } from "../../../../durable-objects/engine/runtime/volumes/node-files.ts";
import { describe, expect, test } from "vitest";
import { gzipSync } from "fflate";
import { runtime } from "../../../../durable-objects/engine/cri/runtime.ts";
import {
  execSession,
  sessionCloseInput,
  sessionInput,
  sessionOutput,
} from "../../../../durable-objects/engine/runtime/sessions.ts";
import { toolNames } from "../../../../durable-objects/engine/runtime/tools/index.ts";
import { toolPrograms } from "../../../../durable-objects/engine/runtime/tools/table.ts";
import { RuntimeWorld } from "../runtime-world.ts";

function box(image = "busybox:1.37") {
  const world = new RuntimeWorld();
  return {
    world,
    spec: world.start(
      world.spec(world.pod("box"), "main", image, { command: ["sleep", "infinity"] }),
    ),
  };
}

/** Runs a command with bytes as its input; time moves only when nothing else does. */
function feed({ world, spec }: ReturnType<typeof box>, command: string[], input: Uint8Array) {
  const started = execSession(world, spec.pod.key, spec.id, { command, tty: false, stdin: true });
  if ("error" in started) throw new Error(started.error);
  const { session } = started;
  const out: Uint8Array[] = [];
  let stderr = "";
  for (let fed = 0, turns = 0; turns < 2000; turns++) {
    if (fed < input.length)
      sessionInput(world, spec.pod.key, session, input.subarray(fed, (fed += 65_536)));
    else if (fed < Infinity) {
      sessionCloseInput(world, spec.pod.key, session);
      fed = Infinity;
    }
    const due = runtime.advance(world, spec.pod.key);
    const part = sessionOutput(world, spec.pod.key, session);
    if (part?.stdout?.length) out.push(part.stdout);
    stderr += new TextDecoder().decode(part?.stderr);
    if (part?.exit !== undefined) {
      const stdout = new Uint8Array(out.reduce((sum, one) => sum + one.length, 0));
      out.reduce((at, one) => (stdout.set(one, at), at + one.length), 0);
      return { exit: part.exit, stdout, stderr };
    }
    if (fed === Infinity && !part?.stdout?.length && due !== undefined)
      world.now = Math.max(world.now, due);
  }
  throw new Error("still running");
}

const none = new Uint8Array();

test("every program has its name in the images' list, or in the nodes'", () => {
  const programs = toolPrograms()
    .map(({ name }) => name)
    .filter((name) => name !== "no-applet");
  expect([...toolNames, ...nodeTools].sort()).toEqual(programs.sort());
});

describe("kubectl cp", () => {
  test("bytes come back as they went in", () => {
    const one = box();
    const bytes = new Uint8Array(300_000).map((_, i) => (i * 7919 + (i >> 8)) & 255);
    expect(feed(one, ["sh", "-c", "cat > /tmp/bin.dat"], bytes).exit).toBe(0);
    const packed = feed(one, ["tar", "cf", "-", "/tmp/bin.dat"], none);
    expect(packed).toMatchObject({
      exit: 0,
      stderr: "tar: removing leading '/' from member names\n",
    });
    const other = box();
    expect(feed(other, ["tar", "-xmf", "-", "-C", "/tmp"], packed.stdout)).toMatchObject({
      exit: 0,
      stderr: "",
    });
    expect(feed(other, ["cat", "/tmp/tmp/bin.dat"], none).stdout).toEqual(bytes);
  });

  test.each([
    ["../evil", "tar: name with '..': '../evil'\n"],
    ["a/../../evil", "tar: name with '..': 'a/../../evil'\n"],
  ])("%s stays out", (name, stderr) => {
    const one = box();
    feed(
      one,
      [
        "sh",
        "-c",
        `cd /tmp; echo x > ${"n".repeat(name.length)}; tar cf t.tar ${"n".repeat(name.length)}`,
      ],
      none,
    );
    const archive = feed(one, ["cat", "/tmp/t.tar"], none).stdout.slice();
    archive.set(new TextEncoder().encode(name));
    // The checksum of the changed header.
    archive.fill(32, 148, 156);
    const sum = archive.subarray(0, 512).reduce((all, byte) => all + byte, 0);
    archive.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    expect(feed(one, ["tar", "xf", "-", "-C", "/tmp"], archive)).toMatchObject({ exit: 1, stderr });
  });

  test("no archive, half an archive", () => {
    const one = box();
    expect(feed(one, ["tar", "xf", "-"], new TextEncoder().encode("junk"))).toMatchObject({
      exit: 1,
      stderr: "tar: short read\n",
    });
    expect(feed(one, ["tar", "xf", "-"], new Uint8Array(512).fill(65))).toMatchObject({
      exit: 1,
      stderr: "tar: invalid tar magic\n",
    });
  });
});

describe("bounds", () => {
  test("a gzip bomb ends", () => {
    const bomb = gzipSync(new Uint8Array(40_000_000), { mtime: 0 });
    expect(feed(box(), ["gunzip", "-c"], bomb)).toMatchObject({
      exit: 1,
      stderr: "gunzip: No space left on device\n",
    });
  });

  test("an awk whose arrays grow without end is out of memory at once", () => {
    const { world, spec } = box();
    const kept = "awk 'BEGIN { for (i = 0; i < 60000; i++) { a[i] = i; delete a[i] } print i }'";
    expect(world.sh(spec, kept).stdout).toBe("60000\n");
    const grown = "awk 'BEGIN { for (; i < 60000; i++) a[i] = i; print i }'";
    expect(world.sh(spec, grown)).toMatchObject({ exitCode: 137, stdout: "" });
  });

  test("an endless awk is computed in virtual time and can be stopped", () => {
    const { world, spec } = box();
    expect(world.sh(spec, "timeout 5 awk 'BEGIN { while (1) ; }'; echo $?")).toMatchObject({
      stdout: "143\n",
    });
  });

  test("filters pass on what comes", () => {
    const { world, spec } = box();
    expect(
      world.sh(
        spec,
        "yes | head -n 300000 | wc -l; (echo a; sleep 9; echo b) | awk '{print $1 \"!\"}' | sed 's/!/?/'",
      ),
    ).toMatchObject({
      stdout: "300000\na?\nb?\n",
    });
  });
});

describe("the kernel's devices", () => {
  test("tail -f /dev/null waits for ever, and costs nothing", () => {
    const { world, spec } = box();
    world.sh(spec, "tail -f /dev/null & echo $! > /tmp/pid");
    expect(runtime.advance(world, spec.pod.key) ?? Infinity).toBeGreaterThan(world.now + 1e12);
    expect(world.sh(spec, "kill -0 $(cat /tmp/pid) && echo alive").stdout).toBe("alive\n");
  });

  test("other devices are names without anybody behind them", () => {
    const { world, spec } = box();
    const script =
      "mknod /tmp/d c 89 1; cat /tmp/d; stat -c '%F %t %T' /tmp/d; mknod /tmp/d b 1 2; mknod x c";
    expect(world.sh(spec, script)).toMatchObject({
      stdout: "character special file 59 1\n",
      stderr: expect.stringContaining(
        "cat: can't open '/tmp/d': No such device or address\nmknod: /tmp/d: File exists\nBusyBox",
      ),
    });
  });
});

describe("without busybox", () => {
  test.each([
    ["cat /nosuch", "cat: /nosuch: No such file or directory\n"],
    ["ls /nosuch", "ls: cannot access '/nosuch': No such file or directory\n"],
    ["rm /nosuch", "rm: cannot remove '/nosuch': No such file or directory\n"],
    ["mkdir /tmp", "mkdir: cannot create directory '/tmp': File exists\n"],
    ["touch /no/such", "touch: cannot touch '/no/such': No such file or directory\n"],
    ["tar cf - /etc/hostname >/dev/null", "tar: Removing leading `/' from member names\n"],
    [
      "tar cf - /nosuch >/dev/null || echo $? >&2",
      "tar: /nosuch: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors\n2\n",
    ],
    [
      "mkdir -p /tmp/a/b; touch /tmp/b; tar cf /tmp/x.tar -C /tmp b; tar xf /tmp/x.tar -C /tmp/a || echo $? >&2",
      "tar: b: Cannot open: Is a directory\ntar: Exiting with failure status due to previous errors\n2\n",
    ],
    [
      "tar xf /nosuch",
      "tar: /nosuch: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now\n",
    ],
  ])("%s", (command, stderr) => {
    const { world, spec } = box("debian:13");
    expect(world.sh(spec, command).stderr).toBe(stderr);
  });
  test.each([
    ["ls /nosuch", 2, 1],
    ["ls /tmp /nosuch", 2, 1],
    ["ls -l /nosuch/", 2, 1],
    ["ls /tmp", 0, 0],
  ])("%s ends with %i, busybox' with %i", (command, gnu, busybox) => {
    const codes = ["debian:13", "busybox:1.37"].map((image) => {
      const { world, spec } = box(image);
      return world.sh(spec, command).exitCode;
    });
    expect(codes).toEqual([gnu, busybox]);
  });
  test.each(["curl", "ps", "ping", "nslookup", "vi"])("%s is not installed", (name) => {
    const { world, spec } = box("debian:13");
    expect(world.sh(spec, name).exitCode).toBe(127);
  });
});
