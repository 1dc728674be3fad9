/** Commands that make a container or a file in one: run -it, attach, debug, cp. */
import { beforeAll, describe, expect, test } from "vitest";
import { KubectlWorld } from "./kubectl-world.ts";

let world: KubectlWorld;

const pod = (name: string, script: string, more: object = {}, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    ...spec,
    containers: [{ name: "c", image: "busybox:1.37", command: ["sh", "-c", script], ...more }],
  },
});

const notice =
  "All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n";
const terminal = "stdin=true&stdout=true&tty=true&stderr=false";
const ended = (name: string, container: string): string =>
  `Session ended, resume using 'kubectl attach ${name} -c ${container} -n default -i -t' command\n`;

beforeAll(() => {
  world = new KubectlWorld({ seed: "attached", nodes: 1 }).begin();
  world.create(
    pod("box", "echo begun; sleep 3600"),
    pod("files", "sleep 3600"),
    pod("shell", "exec sh", { stdin: true, tty: true }),
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "bare" },
      spec: { containers: [{ name: "c", image: "registry.k8s.io/pause:3.10" }] },
    },
  );
  for (const name of ["box", "files", "shell", "bare"])
    world.until(() => world.pod(name).status.phase === "Running");
});

/** What a line shows on a terminal, keys typed one after the other; memory is lost before each of them. */
function screen(
  line: string,
  keys: readonly string[],
): { shown: string; code: number | undefined } {
  const session = world.start(line, terminal);
  for (const typed of ["", ...keys]) {
    if (typed) session.write(typed);
    world.settle(4000);
    session.read();
    world.evict();
  }
  world.settle(5000);
  session.read();
  return { shown: session.stdout.replaceAll("\r\n", "\n"), code: session.code };
}

describe("run", () => {
  test("-it --rm: a shell, and nothing is left", () => {
    const { shown, code } = screen(
      "kubectl run t1 -it --rm --image=busybox --restart=Never -- sh",
      ["echo $((40+2))\n", "exit\n"],
    );
    expect(shown).toBe(
      `/ # ${notice}echo $((40+2))\n42\n/ # exit\n${ended("t1", "t1")}pod "t1" deleted from default namespace\n`,
    );
    expect(code).toBe(0);
    world.settle(40_000);
    expect(world.sh("kubectl get pod t1").stderr).toBe(
      'Error from server (NotFound): pods "t1" not found\n',
    );
  });

  test.each([
    [
      "kubectl run t2 -i --rm --image=busybox --restart=Never -- sh -c 'echo one; sleep 3; echo two'",
      'one\ntwo\npod "t2" deleted from default namespace\n',
      notice,
      0,
    ],
    [
      "kubectl run t3 --attach --rm -q --image=busybox --restart=Never -- sh -c 'sleep 2; exit 4'",
      "",
      "pod default/t3 terminated (Error)\n",
      4,
    ],
    [
      "echo typed | kubectl run t4 -i --rm -q --image=busybox --restart=Never -- cat",
      "typed\n",
      "",
      0,
    ],
  ])("%s", (line, stdout, stderr, code) => {
    expect(world.sh(line)).toEqual({ stdout, stderr, code });
  });
});

describe("attach", () => {
  test("to a shell on its terminal, which goes on afterwards", () => {
    const { shown } = screen("kubectl attach -it shell; echo $?", ["echo a$((1+1))\n", "exit 3\n"]);
    expect(shown).toContain(`${notice}echo a$((1+1))\na2\n/ # exit 3\n${ended("shell", "c")}0\n`);
  });
});

describe("debug", () => {
  test("-it: a container beside the others, with their processes in sight", () => {
    const { shown, code } = screen(
      "kubectl debug -it box --image=busybox -c dbg --target=c -- sh",
      ["ps | grep -c '[s]leep 3600'\n", "exit\n"],
    );
    expect(shown).toBe(
      `Targeting container "c". If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n${notice}ps | grep -c '[s]leep 3600'\n1\n/ # exit\n` +
        "Session ended, the ephemeral container will not be restarted but may be reattached using 'kubectl attach box -c dbg -n default -i -t' if it is still running\n",
    );
    expect(code).toBe(0);
  });

  test("of a node: its files are under /host", () => {
    const said = world.sh(
      "kubectl debug node/node-1 -i --image=busybox -- chroot /host cat /etc/hostname",
    );
    const [, name] =
      /^Creating debugging pod (node-debugger-node-1-[a-z0-9]{5}) /.exec(said.stdout) ?? [];
    expect(said.stdout).toBe(
      `Creating debugging pod ${name} with container debugger on node node-1.\nnode-1\n`,
    );
    expect(said.code).toBe(0);
  });

  test("without -i it tells the name and goes", () => {
    expect(world.out("kubectl debug box --image=busybox -- sleep 1d")).toMatch(
      /^Defaulting debug container name to debugger-[bcdfghjklmnpqrstvwxz2456789]{5}\.\n$/,
    );
  });
});

describe("cp", () => {
  test("a tree there and back", () => {
    world.out("mkdir -p /tmp/t/a/b /tmp/t/none; echo hi > /tmp/t/a/x; seq 1 60000 > /tmp/t/a/b/y");
    const session = world.start("kubectl cp /tmp/t files:/tmp/t2");
    for (let i = 0; session.code === undefined && i < 50; i++) {
      world.evict();
      world.advance(20);
      session.read();
    }
    expect([session.stdout, session.stderr, session.code]).toEqual(["", "", 0]);
    world.out("kubectl cp files:tmp/t2 /tmp/t3");
    expect(world.out("cd /tmp/t3; find . | sort; cmp a/b/y ../t/a/b/y && cat a/x")).toBe(
      ".\n./a\n./a/b\n./a/b/y\n./a/x\n./none\nhi\n",
    );
  });

  test.each([
    [
      "echo x > /tmp/f; kubectl cp /tmp/f files:/tmp; kubectl exec files -- cat /tmp/f",
      "x\n",
      "",
      0,
    ],
    [
      "echo y > /tmp/f; kubectl cp /tmp/f default/files:/tmp/g -c c; kubectl exec files -- cat /tmp/g",
      "y\n",
      "",
      0,
    ],
    [
      "kubectl exec files -- sh -c 'mkdir -p /l; ln -sf x /l/y; ln -sf x /l/z'; kubectl cp files:/l /tmp/l",
      "tar: removing leading '/' from member names\n",
      'warning: skipping symlink: "/tmp/l/y" -> "x" (consider using "kubectl exec -n \\"default\\" \\"files\\" -- tar cf - \\"/l\\" | tar xf -")\nwarning: skipping symlink: "/tmp/l/z" -> "x"\n',
      0,
    ],
    [
      "kubectl cp files:/none /tmp/none",
      "tar: /none: No such file or directory\ntar: error exit delayed from previous errors\n",
      "",
      0,
    ],
  ])("%s", (line, stdout, stderr, code) => {
    expect(world.sh(line)).toEqual({ stdout, stderr: stderr.replaceAll('\\"', '"'), code });
  });

  test.each(["echo > /tmp/f; kubectl cp /tmp/f bare:/tmp", "kubectl cp bare:/x /tmp/y"])(
    "%s: there is no tar",
    (line) => {
      const { stdout, stderr, code } = world.sh(line);
      expect(stdout).toBe("");
      expect(stderr).toMatch(/exec: "tar": executable file not found in \$PATH/);
      expect(code).toBe(1);
    },
  );
});

describe("help on a terminal", () => {
  test("is as wide as that", () => {
    const shown = (cols: number): string => {
      const session = world.start("sleep 1; kubectl proxy --help", terminal);
      session.resize(cols, 24);
      world.settle(3000);
      session.read();
      return session.stdout.replaceAll("\r\n", "\n");
    };
    const longest = (text: string): number => Math.max(...text.split("\n").map((l) => l.length));
    expect(longest(shown(90))).toBeLessThanOrEqual(80);
    expect(longest(shown(200))).toBeLessThanOrEqual(120);
    expect(longest(shown(70))).toBeGreaterThan(200);
  });
});
