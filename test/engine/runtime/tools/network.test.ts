/** Network tools in a small cluster: names, HTTP, sockets, and the words they fail with. */
import { beforeAll, describe, expect, test } from "vitest";
import { NetworkWorld, podOf, serviceOf, sleeper, whoami } from "../../network/network-world.ts";

let world: NetworkWorld;

beforeAll(() => {
  world = new NetworkWorld();
  world.create(sleeper("box"));
  world.create(podOf("old", "busybox:1.28", { container: { command: ["sleep", "infinity"] } }));
  world.create(podOf("web", "nginx:1.29"));
  world.create(whoami("who"));
  world.create(serviceOf("web", { selector: { app: "web" }, ports: [{ port: 80 }] }));
  world.create(serviceOf("none", { selector: { app: "none" }, ports: [{ port: 80 }] }));
  world.advance(60_000);
});

const run = (command: string, pod = "box") => world.exec(pod, command);

describe("wget", () => {
  test("writes to standard output and tells what it does", () => {
    const { stdout, stderr, exitCode } = run("wget -O- web");
    expect(exitCode).toBe(0);
    expect(stdout).toContain("<title>Welcome to nginx!</title>");
    expect(stderr).toMatch(
      /^Connecting to web \(10\.\d+\.\d+\.\d+:80\)\nwriting to stdout\n-  +100% \|\*{32}\| +\d+  0:00:00 ETA\nwritten to stdout\n$/,
    );
  });
  test("saves to a file", () => {
    expect(run("cd /tmp && wget -q web && head -n 1 index.html && wget web").stdout).toBe(
      "<!DOCTYPE html>\n",
    );
  });
  test.each([
    ["wget -qO- nosuch", /^wget: bad address 'nosuch'\n$/],
    ["wget -qO- http://web/nosuch", /^wget: server returned error: HTTP\/1\.1 404 Not Found\n$/],
    [
      "wget -qO- -T 2 none",
      /^wget: (can't connect to remote host \([0-9.]+\): Connection refused|download timed out)\n$/,
    ],
    [
      "wget -qO- localhost:81",
      /^wget: can't connect to remote host \(127\.0\.0\.1\): Connection refused\n$/,
    ],
  ])("%s", (command, stderr) => {
    const result = run(command);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(stderr);
  });
});

describe("nslookup", () => {
  test("busybox now", () => {
    const { stdout, exitCode } = run("nslookup web.default.svc.cluster.local");
    expect(stdout).toMatch(
      /^Server:\t\t10\.96\.0\.10\nAddress:\t10\.96\.0\.10:53\n\nName:\tweb\.default\.svc\.cluster\.local\nAddress: 10\.\d+\.\d+\.\d+\n\n\n$/,
    );
    expect(exitCode).toBe(0);
    expect(run("nslookup nosuch.default.svc.cluster.local")).toMatchObject({ exitCode: 1 });
    expect(run("nslookup web").stdout).toContain(
      "** server can't find web.cluster.local: NXDOMAIN\n",
    );
  });
  test("asks for the type it is told", () => {
    expect(run("nslookup -type=srv kube-dns.kube-system.svc.cluster.local").stdout).toContain(
      "kube-dns.kube-system.svc.cluster.local\tservice = 0 33 53 kube-dns.kube-system.svc.cluster.local\n",
    );
    expect(run("nslookup -q=a web.default.svc.cluster.local").exitCode).toBe(0);
  });
  test("busybox 1.28", () => {
    const { stdout } = run("nslookup web", "old");
    expect(stdout).toMatch(
      /^Server:    10\.96\.0\.10\nAddress 1: 10\.96\.0\.10 kube-dns\.kube-system\.svc\.cluster\.local\n\nName:      web\nAddress 1: 10\.[0-9.]+ web\.default\.svc\.cluster\.local\n$/,
    );
    expect(run("nslookup nosuch", "old").stderr).toBe("nslookup: can't resolve 'nosuch'\n");
  });
});

describe("sockets", () => {
  test("nc scans, and speaks HTTP", () => {
    expect(run("nc -zv web 80").stderr).toMatch(/^web \(10\.[0-9.]+:80\) open\n$/);
    expect(run("nc -z -w 2 localhost 99").exitCode).toBe(1);
    expect(
      run("printf 'GET / HTTP/1.0\\r\\nHost: web\\r\\n\\r\\n' | nc web 80 | head -n 1").stdout,
    ).toMatch(/^HTTP\/1\.1 200 OK/);
  });
  test("nc listens", () => {
    expect(
      run(
        "(echo hello | nc -l -p 5000 > /tmp/got) & sleep 1; echo there | nc localhost 5000; cat /tmp/got",
      ).stdout,
    ).toContain("hello\n");
  });
  test("ping", () => {
    const { stdout, exitCode } = run(`ping -c 2 ${world.ip("web")}`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("2 packets transmitted, 2 packets received, 0% packet loss\n");
    expect(run("ping -c 1 nosuch").stderr).toBe("ping: bad address 'nosuch'\n");
  });
});

describe("curl", () => {
  const curl = (words: string) => world.exec("web", `curl ${words}`);
  test.each([
    ["-s -o /dev/null -w '%{http_code}' web", 0, "200", ""],
    ["-sS nosuch", 6, "", "curl: (6) Could not resolve host: nosuch\n"],
    ["-sSf http://web/nosuch", 22, "", "curl: (22) The requested URL returned error: 404\n"],
    [
      "-sS localhost:81",
      7,
      "",
      "curl: (7) Failed to connect to localhost port 81 after 0 ms: Could not connect to server\n",
    ],
  ])("%s", (words, code, stdout, stderr) => {
    expect(curl(words)).toMatchObject({ exitCode: code, stdout, stderr });
  });
  test("headers", () => {
    expect(curl("-sI web").stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
    expect(curl("-sv web").stderr).toMatch(
      /> GET \/ HTTP\/1\.1\n> Host: web\n> User-Agent: curl\/[0-9.]+\n> Accept: \*\/\*\n> \n/,
    );
  });
});
