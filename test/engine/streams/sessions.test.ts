import { beforeEach, describe, expect, test } from "vitest";
import type { RequestOptions } from "../../helpers/world.ts";
import { pod, pods, SessionWorld, upgrade } from "./streams-world.ts";

let world: SessionWorld;

beforeEach(() => {
  world = new SessionWorld();
  world.create(pod("p", "echo started; sleep 100000"));
  world.until(() => world.pod("p").status.phase === "Running");
});

describe("exec", () => {
  test("keeps the streams apart and tells the exit code", () => {
    const session = world.exec("p", "echo out; echo err >&2; exit 7");
    session.read();
    expect([session.stdout, session.stderr, session.code]).toEqual(["out\n", "err\n", 7]);
    expect(session.status).toEqual({
      metadata: {},
      status: "Failure",
      message: "command terminated with non-zero exit code: command terminated with exit code 7",
      reason: "NonZeroExitCode",
      details: { causes: [{ reason: "ExitCode", message: "7" }] },
    });
  });

  test("success is a bare Status", () => {
    const session = world.exec("p", "true");
    session.read();
    expect(session.status).toEqual({ metadata: {}, status: "Success" });
  });

  test("output appears when virtual time passes", () => {
    const session = world.exec("p", "echo a; sleep 2; echo b; sleep 2; echo c");
    expect(session.read()).toBe("a\n");
    world.advance(1_900);
    expect(session.read()).toBe("");
    world.advance(200);
    expect(session.read()).toBe("b\n");
    world.advance(2_000);
    expect(session.read()).toBe("c\n");
    expect(session.code).toBe(0);
  });

  test("a command under way goes on through an eviction", () => {
    const session = world.exec("p", "read a; sleep 5; echo $a", "stdin=true&stdout=true");
    session.write("kept\n");
    world.evict();
    world.advance(6_000);
    expect(session.read()).toBe("kept\n");
  });

  test("standard input is streamed, and its end is seen", () => {
    const session = world.exec("p", "cat; echo end", "stdin=true&stdout=true");
    expect(session.write("one\n")).toBe("one\n");
    expect(session.write("two")).toBe("two");
    expect(session.closeInput()).toBe("end\n");
    expect(session.code).toBe(0);
  });

  test("without stdin a command reads nothing", () => {
    const session = world.exec("p", "cat; echo end");
    expect(session.read()).toBe("end\n");
  });

  test("bytes of every value pass both ways", () => {
    const session = world.exec("p", "cat", "stdin=true&stdout=true");
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i & 255);
    const { sessions } = world.engine;
    world.engine.session(world.now, () => sessions.write(session.session, bytes));
    const came: number[] = [];
    while (sessions.hasNews(session.session)) {
      const news = world.engine.session(world.now, () => sessions.read(session.session));
      came.push(...news.stdout);
    }
    expect(came.length).toBe(bytes.length);
    expect(came.every((byte, i) => byte === (i & 255))).toBe(true);
  });

  test("endless output comes in portions, and the rest of the cluster lives on", () => {
    const session = world.exec("p", "yes");
    const { sessions } = world.engine;
    let bytes = 0;
    for (let i = 0; i < 20; i++) {
      const news = world.engine.session(world.now, () => sessions.read(session.session));
      bytes += news.stdout.length;
      expect(news.stdout.length).toBeLessThanOrEqual(1024 * 1024);
      world.advance(100);
    }
    expect(bytes).toBeGreaterThan(10_000);
    session.end();
    world.advance(1_000);
    expect(world.exec("p", "ps").read()).not.toMatch(/ yes$/m);
  });

  test("a container that ends takes its commands with it", () => {
    const session = world.exec("p", "sleep 1000");
    world.delete(`${pods}/p`, { gracePeriodSeconds: 0 });
    world.advance(40_000);
    session.read();
    expect(session.code).toBe(137);
  });

  test.each([
    ["no-such-command", 'exec: "no-such-command": executable file not found in $PATH'],
    ["/bin/absent", 'exec: "/bin/absent": stat /bin/absent: no such file or directory'],
    ["/etc/passwd", 'exec: "/etc/passwd": permission denied'],
  ])("%s cannot be started", (command, why) => {
    const session = world.open("p", "exec", `command=${encodeURIComponent(command)}&stdout=true`);
    session.read();
    const message = session.status?.message ?? "";
    expect(message.replace(/start exec "[0-9a-f]{64}"/, 'start exec "ID"')).toBe(
      "Internal error occurred: Internal error occurred: error executing command in container: failed to exec in " +
        `container: failed to start exec "ID": OCI runtime exec failed: exec failed: unable to start container process: ${why}: unknown`,
    );
  });

  test("an ended Pod's container is not found, which only the kubelet knows", () => {
    world.create(pod("done", "true"));
    world.until(() => world.pod("done").status.phase === "Succeeded");
    const session = world.exec("done", "true");
    session.read();
    expect(session.status?.message).toBe(
      'Internal error occurred: unable to upgrade connection: container not found ("c")',
    );
    const attached = world.open("done", "attach", "stdout=true");
    attached.read();
    expect(attached.status?.message).toBe(
      "Internal error occurred: unable to upgrade connection: container c not found in pod done_default",
    );
  });

  test.each([
    [
      "p/exec?command=ls&stdout=true&container=x",
      "400 BadRequest: container x is not valid for pod p",
      upgrade,
    ],
    ["gone/exec?command=ls&stdout=true", '404 NotFound: pods "gone" not found', upgrade],
    [
      "p/exec?command=ls",
      "400 BadRequest: you must specify at least 1 of stdin, stdout, stderr",
      upgrade,
    ],
    ["p/exec?command=ls&stdout=true", "400 BadRequest: Upgrade request required", {}],
    ["p/attach?stdout=true", "400 BadRequest: Upgrade request required", {}],
    ["p/portforward", "400 BadRequest: Upgrade request required", {}],
    ["p/portforward?ports=0", '400 BadRequest: port "0" must be > 0', upgrade],
  ])("%s is refused before the upgrade", (url, expected, options) => {
    expect(world.refusal(`${pods}/${url}`, options)).toBe(expected);
  });

  test("a Pod that has no node yet", () => {
    world.create(pod("waiting", "true", {}, { nodeSelector: { no: "where" } }));
    expect(world.refusal(`${pods}/waiting/exec?command=ls&stdout=true`, upgrade)).toBe(
      "400 BadRequest: pod waiting does not have a host assigned",
    );
  });

  test("who asks for SPDY hears the same refusal, else what to use instead", () => {
    const post = (url: string): string => world.request("POST", `${pods}/${url}`).body.message;
    expect(post("p/exec?command=ls&stdout=true&container=x")).toBe(
      "container x is not valid for pod p",
    );
    expect(post("p/exec?command=ls&stdout=true")).toContain("over WebSockets only");
  });
});

describe("a terminal", () => {
  test("echoes, edits, sends signals and knows its size", () => {
    const session = world.exec("p", "exec sh", "stdin=true&stdout=true&tty=true");
    expect(session.read()).toBe("/ # ");
    expect(session.write("echo a\x7fb\r")).toBe("echo a\b \bb\r\nb\r\n/ # ");
    expect(session.write("sleep 100\r")).toBe("sleep 100\r\n");
    expect(session.write("\x03")).toBe("^C\r\n/ # ");
    session.resize(132, 43);
    expect(session.write("exit 5\r")).toContain("exit 5\r\n");
    expect(session.code).toBe(5);
  });

  test("end of file on an empty line ends the shell", () => {
    const session = world.exec("p", "exec sh", "stdin=true&stdout=true&tty=true");
    session.write("\x04");
    expect(session.code).toBe(0);
  });
});

describe("attach", () => {
  test("shows what comes from now on and always ends well; the exit code stands in the Pod", () => {
    world.create(pod("job", "echo early; sleep 10; echo late; exit 3"));
    world.until(() => world.pod("job").status.phase === "Running");
    const session = world.open("job", "attach", "stdout=true&stderr=true");
    world.advance(15_000);
    session.read();
    expect([session.stdout, session.code]).toEqual(["late\n", 0]);
    expect(world.pod("job").status.containerStatuses[0].state.terminated.exitCode).toBe(3);
  });

  test("types into the container's own input, as kubectl run -i does", () => {
    world.create(pod("in", "read x; echo got $x", { stdin: true, stdinOnce: true }));
    world.until(() => world.pod("in").status.phase === "Running");
    const session = world.open("in", "attach", "stdin=true&stdout=true&stderr=true");
    expect(session.write("word\n")).toBe("got word\n");
    expect(session.code).toBe(0);
    // Its kubelet hears at once that the container ended, without anybody asking.
    world.advance(2_000);
    expect(world.pod("in").status.phase).toBe("Succeeded");
  });

  test("is over with its input where the container's stays open", () => {
    world.create(pod("open", "cat; echo closed", { stdin: true }));
    world.until(() => world.pod("open").status.phase === "Running");
    const session = world.open("open", "attach", "stdin=true&stdout=true&stderr=true");
    expect(session.write("word\n")).toBe("word\n");
    expect(session.closeInput()).toBe("");
    expect(session.code).toBe(0);
    world.advance(2_000);
    expect(world.pod("open").status.phase).toBe("Running");
    const again = world.open("open", "attach", "stdin=true&stdout=true&stderr=true");
    expect(again.write("more\n")).toBe("more\n");
  });

  test("uses the container's terminal whatever the client asks for", () => {
    world.create(pod("term", "exec sh", { stdin: true, tty: true }));
    world.until(() => world.pod("term").status.phase === "Running");
    const session = world.open("term", "attach", "stdin=true&stdout=true&stderr=true");
    expect(session.session.tty).toBe(true);
    expect(session.write("echo $((6*7))\r")).toBe("echo $((6*7))\r\n42\r\n/ # ");
  });
});

test("sessions that lost their socket are ended when the object wakes", () => {
  const session = world.exec("p", "read x", "stdin=true&stdout=true");
  expect(session.read()).toBe("");
  world.evict();
  const { engine } = world;
  expect(engine.sessions.orphans()).not.toEqual([]);
  engine.session(world.now, () => engine.sessions.endOrphans(engine.sessions.orphans()));
  expect(engine.sessions.orphans()).toEqual([]);
  world.advance(1_000);
  expect(world.exec("p", "ps").read()).not.toContain("read x");
});

describe("port-forward", () => {
  beforeEach(() => {
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web" },
      spec: { containers: [{ name: "c", image: "nginx" }] },
    });
    world.until(() => world.pod("web").status.phase === "Running");
  });

  test("carries bytes to a port of the Pod and back", () => {
    const target = world.forward("web");
    const { engine } = world;
    const opened = engine.session(world.now, () => engine.sessions.connect(target, 80));
    if ("error" in opened) throw new Error(opened.error);
    const request = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    engine.session(world.now, () =>
      engine.sessions.send(opened.stream, new TextEncoder().encode(request), false),
    );
    const bytes = engine.session(world.now, () => engine.sessions.receive(opened.stream));
    expect(new TextDecoder().decode(bytes as Uint8Array)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(engine.session(world.now, () => engine.sessions.receive(opened.stream))).toBe("end");
  });

  test("a port nobody listens on is refused in containerd's words", () => {
    const target = world.forward("web");
    const { engine } = world;
    const opened = engine.session(world.now, () => engine.sessions.connect(target, 81));
    const text = "error" in opened ? opened.error : "";
    expect(text.replaceAll(/[0-9a-f]{64}/g, "ID").replace(/cni-[0-9a-f-]{36}/, "cni-UUID")).toBe(
      'error forwarding port 81 to pod ID, uid : failed to execute portforward in network namespace "/var/run/netns/cni-UUID": ' +
        'failed to connect to localhost:81 inside namespace "ID", IPv4: dial tcp4 127.0.0.1:81: connect: connection refused ' +
        "IPv6 dial tcp6 [::1]:81: connect: connection refused ",
    );
  });

  test("a request larger than what may be on its way is told so, and the connection ends", () => {
    const target = world.forward("web");
    const { engine } = world;
    const opened = engine.session(world.now, () => engine.sessions.connect(target, 80));
    if ("error" in opened) throw new Error(opened.error);
    const send = (text: string): void =>
      engine.session(world.now, () =>
        engine.sessions.send(opened.stream, new TextEncoder().encode(text), false),
      );
    send("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3000000\r\n\r\n");
    while (
      engine.sessions.streamCapacityBytes(opened.stream) > 0 &&
      !engine.sessions.streamHasNews(opened.stream)
    ) {
      send("x".repeat(32 * 1024));
    }
    const bytes = engine.session(world.now, () => engine.sessions.receive(opened.stream));
    expect(new TextDecoder().decode(bytes as Uint8Array)).toMatch(/^HTTP\/1\.1 413 /);
    expect(engine.session(world.now, () => engine.sessions.receive(opened.stream))).toBe("end");
  });

  test("the proxy answers with what the server said, and an error of the server's changes what it did", () => {
    expect(world.request("GET", `${pods}/web/proxy/`).text).toContain("Welcome to nginx!");
    expect(world.request("GET", `${pods}/web/proxy/missing`).status).toBe(404);
    expect(world.request("GET", `${pods}/web/log?tailLines=1`).text).toContain(
      '"GET /missing HTTP/1.1" 404',
    );
  });

  test("behind the Worker redirects keep the client's path, links the API's own", () => {
    const edge = { publicPath: `/sandboxes/x${pods}/web/proxy` };
    const answer = world.request("GET", `${pods}/web/proxy`, undefined, { edge });
    expect([answer.status, answer.headers["location"]]).toEqual([
      301,
      `/sandboxes/x${pods}/web/proxy/`,
    ]);
    const agnhost = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";
    const env = [{ name: "SERVE_PORT_80", value: '<a href="/next">' }];
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "links" },
      spec: { containers: [{ name: "c", image: agnhost, args: ["porter"], env }] },
    });
    world.until(() => world.pod("links").status.phase === "Running");
    const page = (edge: RequestOptions["edge"]): string =>
      world.request("GET", `${pods}/links/proxy/`, undefined, { edge }).text;
    const publicPath = `/sandboxes/x${pods}/links/proxy/`;
    expect(page({ publicPath })).toBe(`<a href="${pods}/links/proxy/next">`);
    expect(page({ publicPath, preview: {} })).toBe(`<a href="${publicPath}next">`);
  });

  test("a browser reaches a host of an Ingress, and links lead through the preview", () => {
    world.create(
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "web" },
        spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
      },
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: { name: "web" },
        spec: {
          ingressClassName: "nginx",
          rules: [
            {
              host: "shop.example",
              http: {
                paths: [
                  {
                    path: "/",
                    pathType: "Prefix",
                    backend: { service: { name: "web", port: { number: 80 } } },
                  },
                ],
              },
            },
          ],
        },
      },
    );
    world.patch(`${pods}/web`, { metadata: { labels: { app: "web" } } });
    world.advance(5_000);
    const visit = (host: string): [number, string] => {
      const publicPath = `/preview/ingress/${host}/`;
      const edge = { publicPath, preview: { ingressHost: host } };
      const answer = world.raw("GET", "/", undefined, { edge });
      if (answer.type !== "pending") throw new Error(JSON.stringify(answer));
      world.advance(1_000);
      const reply = world.engine.pollProxy(answer)!;
      return [reply.status, new TextDecoder().decode(reply.body as Uint8Array)];
    };
    expect(visit("shop.example")).toEqual([200, expect.stringContaining("Welcome to nginx!")]);
    expect(visit("other.example")[0]).toBe(404);
  });
});
