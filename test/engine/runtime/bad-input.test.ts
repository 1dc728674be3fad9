/** What hurts a container through exec and cp, over the whole engine: its own words for it, and a cluster that lives on. */
import { beforeEach, describe, expect, it } from "vitest";
import { gzipSync } from "fflate";
import { podRecordCharactersMax } from "../../../durable-objects/engine/core/limits.ts";
import {
  box,
  isolationWorld,
  podOf,
  type IsolationWorld,
  type Ran,
} from "./isolation/isolation-world.ts";

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
    for (
      let i = 0;
      i < 200 && !session.status && sessions.inputCapacityBytes(session.session) <= 0;
      i++
    ) {
      w.advance(100);
      session.read();
    }
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

/** One entry of an archive; `size` is what its header claims. */
function entry(name: string, body: Uint8Array, size = body.length): Uint8Array {
  const block = new Uint8Array(512 + Math.ceil(body.length / 512) * 512);
  const put = (text: string, at: number): void => block.set(new TextEncoder().encode(text), at);
  put(name, 0);
  put("0000644\0" + "0000000\0".repeat(2), 100);
  put(`${size.toString(8).padStart(11, "0")}\0`, 124);
  put("00000000000\0", 136);
  put("        0", 148);
  put("ustar\x0000", 257);
  const sum = block.subarray(0, 512).reduce((all, byte) => all + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  block.set(body, 512);
  return block;
}

const joined = (...parts: Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
};
const end = new Uint8Array(1024);
const utf8 = new TextEncoder();

describe("words", () => {
  it.each([
    ["no-such-command", 127, "sh: no-such-command: not found\n"],
    ["/bin/absent", 127, "sh: /bin/absent: not found\n"],
    ["/etc/passwd", 126, "sh: /etc/passwd: Permission denied\n"],
    ["/tmp", 126, "sh: /tmp: Permission denied\n"],
    ["echo 'exit 3' > /x; /x", 126, "sh: /x: Permission denied\n"],
  ])("%s in a shell: %i", (script, code, err) => {
    expect(w.sh("p", script)).toEqual({ code, out: "", err });
  });

  it.each([
    ["a script of bytes", Uint8Array.from({ length: 4_096 }, (_, i) => (i * 7919) & 255)],
    ["zeros", new Uint8Array(50_000)],
    ["quotes that never close", utf8.encode('"'.repeat(50_001))],
    ["brackets without end", utf8.encode("(".repeat(50_000))],
    ["substitutions without end", utf8.encode("$(".repeat(50_000))],
    ["arithmetic without end", utf8.encode(`echo $((${"(".repeat(50_000)}1))`)],
    ["one long word", utf8.encode("x".repeat(1_000_000))],
    ["half a character", Uint8Array.of(0xe2, 0x82)],
  ])("%s as a script", (_name, bytes) => {
    const { code } = feed(["sh"], bytes);
    expect(code).toBeGreaterThanOrEqual(0);
    expect(code).toBeLessThanOrEqual(137);
    healthy();
  });

  it("too many of them", () => {
    expect(w.sh("p", `/bin/echo $(seq 60000)`).err).toContain("Argument list too long");
    healthy();
  });
});

describe("a script that never ends", () => {
  it.each([
    "while :; do :; done",
    "yes",
    "cat /dev/zero",
    "f() { f; }; f",
    "sh -c 'while :; do echo x; done' & wait",
    "tail -f /dev/null",
    "awk 'BEGIN { while (1) print 1 }'",
    "while :; do echo more >> /tmp/f; done",
    "x=a; while :; do x=$x$x; done",
    ": | while :; do sleep 0; done",
  ])("%s", (script) => {
    const session = w.exec("p", script);
    for (let i = 0; i < 10; i++) {
      w.advance(1_000);
      // One portion each time, as over a socket that is read slowly.
      w.engine.session(w.now, () => w.engine.sessions.read(session.session));
    }
    healthy();
    session.end();
    w.advance(2_000);
    expect(w.out("p", "echo free")).toBe("free\n");
    const left = w.pod("p").status.containerStatuses[0];
    expect(left.state.running).toBeDefined();
  });
});

describe("archives by cp", () => {
  const unpack = ["tar", "-xmf", "-", "-C", "/tmp"];
  const unzip = ["tar", "-xzmf", "-", "-C", "/tmp"];
  const zip = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { mtime: 0 });

  it("a small one passes", () => {
    const archive = joined(entry("a", utf8.encode("kept\n")), end);
    expect(feed(unpack, archive)).toEqual({ code: 0, out: "", err: "" });
    expect(feed(unzip, zip(archive))).toEqual({ code: 0, out: "", err: "" });
    expect(w.out("p", "cat /tmp/a")).toBe("kept\n");
  });

  it("a compressed bomb fills nothing but its bound", () => {
    const huge = new Uint8Array(30_000_000);
    const { code, err } = feed(
      unzip,
      zip(joined(entry("a", huge), entry("b", huge), entry("c", huge), end)),
    );
    expect(code).not.toBe(0);
    expect(err).toContain("No space left on device");
    healthy();
  });

  it("a bomb within a bomb stays a file", () => {
    const inner = zip(zip(new Uint8Array(50_000_000)));
    expect(feed(unpack, joined(entry("bomb.gz", inner), end)).code).toBe(0);
    expect(w.sh("p", "gunzip -c /tmp/bomb.gz | gunzip -c | wc -c").err).toContain("No space left");
    healthy();
  });

  it("more files than fit are refused", () => {
    const many = Array.from({ length: 6_000 }, (_, i) => entry(`f${i}`, new Uint8Array()));
    const { code, err } = feed(unpack, joined(...many, end));
    expect(code).toBe(1);
    expect(err).toContain("No space left on device");
    expect(w.out("p", "rm -r /tmp; echo $?")).toBe("0\n");
    healthy();
  });

  it("a header that lies about its size is a short read", () => {
    const { code, err } = feed(unpack, entry("liar", new Uint8Array(512), 8 ** 11 - 1));
    expect(code).toBe(1);
    expect(err).toContain("tar: short read");
    healthy();
  });

  it("deeper than a path may be", () => {
    const deep = Array.from({ length: 60 }, () => "d").join("/");
    expect(feed(unpack, joined(entry(`${deep.slice(0, 90)}/x`, utf8.encode("x")), end)).code).toBe(
      0,
    );
    healthy();
  });
});

describe("what would take for ever", () => {
  it("patterns, expressions and paths cost no more than their length allows", () => {
    const stars = `${"*a".repeat(15)}*c`;
    const long = `${"a".repeat(80)}b`;
    expect(w.out("p", `case ${long} in ${stars}) echo yes;; *) echo no;; esac`)).toBe("no\n");
    expect(w.out("p", `x=${long}; echo "\${x##${stars}}" "\${x//${stars}/y}"`)).toBe(
      `${long} ${long}\n`,
    );
    const nested = w.sh("p", "x=$(printf %04000d 0 | tr 0 '('); echo $(($x 1)); echo no");
    expect(nested).toMatchObject({ code: 2, out: "" });
    expect(nested.err).toContain("expression too deep");
    expect(w.sh("p", "mkdir -p $(printf %01500d 0 | sed 's/0/a\\//g')").err).toContain(
      "File name too long",
    );
    healthy();
  });

  it("a program that is none, an endless device and a folder that leads back", () => {
    expect(w.sh("p", "awk '{'")).toMatchObject({ code: 1, out: "" });
    expect(w.out("p", "find / -name passwd -type f")).toBe("/etc/passwd\n");
    expect(w.out("p", "ls -ld /proc/1/root | cut -c1; cat /proc/1/root/etc/hostname")).toBe(
      "l\np\n",
    );
    for (const command of ["xargs echo < /dev/zero", "diff /dev/zero /dev/urandom"]) {
      // Out of memory: the container goes with it, and comes back.
      expect(w.sh("p", command).code).toBe(137);
      w.advance(120_000);
    }
    healthy();
  });

  it("variables that name one another and double each time", () => {
    const doubled = Array.from({ length: 60 }, (_, i) => ({
      name: `A${i + 1}`,
      value: `$(A${i})$(A${i})`,
    }));
    const many = Array.from({ length: 3_000 }, (_, i) => ({ name: `B${i}`, value: "$(A6)" }));
    const first = { name: "A0", value: "0123456789" };
    const command = ["sh", "-c", "echo $(A60)"];
    w.create(
      podOf("doubled", [box("c", { command, env: [first, ...doubled] })]),
      podOf("total", [box("c", { command, env: [first, ...doubled.slice(0, 6), ...many] })]),
      podOf("words", [box("c", { command, env: [first, ...doubled.slice(0, 14)] })]),
      podOf("fits", [box("c", { env: [first, ...doubled.slice(0, 13)] })]),
    );
    w.advance(20_000);
    const state = (name: string) =>
      w.get(`/api/v1/namespaces/default/pods/${name}`).status.containerStatuses[0];
    for (const name of ["doubled", "total", "words"]) {
      expect(state(name).lastState.terminated ?? state(name).state.terminated).toMatchObject({
        reason: "StartError",
        exitCode: 128,
        message: expect.stringContaining("exec sh: argument list too long: unknown"),
      });
    }
    expect(state("fits").state.running).toBeDefined();
    expect(w.out("fits", "echo ${#A13}")).toBe("81920\n");
    healthy();
  });
});
