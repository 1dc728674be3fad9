/** Which processes a container sees and reaches: its own, its Pod's, its node's. */
import { describe, expect, it } from "vitest";
import { box, debuggerPod, isolationWorld, podOf, type IsolationWorld } from "./isolation-world.ts";

const nginx = { name: "web", image: "nginx:1.29" };

/** Command lines of `ps`, without pids. */
const commands = (text: string): string[] =>
  text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/ +/).slice(3).join(" "));

const pidOf = (text: string, command: RegExp): number =>
  Number(
    text
      .split("\n")
      .find((line) => command.test(line))
      ?.trim()
      .split(/ +/)[0],
  );

describe("a container of its own", () => {
  it("sees its own processes only, from PID 1", () => {
    const w = isolationWorld();
    w.create(podOf("two", [nginx, box("shell")]));
    w.advance(20_000);
    const text = w.out("two", "ps", "shell");
    expect(commands(text)).toEqual(["sleep 1000000", "ps"]);
    expect(pidOf(text, /sleep/)).toBe(1);
    expect(w.sh("two", "kill 99", "shell")).toMatchObject({
      code: 1,
      err: expect.stringContaining("No such process"),
    });
    expect(w.out("two", "ls /proc | grep '^[0-9]'; cat /proc/1/comm", "shell")).toContain(
      "sleep\n",
    );
  });
});

describe("shareProcessNamespace", () => {
  const world = (): IsolationWorld => {
    const w = isolationWorld();
    w.create(podOf("shared", [nginx, box("shell")], { shareProcessNamespace: true }));
    w.advance(20_000);
    return w;
  };

  it("shows all processes of the Pod below pause", () => {
    const text = world().out("shared", "ps ax", "shell");
    expect(pidOf(text, /\/pause/)).toBe(1);
    expect(commands(text)).toEqual(
      expect.arrayContaining([
        "/pause",
        "nginx: master process nginx -g daemon off;",
        "sleep 1000000",
      ]),
    );
    expect(text).toMatch(/ 1 65535 /);
  });

  it("lets signals through, and the other's files", () => {
    const w = world();
    const pid = pidOf(w.out("shared", "ps", "shell"), /nginx: master/);
    expect(pid).toBeGreaterThan(1);
    expect(w.out("shared", `cat /proc/${pid}/cmdline | tr '\\0' ' '`, "shell")).toContain("nginx");
    expect(w.out("shared", `head -1 /proc/${pid}/root/etc/os-release`, "shell")).toContain(
      "Debian",
    );
    w.out("shared", `echo hello > /proc/${pid}/root/usr/share/nginx/html/index.html`, "shell");
    expect(w.out("shared", "wget -qO- localhost", "shell")).toBe("hello\n");
    w.out("shared", `kill -HUP ${pid}`, "shell");
    w.advance(5_000);
    expect(w.pod("shared").status.containerStatuses[0].restartCount).toBe(0);
    w.out("shared", `kill -TERM ${pid}`, "shell");
    w.advance(10_000);
    expect(
      w
        .pod("shared")
        .status.containerStatuses.map((c: any) => c.restartCount)
        .sort(),
    ).toEqual([0, 1]);
  });

  it("ends with pause, and begins anew", () => {
    const w = world();
    w.sh("shared", "kill 1", "shell");
    w.advance(30_000);
    const text = w.out("shared", "ps", "shell");
    expect(pidOf(text, /\/pause/)).toBe(1);
    expect(commands(text)).toContain("nginx: master process nginx -g daemon off;");
    expect(w.pod("shared").status.containerStatuses.map((c: any) => c.restartCount)).toEqual([
      1, 1,
    ]);
  });

  it("keeps another user out", () => {
    const w = isolationWorld();
    const user = box("shell", { securityContext: { runAsUser: 1000 } });
    w.create(podOf("shared", [nginx, user], { shareProcessNamespace: true }));
    w.advance(20_000);
    const pid = pidOf(w.out("shared", "ps", "shell"), /nginx: master/);
    expect(w.sh("shared", `kill ${pid}`, "shell").err).toContain("Operation not permitted");
    expect(w.sh("shared", `kill 1`, "shell").err).toContain("Operation not permitted");
    expect(w.sh("shared", `ls /proc/${pid}/root/etc`, "shell").err).toContain("Permission denied");
  });
});

describe("hostPID", () => {
  it("shows the node's services and what its Pods run, and reaches them", () => {
    const w = isolationWorld();
    w.create(
      podOf("web", [nginx], { nodeName: "node-1" }),
      podOf("far", [box("c")], { nodeName: "node-2" }),
    );
    w.create(debuggerPod("node-1"));
    w.advance(20_000);
    const text = w.out("node-debugger-node-1", "ps aux");
    expect(commands(text)).toEqual(
      expect.arrayContaining([
        "/sbin/init",
        "/usr/bin/containerd",
        expect.stringContaining("--config=/var/lib/kubelet/config.yaml"),
        "nginx: master process nginx -g daemon off;",
        "/pause",
      ]),
    );
    expect(text).not.toContain("sleep 1000000");
    expect(new Set(text.split("\n").map((line) => line.slice(0, 6))).size).toBe(
      text.split("\n").length,
    );
    const pid = pidOf(text, /nginx: master/);
    expect(w.out("node-debugger-node-1", `tr '\\0' ' ' < /proc/${pid}/cmdline`)).toContain("nginx");
    w.out("node-debugger-node-1", `kill -9 ${pid}`);
    w.advance(15_000);
    const status = w.pod("web").status.containerStatuses[0];
    expect(status).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 137 } } });
  });

  it("keeps every number through an eviction", () => {
    const w = isolationWorld();
    w.create(
      podOf("web", [nginx], { nodeName: "node-1" }),
      debuggerPod("node-1"),
      debuggerPod("node-1", "second"),
    );
    w.advance(20_000);
    // The shell that asks has a new number each time.
    const numbers = (name: string): string[] =>
      w
        .out(name, "ps")
        .split("\n")
        .filter((line) => !/ (ps|sh -c ps)$/.test(line));
    const before = [numbers("node-debugger-node-1"), numbers("second")];
    expect(before[0]).toEqual(before[1]);
    w.evict();
    expect([numbers("node-debugger-node-1"), numbers("second")]).toEqual(before);
  });

  it("makes a node shell by chroot and by nsenter", () => {
    const w = isolationWorld();
    w.create(debuggerPod("node-1"));
    w.advance(20_000);
    const name = "node-debugger-node-1";
    const out = w.out(
      name,
      `chroot /host sh -c 'cat /etc/hostname; grep staticPodPath /var/lib/kubelet/config.yaml; ps aux | grep -c "[k]ubelet "'`,
    );
    expect(out).toBe("node-1\nstaticPodPath: /etc/kubernetes/manifests\n1\n");
    expect(w.out(name, "nsenter -t 1 -m -u -i -n cat /etc/hostname")).toBe("node-1\n");
    const reading = w.exec(name, "nsenter -t 1 -m sh -c 'echo first > /tmp/log; tail -f /tmp/log'");
    w.advance(1_500);
    w.out(name, "chroot /host sh -c 'echo more >> /tmp/log'");
    w.advance(2_000);
    reading.read();
    expect(reading.stdout).toBe("first\nmore\n");
    reading.end();
    w.out(name, "chroot /host sh -c 'cd /tmp; echo mine > note'");
    expect(w.out(name, "cat /host/tmp/note")).toBe("mine\n");
    expect(w.sh(name, "chroot /nowhere").err).toContain("No such file or directory");
  });

  it("ends like any other", () => {
    const w = isolationWorld();
    w.create(
      podOf("quick", [box("c", { command: ["sh", "-c", "ps | grep -c pause; exit 3"] })], {
        hostPID: true,
        restartPolicy: "Never",
      }),
    );
    w.advance(20_000);
    expect(w.pod("quick").status.containerStatuses[0].state.terminated.exitCode).toBe(3);
    expect(Number(w.logs("quick"))).toBeGreaterThan(0);
  });
});

describe("a terminal", () => {
  it.each([
    ["of a container", podOf("p", [box("c", { command: ["sh"], stdin: true, tty: true })])],
    ["of a node shell", debuggerPod("node-1", "p")],
  ])("%s interrupts what runs in it", (_title, manifest) => {
    const w = isolationWorld();
    w.create(manifest);
    w.advance(20_000);
    const terminal = w.open("p", "attach", "stdin=true&stdout=true&tty=true");
    const type = (text: string): void => {
      terminal.write(text);
      w.advance(1_000);
      terminal.read();
    };
    type("\n");
    type("half a line\x03");
    type("sleep 1000\n");
    type("\x03");
    type("echo $?\n");
    type("exit 4\n");
    w.advance(5_000);
    terminal.read();
    expect(terminal.stdout.split("\r\n").map((line) => line.trim())).toEqual([
      "",
      "/ # half a line^C",
      "/ # sleep 1000",
      "^C",
      "/ # echo $?",
      "130",
      "/ # exit 4",
      "",
    ]);
    const { state, lastState } = w.pod("p").status.containerStatuses[0];
    expect((state.terminated ?? lastState.terminated).exitCode).toBe(4);
  });
});

describe("a node's static Pods from its own shell", () => {
  const manifest = JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "static-web" },
    spec: { containers: [{ name: "web", image: "nginx:1.29" }] },
  });

  it("are found by the kubelet's own arguments, come back, go, and move with their file", () => {
    const w = isolationWorld();
    w.create(debuggerPod("node-1"), debuggerPod("node-2"));
    w.advance(20_000);
    const [one, two] = ["node-debugger-node-1", "node-debugger-node-2"];
    const config = /--config=(\S+)/.exec(w.out(one, "ps aux | grep '[/]usr/bin/kubelet'"))?.[1];
    const folder = /staticPodPath: (\S+)/.exec(w.out(one, `cat /host${config}`))?.[1];
    expect(folder).toBe("/etc/kubernetes/manifests");
    const file = `/host${folder}/web.yaml`;
    w.out(one, `cat > ${file} <<'END'\n${manifest}\nEND`);
    w.advance(30_000);
    expect(w.names()).toContain("static-web-node-1");
    const { uid } = w.pod("static-web-node-1").metadata;
    expect(w.pod("static-web-node-1").status.phase).toBe("Running");
    w.delete("/api/v1/namespaces/default/pods/static-web-node-1");
    w.advance(10_000);
    expect(w.pod("static-web-node-1").metadata.uid).not.toBe(uid);
    w.out(one, `rm ${file}`);
    w.out(two, `cat > ${file} <<'END'\n${manifest}\nEND`);
    w.advance(40_000);
    expect(w.names().filter((name) => name.startsWith("static"))).toEqual(["static-web-node-2"]);
  });
});
