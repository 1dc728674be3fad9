/** The tools of the end-to-end tests' own image: OpenBSD's netcat, BIND's nslookup, curl, and netexec they talk to. */
import { beforeAll, describe, expect, test } from "vitest";
import { NetworkWorld, podOf, serviceOf } from "../../network/network-world.ts";

const agnhost = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";

let world: NetworkWorld;
let clusterIp: string;

beforeAll(() => {
  world = new NetworkWorld();
  const netexec = { args: ["netexec", "--http-port=80", "--udp-port=80"] };
  world.create(podOf("web", agnhost, { container: netexec }));
  world.create(podOf("box", agnhost, { container: { args: ["pause"] } }));
  world.create(podOf("dialer", agnhost, { container: { args: ["netexec"] } }));
  world.create(podOf("plain", "busybox", { container: { command: ["sleep", "infinity"] } }));
  const ports = [
    { name: "tcp", port: 80 },
    { name: "udp", port: 80, protocol: "UDP" },
  ];
  world.create(serviceOf("web", { selector: { app: "web" }, ports }));
  world.create(serviceOf("alias", { type: "ExternalName", externalName: "example.com" }));
  world.advance(60_000);
  clusterIp = world.get("/api/v1/namespaces/default/services/web").spec.clusterIP;
});

const run = (command: string, pod = "box") => world.exec(pod, command);

describe("nc", () => {
  test("a server that speaks HTTP refuses what is none, at once", () => {
    const { stdout, stderr, exitCode, tookMs } = run("echo hostName | nc -v -t -w 2 web 80");
    expect(stderr).toBe(`Connection to web (${clusterIp}) 80 port [tcp/http] succeeded!\n`);
    expect(stdout).toBe(
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request",
    );
    expect(exitCode).toBe(0);
    expect(tookMs).toBeLessThan(10);
  });
  test("datagrams: the answer comes at once, the end when nothing more came for the time given", () => {
    const { stdout, stderr, exitCode, tookMs } = run("echo hostName | nc -u -w 2 web 80");
    expect([stdout, stderr, exitCode]).toEqual(["web", "", 0]);
    expect(tookMs).toBeGreaterThanOrEqual(2_000);
    expect(tookMs).toBeLessThan(2_100);
  });
  test("datagrams: -v tries the port first", () => {
    const { stdout, stderr, exitCode } = run(`echo hostName | nc -v -u -w 2 ${clusterIp} 80`);
    expect(stderr).toBe(`Connection to ${clusterIp} 80 port [udp/*] succeeded!\n`);
    expect([stdout, exitCode]).toEqual(["web", 0]);
    expect(run(`nc -v -u -z -w 1 ${world.ip("web")} 81`).exitCode).toBe(1);
  });
  test("busybox's nc sends datagrams as well", () => {
    const said = run("echo hostname | nc -u -w 1 web 80", "plain");
    expect(said).toMatchObject({ stdout: "web", exitCode: 0 });
    expect(said.tookMs).toBeLessThan(1_100);
    expect(run(`echo x | nc -u -w 1 ${world.ip("web")} 81`, "plain").exitCode).toBe(1);
  });
  test("what cannot be reached", () => {
    const ip = world.ip("web");
    expect(run(`nc -zv ${ip} 81`)).toMatchObject({
      exitCode: 1,
      stderr: `nc: connect to ${ip} port 81 (tcp) failed: Connection refused\n`,
    });
    const late = run(`nc -zv -w 1 web 81`);
    expect(late.tookMs).toBeLessThan(1_010);
    expect(late).toMatchObject({
      exitCode: 1,
      stderr: `nc: connect to web (${clusterIp}) port 81 (tcp) timed out: Operation now in progress\n`,
    });
    expect(run("nc -z nosuch 80").stderr).toBe(
      'nc: getaddrinfo for host "nosuch" port 80: Name does not resolve\n',
    );
    expect(run("nc web").stderr).toBe("nc: missing port number\n");
  });
  test("the end of input ends nothing but with -N or -q", () => {
    expect(run("printf 'GET /hostname HTTP/1.0\\n\\n' | nc -N web 80").stdout).toContain("web");
    expect(
      run(
        "nc -l -p 5000 </dev/null >/tmp/got & sleep 1; echo hello | nc -q 1 localhost 5000; cat /tmp/got",
      ),
    ).toMatchObject({ stdout: "hello\n", exitCode: 0 });
  });
});

describe("curl and dial", () => {
  test("netexec asks others over UDP, itself asked from its own Pod", () => {
    const dial = (host: string, port: number) =>
      run(
        `curl -g -q -s 'http://${world.ip("dialer")}:8080/dial?request=hostname&protocol=udp&host=${host}&port=${port}&tries=1'`,
        "dialer",
      );
    expect(dial(world.ip("web"), 80)).toMatchObject({ stdout: '{"responses":["web"]}' });
    expect(dial(world.ip("web"), 80).tookMs).toBeLessThan(10);
    expect(dial(world.ip("dialer"), 8081).stdout).toBe('{"responses":["dialer"]}');
    expect(dial(world.ip("web"), 81).stdout).toMatch(
      /^\{"errors":\["reading from udp connection failed\. err:'read udp [0-9.:]+-\\u003e[0-9.]+:81: read: connection refused'"\]\}$/,
    );
  });
  test("an option that is none", () => {
    expect(run("curl --nosuch web")).toMatchObject({
      exitCode: 2,
      stderr:
        "curl: option --nosuch: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
    });
    expect(run("curl -4 -s --interface eth0 web/hostname").stdout).toBe("web");
  });
});

describe("nslookup", () => {
  test("BIND's", () => {
    expect(run("nslookup web")).toMatchObject({
      exitCode: 0,
      stdout: `Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\nName:\tweb.default.svc.cluster.local\nAddress: ${clusterIp}\n\n`,
    });
    expect(run("nslookup alias.default.svc.cluster.local").stdout).toContain(
      "alias.default.svc.cluster.local\tcanonical name = example.com.\nName:\texample.com\nAddress: ",
    );
    expect(run("nslookup nosuch")).toMatchObject({
      exitCode: 1,
      stdout:
        "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n** server can't find nosuch: NXDOMAIN\n\n",
    });
  });
  test("dig shows every section there is, and the zone that has no such name", () => {
    expect(run("dig +short web.default.svc.cluster.local").stdout).toBe(`${clusterIp}\n`);
    const found = run("dig web.default.svc.cluster.local").stdout;
    expect(found).toContain(
      ";; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1\n;; WARNING: recursion requested but not available\n",
    );
    expect(found).toMatch(
      /;; SERVER: 10\.96\.0\.10#53\(10\.96\.0\.10\) \(UDP\)\n;; WHEN: \w{3} \w{3} \d\d \d\d:\d\d:\d\d UTC \d{4}\n/,
    );
    expect(run("dig nosuch.default.svc.cluster.local").stdout).toMatch(
      /status: NXDOMAIN[^]*;; AUTHORITY SECTION:\ncluster\.local\.\t\t30\tIN\tSOA\tns\.dns\.cluster\.local\. hostmaster\.cluster\.local\. \d+ 7200 1800 86400 30\n/,
    );
    expect(run("dig +noall +answer nosuch.default.svc.cluster.local").stdout).toBe("");
  });
  test("getent knows the Pod's own name", () => {
    expect(run("getent hosts box").stdout).toBe(`${world.ip("box").padEnd(15)} box\n`);
  });
});

describe("netexec on its way out", () => {
  test("tells that it ends, and takes the time it was given", () => {
    const args = ["netexec", "--delay-shutdown=10"];
    world.create(
      podOf("late", agnhost, { container: { args }, spec: { terminationGracePeriodSeconds: 60 } }),
    );
    world.advance(10_000);
    const ip = world.ip("late");
    expect(run(`curl -s ${ip}:8080/readyz`).stdout).toBe("ok");
    world.delete("/api/v1/namespaces/default/pods/late");
    world.advance(5_000);
    expect(run(`curl -s -w '%{http_code}' ${ip}:8080/readyz`).stdout).toBe("shutting down503");
    world.advance(10_000);
    expect(world.request("GET", "/api/v1/namespaces/default/pods/late").status).toBe(404);
  });
});

describe("nc -u -l", () => {
  const server = (name: string, image: string, command: string[], port: number): void => {
    world.create(podOf(name, image, { container: { command, ports: [{ containerPort: port, protocol: "UDP" }] } })); // prettier-ignore
    world.create(serviceOf(name, { selector: { app: name }, ports: [{ port, protocol: "UDP" }] }));
    world.advance(20_000);
  };
  const log = (name: string): string =>
    world.request("GET", `/api/v1/namespaces/default/pods/${name}/log`).text;

  test("busybox prints what the first to speak says, and nobody else is heard", () => {
    server("hearer", "busybox", ["nc", "-u", "-k", "-l", "-p", "3000"], 3000);
    expect(run("echo one | nc -u -w 1 hearer 3000", "plain")).toMatchObject({
      stdout: "",
      exitCode: 0,
    });
    expect(run("echo other | nc -u -w 1 hearer 3000", "plain").exitCode).toBe(0);
    expect(log("hearer")).toBe("one\n");
  });
  test("-e answers, through a Service and within the Pod", () => {
    server("echoer", "busybox", ["nc", "-u", "-l", "-p", "3001", "-e", "cat"], 3001);
    expect(run("echo hi | nc -u -w 1 echoer 3001", "plain").stdout).toBe("hi\n");
    server("inner", "busybox", ["nc", "-u", "-l", "-p", "3001", "-e", "cat"], 3001);
    expect(run("echo in | nc -u -w 1 127.0.0.1 3001", "inner").stdout).toBe("in\n");
  });
  test("OpenBSD's: what it reads goes to who spoke; -k hears everybody", () => {
    server("saidback", agnhost, ["sh", "-c", "echo pong | nc -v -u -l 3002"], 3002);
    expect(run("echo ping | nc -u -w 1 saidback 3002").stdout).toBe("pong\n");
    expect(log("saidback")).toMatch(
      /^Bound on 0\.0\.0\.0 3002\nConnection received on 10\.\S+ \d+\nping\n$/,
    );
    server("all", agnhost, ["nc", "-k", "-u", "-l", "3003"], 3003);
    run("echo one | nc -u -w 1 all 3003");
    run("echo two | nc -u -w 1 all 3003", "plain");
    expect(log("all")).toBe("one\ntwo\n");
  });
});
