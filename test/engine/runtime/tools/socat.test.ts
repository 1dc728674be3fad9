/** socat: relays between ports, programs, files and Unix sockets. */
import { beforeAll, expect, test } from "vitest";
import { NetworkWorld, podOf, serviceOf } from "../../network/network-world.ts";

let world: NetworkWorld;
const run = (command: string, pod = "box") => world.exec(pod, command);
const log = (name: string): string =>
  world.request("GET", `/api/v1/namespaces/default/pods/${name}/log`).text;
const relay = (name: string, args: string[], port = 80): void => {
  world.create(podOf(name, "alpine/socat", { container: { args } }));
  world.create(serviceOf(name, { selector: { app: name }, ports: [{ port }] }));
};

beforeAll(() => {
  world = new NetworkWorld();
  world.create(podOf("web", "hashicorp/http-echo", { container: { args: ["-text=hello", "-listen=:80"] } })); // prettier-ignore
  world.create(serviceOf("web", { selector: { app: "web" }, ports: [{ port: 80 }] }));
  world.create(podOf("box", "alpine/socat", { container: { command: ["sleep", "infinity"] } }));
  relay("relay", ["TCP-LISTEN:80,fork,reuseaddr", "TCP:web:80"]);
  relay("once", ["-d", "-d", "tcp-listen:80", "exec:'sh -c \"echo one; cat\"'"]);
  relay("nowhere", ["TCP4-LISTEN:80,fork", "TCP4:missing:80"]);
  relay("said", ["-u", "TCP-LISTEN:80,fork", "STDOUT"]);
  relay("shell", ["TCP-LISTEN:80,fork", "SYSTEM:echo from $SOCAT_PEERADDR; hostname"]);
  const udp = { container: { args: ["UDP4-LISTEN:53,fork", "EXEC:cat"] } };
  world.create(podOf("udp", "alpine/socat", udp));
  world.create(serviceOf("udp", { selector: { app: "udp" }, ports: [{ port: 53, protocol: "UDP" }] })); // prettier-ignore
  world.advance(30_000);
});

test("TCP-LISTEN with fork relays one after the other, whole HTTP requests too", () => {
  expect(run("wget -qO- http://relay/").stdout).toBe("hello\n");
  expect(run("wget -qO- http://relay/; wget -qO- http://relay/").stdout).toBe("hello\nhello\n");
  expect(world.pod("relay").status.containerStatuses[0].restartCount).toBe(0);
});

test("without fork it ends after the first", () => {
  expect(run("echo two | nc once 80").stdout).toBe("one\ntwo\n");
  world.advance(2_000);
  expect(world.pod("once").status.containerStatuses[0].restartCount).toBe(1);
});

test("a target that has no name is told, and the listener stays", () => {
  expect(run("echo x | nc -w 3 nowhere 80").stdout).toBe("");
  world.advance(12_000);
  expect(log("nowhere")).toMatch(
    /^20\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d socat\[\d+\] E getaddrinfo\("missing", "NULL", \{1,0,1,6\}, \{\}\): Name does not resolve\n$/,
  );
  expect(world.pod("nowhere").status.containerStatuses[0].restartCount).toBe(0);
});

test("one direction to standard output, commands, datagrams", () => {
  run("echo noted | nc -w 1 said 80");
  expect(log("said")).toBe("noted\n");
  expect(run("nc -w 1 shell 80 </dev/null").stdout).toBe(`from ${world.ip("box")}\nshell\n`);
  expect(run("echo hi | nc -u -w 1 udp 53").stdout).toBe("hi\n");
});

test("as a client: standard input and output, Unix sockets, files", () => {
  expect(run("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | socat - TCP:web:80 | tail -n 1").stdout).toBe("hello\n"); // prettier-ignore
  run("socat UNIX-LISTEN:/tmp/s,fork EXEC:cat & sleep 1; echo started");
  expect(run("echo over | socat - UNIX-CONNECT:/tmp/s").stdout).toBe("over\n");
  run("echo kept | socat - CREATE:/tmp/f");
  expect(run("cat /tmp/f").stdout).toBe("kept\n");
  expect(run(`socat - TCP:${world.ip("web")}:81 </dev/null`).stderr).toMatch(/E connect\(5, AF=2 10\.\S+:81, 16\): Connection refused\n$/); // prettier-ignore
  expect(run("echo x | socat - EXEC:nosuch").stderr).toMatch('E execvp("nosuch"');
  expect(run("socat - NOPE:1").stderr).toMatch(/E unknown device\/address "NOPE"\n$/);
});
