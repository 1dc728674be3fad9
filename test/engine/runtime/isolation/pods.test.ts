/** What a Pod's containers share, how they learn of their settings, and how they end. */
import { describe, expect, it } from "vitest";
import { box, isolationWorld, podOf, type IsolationWorld } from "./isolation-world.ts";

const shell = (name: string, script: string, more: object = {}): object =>
  box(name, { command: ["sh", "-c", script], ...more });
const url = "/api/v1/namespaces/default/pods";

const run = (manifest: object, ms = 20_000): IsolationWorld => {
  const w = isolationWorld();
  w.create(manifest);
  w.advance(ms);
  return w;
};

describe("one address, one port space", () => {
  it("lets containers reach each other by localhost", () => {
    const w = run(podOf("p", [{ name: "web", image: "nginx:1.29" }, box("c")]));
    expect(w.out("p", "wget -qO- localhost:80 | grep -c '<h1>Welcome to nginx'", "c")).toBe("1\n");
    expect(w.sh("p", "wget -qO- localhost:81", "c").err).toContain("Connection refused");
    const ip = w.pod("p").status.podIP;
    expect(w.out("p", "hostname -i", "web").trim()).toBe(ip);
    expect(w.out("p", "hostname -i", "c").trim()).toBe(ip);
  });

  it("refuses the second server on a port, which crashes again and again", () => {
    const w = run(
      podOf("p", [
        { name: "one", image: "nginx:1.29" },
        { name: "two", image: "nginx:1.29" },
      ]),
      90_000,
    );
    const [one, two] = w.pod("p").status.containerStatuses;
    expect(one).toMatchObject({ name: "one", ready: true, restartCount: 0 });
    expect(two).toMatchObject({
      name: "two",
      ready: false,
      state: { waiting: { reason: "CrashLoopBackOff" } },
    });
    expect(two.restartCount).toBeGreaterThanOrEqual(2);
    expect(two.lastState.terminated.exitCode).toBe(1);
    const log = w.logs("p", "?container=two");
    expect(log).toContain("bind() to 0.0.0.0:80 failed (98: Address already in use)");
  });
});

describe("volumes", () => {
  const mount = (path: string): object => ({ volumeMounts: [{ name: "shared", mountPath: path }] });
  const manifest = podOf("p", [box("a", mount("/a")), box("b", mount("/b"))], {
    volumes: [{ name: "shared", emptyDir: {} }],
  });

  it("share what is mounted and nothing else, and end with the Pod", () => {
    const w = run(manifest);
    w.out("p", "echo one > /a/file; echo two > /tmp/file", "a");
    expect(w.out("p", "cat /b/file", "b")).toBe("one\n");
    expect(w.sh("p", "cat /tmp/file", "b").err).toContain("No such file or directory");
    w.delete(`${url}/p?gracePeriodSeconds=0`);
    w.advance(5_000);
    w.create(manifest);
    w.advance(20_000);
    expect(w.sh("p", "cat /b/file", "b").err).toContain("No such file or directory");
  });
});

describe("settings", () => {
  it("come as variables and as files", () => {
    const w = isolationWorld();
    w.create(
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "conf" },
        data: { mode: "fast", "app.ini": "a=1\n" },
      },
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "key" },
        stringData: { password: "s3cr3t" },
      },
      podOf(
        "p",
        [
          box("c", {
            env: [
              { name: "LITERAL", value: "words" },
              { name: "TWICE", value: "$(LITERAL)-$(LITERAL)" },
              { name: "MODE", valueFrom: { configMapKeyRef: { name: "conf", key: "mode" } } },
              { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "key", key: "password" } } },
              { name: "ME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
              { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
              {
                name: "CPU",
                valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1m" } },
              },
            ],
            envFrom: [{ prefix: "C_", configMapRef: { name: "conf" } }],
            resources: { limits: { cpu: "250m" } },
            volumeMounts: [
              { name: "conf", mountPath: "/conf" },
              { name: "key", mountPath: "/key" },
              { name: "about", mountPath: "/about" },
            ],
          }),
        ],
        {
          nodeName: "node-1",
          volumes: [
            { name: "conf", configMap: { name: "conf" } },
            { name: "key", secret: { secretName: "key", defaultMode: 0o400 } },
            {
              name: "about",
              downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] },
            },
          ],
        },
      ),
    );
    w.advance(20_000);
    const lines = w.out("p", "env").split("\n");
    for (const line of [
      "LITERAL=words",
      "TWICE=words-words",
      "MODE=fast",
      "PASSWORD=s3cr3t",
      "ME=p",
      "NODE=node-1",
      "CPU=250",
      "C_mode=fast",
    ])
      expect(lines).toContain(line);
    expect(w.out("p", "cat /conf/app.ini /key/password /about/name")).toBe("a=1\ns3cr3tp");
    expect(w.out("p", "stat -Lc %a /key/password")).toBe("400\n");
    expect(w.sh("p", "echo x > /conf/mode").err).toContain("Read-only file system");
  });
});

describe("the end of a container", () => {
  /** What a watcher of the Pod sees last, and how long it took to go. */
  const end = (w: IsolationWorld): { code: number; seconds: number } => {
    const watch = w.watch(`${url}?watch=true`);
    watch.read();
    const began = w.now;
    w.delete(`${url}/p`);
    let code = -1;
    for (let gone = false; !gone; w.advance(500))
      for (const { type, object } of watch.read()) {
        code = object.status.containerStatuses?.[0]?.state.terminated?.exitCode ?? code;
        gone ||= type === "DELETED";
        if (w.now - began > 100_000) throw new Error("does not end");
      }
    return { code, seconds: Math.round((w.now - began) / 1000) };
  };

  it.each([
    ["sleep as PID 1 does not hear TERM", box("c", { command: ["sleep", "3600"] }), {}, 137, 30],
    [
      "sleep within a shorter time",
      box("c", { command: ["sleep", "3600"] }),
      { terminationGracePeriodSeconds: 5 },
      137,
      5,
    ],
    [
      "a trap with a code of its own",
      shell("c", "trap 'exit 7' TERM; while :; do sleep 1; done"),
      {},
      7,
      1,
    ],
    [
      "a trap that says 143",
      shell("c", "trap 'exit 143' TERM; while :; do sleep 1; done"),
      {},
      143,
      1,
    ],
    ["nginx", { name: "c", image: "nginx:1.29" }, {}, 0, 1],
  ])("%s", (_title, container, spec, code, seconds) => {
    const ended = end(run(podOf("p", [container as object], spec as object)));
    expect(ended.code).toBe(code);
    expect(ended.seconds).toBeGreaterThanOrEqual(seconds);
    expect(ended.seconds).toBeLessThanOrEqual(seconds + 3);
  });

  it("a child of PID 1 ends by TERM with 143", () => {
    const w = run(podOf("p", [shell("c", "sleep 3600 & wait $!; echo child $?; sleep 1000000")]));
    w.out("p", "kill $(pidof sleep)");
    w.advance(2_000);
    expect(w.logs("p")).toContain("child 143");
  });

  it("asks preStop first, then TERM, and counts both against the grace period", () => {
    const log = "/host/tmp/order";
    const w = run(
      podOf(
        "p",
        [
          shell("c", `trap 'echo term >> ${log}; exit 0' TERM; while :; do sleep 1; done`, {
            lifecycle: {
              preStop: {
                exec: {
                  command: ["sh", "-c", `echo stop >> ${log}; sleep 5; echo stopped >> ${log}`],
                },
              },
            },
            volumeMounts: [{ name: "host", mountPath: "/host" }],
          }),
        ],
        { nodeName: "node-1", volumes: [{ name: "host", hostPath: { path: "/" } }] },
      ),
    );
    expect(end(w).seconds).toBeGreaterThanOrEqual(5);
    w.create(
      podOf("look", [box("c", { volumeMounts: [{ name: "host", mountPath: "/host" }] })], {
        nodeName: "node-1",
        volumes: [{ name: "host", hostPath: { path: "/" } }],
      }),
    );
    w.advance(20_000);
    expect(w.out("look", `cat ${log}`)).toBe("stop\nstopped\nterm\n");
  });
});
