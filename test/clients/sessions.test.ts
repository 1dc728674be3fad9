import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { findKubectls, Kubectl, skipNote, type Ran } from "../helpers/kubectl.ts";
import { makeSandbox } from "../helpers/sandbox.ts";

/** exec, attach, run, cp, debug, logs and port-forward with each real kubectl of this machine. */

const binaries = findKubectls();
if (binaries.length === 0) skipNote("no kubectl >= 1.30 was found: its sessions did not run");

const python = ((): string | undefined => {
  try {
    return execFileSync("python3", ["-c", "import pty, sys; print(sys.executable)"], {
      encoding: "utf8",
    }).trim();
  } catch {
    return undefined;
  }
})();
if (!python) skipNote("no python3 was found: kubectl was not tried on a terminal");

/** 1.30 speaks SPDY over WebSocket only when told to. */
process.env["KUBECTL_PORT_FORWARD_WEBSOCKETS"] = "true";

describe.skipIf(binaries.length === 0).concurrent.each(binaries)("kubectl $version", (binary) => {
  let kubectl: Kubectl;
  const folder = mkdtempSync(path.join(tmpdir(), "podyard-sessions-"));

  beforeAll(async () => {
    kubectl = new Kubectl(binary, (await makeSandbox(inject("url"), { seed: 4 })).kubeconfig);
    await kubectl.ok([
      ..."run box --image=busybox --restart=Never -- sh -c".split(" "),
      "i=0; while true; do echo tick $i; i=$((i+1)); sleep 1; done",
    ]);
    await kubectl.ok("run web --image=nginx --port=80 --expose");
    await kubectl.ok("wait --for=condition=Ready pod/box pod/web --timeout=120s");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const exec = (script: string, stdin?: string): Promise<Ran> =>
    kubectl.run(
      [...(stdin === undefined ? ["exec"] : ["exec", "-i"]), "box", "--", "sh", "-c", script],
      {
        stdin,
      },
    );

  test("exec keeps the streams apart and ends with the command's code", async () => {
    expect(await exec("echo out; echo err >&2; exit 3")).toEqual({
      code: 3,
      stdout: "out\n",
      stderr: "err\ncommand terminated with exit code 3\n",
    });
  });

  test("exec -i pipes standard input", async () => {
    expect(await exec("cat; echo end", "piped\n")).toEqual({
      code: 0,
      stdout: "piped\nend\n",
      stderr: "",
    });
  });

  test("a megabyte goes through and back unharmed", async () => {
    const text = Array.from({ length: 100_000 }, (_, i) => `${i} line`).join("\n");
    const { stdout } = await exec("cat", text);
    expect(stdout === text).toBe(true);
  });

  test("what cannot be run is refused in upstream's words", async () => {
    const absent = await kubectl.run("exec box -- nonsense");
    expect(absent.code).toBe(1);
    expect(absent.stderr).toMatch(
      /^error: Internal error occurred: Internal error occurred: error executing command in container: .*exec: "nonsense": executable file not found in \$PATH: unknown\n$/,
    );
    // Since 1.36 kubectl looks first.
    expect((await kubectl.run("exec box -c other -- ls")).stderr).toMatch(
      /^(Error from server \(BadRequest\): container other is not valid for pod box|error: container other is not valid for pod box out of: box)\n$/,
    );
    await kubectl.ok("run done --image=busybox --restart=Never -- true");
    await kubectl.ok("wait --for=jsonpath={.status.phase}=Succeeded pod/done --timeout=120s");
    expect((await kubectl.run("exec done -- ls")).stderr).toBe(
      "error: cannot exec into a container in a completed pod; current phase is Succeeded\n",
    );
  });

  test("cp carries files both ways", async () => {
    const [there, back] = [path.join(folder, "there.txt"), path.join(folder, "back.txt")];
    const text = `${"copied, with a ü\n".repeat(500)}`;
    writeFileSync(there, text);
    await kubectl.ok(["cp", there, "box:/var/copy.txt"]);
    expect((await exec("wc -l < /var/copy.txt")).stdout.trim()).toBe("500");
    await kubectl.ok(["cp", "box:/var/copy.txt", back]);
    expect(readFileSync(back, "utf8")).toBe(text);
  });

  test("logs -f follows, and logs tells its options apart", async () => {
    expect(await kubectl.ok("logs box --tail=1")).toMatch(/^tick \d+\n$/);
    expect(await kubectl.ok("logs box --timestamps --tail=1")).toMatch(
      /^\d{4}-\d\d-\d\dT[0-9:.]+Z tick \d+\n$/,
    );
    const child = spawn(binary.file, ["logs", "-f", "box", "--tail=1"], {
      env: { ...process.env, KUBECONFIG: kubectl.kubeconfig },
    });
    let text = "";
    await new Promise<void>((done) => {
      child.stdout.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.split("\n").length > 3) done();
      });
    });
    child.kill();
    const ticks = text
      .trim()
      .split("\n")
      .map((line) => Number(line.slice(5)));
    expect(ticks.slice(0, 3)).toEqual([ticks[0], ticks[0]! + 1, ticks[0]! + 2]);
  });

  test("logs -f ends with the container", async () => {
    await kubectl.ok([
      "run",
      "brief",
      "--image=busybox",
      "--restart=Never",
      "--",
      "sh",
      "-c",
      "echo a; sleep 3; echo b",
    ]);
    await kubectl.run("wait --for=condition=Ready pod/brief --timeout=120s");
    expect(await kubectl.ok("logs -f brief")).toBe("a\nb\n");
  });

  test("run -i --rm hands input over, prints, and takes the Pod away", async () => {
    const ran = await kubectl.run(
      [
        ..."run once -i --rm --restart=Never --image=busybox -- sh -c".split(" "),
        "read x; echo got $x; exit 6",
      ],
      { stdin: "word\n" },
    );
    expect(ran.stdout).toContain("got word");
    expect(ran.code).toBe(6);
    expect((await kubectl.run("get pod once")).stderr).toContain('pods "once" not found');
  });

  test("port-forward reaches the Pod, and a closed port ends it as upstream does", async () => {
    const forward = async (
      target: string,
      ports: string,
      use: (port: number) => Promise<void>,
    ): Promise<string> => {
      const child = spawn(binary.file, ["port-forward", target, ports], {
        env: { ...process.env, KUBECONFIG: kubectl.kubeconfig },
      });
      let said = "";
      const closed = new Promise<void>((done) => child.on("close", () => done()));
      const port = await new Promise<number>((found) => {
        child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
        child.stdout.on("data", (chunk: Buffer) => {
          const local = /127\.0\.0\.1:(\d+)/.exec(chunk.toString())?.[1];
          if (local) found(Number(local));
        });
      });
      await use(port);
      if (ports === ":80") child.kill();
      await closed;
      return said;
    };
    await forward("service/web", ":80", async (port) => {
      const pages = await Promise.all(
        Array.from({ length: 8 }, async () => (await fetch(`http://127.0.0.1:${port}/`)).text()),
      );
      expect(pages.every((page) => page.includes("Welcome to nginx!"))).toBe(true);
      expect((await fetch(`http://127.0.0.1:${port}/absent`)).status).toBe(404);
    });
    const said = await forward("pod/web", ":81", async (port) => {
      await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    });
    expect(said).toMatch(
      /error forwarding port 81 to pod [0-9a-f]{64}, uid : failed to execute portforward/,
    );
    expect(said).toContain("lost connection to pod");
  });

  describe.skipIf(!python)("on a terminal", () => {
    const onTerminal = (
      words: string[],
      steps: [string, string][],
    ): Promise<{ output: string; code: number }> =>
      new Promise((resolve, reject) => {
        const child = spawn(python!, [path.join(import.meta.dirname, "../helpers/terminal.py")], {
          env: { ...process.env, KUBECONFIG: kubectl.kubeconfig },
          stdio: ["pipe", "pipe", "inherit"],
        });
        let text = "";
        child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
        child.on("close", () => {
          try {
            resolve(JSON.parse(text) as { output: string; code: number });
          } catch (error) {
            reject(error as Error);
          }
        });
        child.stdin.end(JSON.stringify({ argv: [binary.file, ...words], steps, seconds: 120 }));
      });

    test("exec -it: prompt, erase, ^C, exit code", async () => {
      const { output, code } = await onTerminal("exec -it box -- sh".split(" "), [
        ["/ # ", "echo $((20+3))X\x7f\r"],
        ["23", "sleep 1000\r"],
        ["sleep 1000", "\x03"],
        ["/ # ", "exit 9\r"],
      ]);
      expect(output).toContain("\r\n23\r\n/ # ");
      expect(output).toContain("^C");
      expect(code).toBe(9);
    });

    test("run -it --rm: ^D ends the shell and the Pod", async () => {
      const words = `run term --image=busybox -it --rm --restart=Never -- sh`.split(" ");
      const { output, code } = await onTerminal(words, [
        ["try pressing enter", "echo here-$0\r"],
        ["here-sh", "\x04"],
      ]);
      expect(output).toContain("here-sh\r\n/ # ");
      expect(output).toContain('pod "term" deleted');
      expect(code).toBe(0);
    });

    test("debug: an ephemeral container in a Pod, and a node's own files", async () => {
      const inPod = await onTerminal("debug -it web --image=busybox --profile=general".split(" "), [
        ["try pressing enter", "echo at-$(hostname)\r"],
        ["at-web", "exit\r"],
      ]);
      expect(inPod.output).toContain("\r\nat-web\r\n/ # ");
      const names = "get pod web -o jsonpath={.spec.ephemeralContainers[*].image}";
      expect(await kubectl.ok(names)).toBe("busybox");

      const onNode = await onTerminal(
        "debug node/node-1 -it --image=busybox --profile=general".split(" "),
        [
          ["try pressing enter", "cat /host/etc/hostname\r"],
          ["node-1", "exit\r"],
        ],
      );
      expect(onNode.output).toContain("\r\nnode-1\r\n");
      expect(onNode.code).toBe(0);
    });
  });
});
