/** port-forward and proxy: servers of kubectl's own on ports of the machine it runs on. */
import { beforeAll, describe, expect, test } from "vitest";
import { KubectlWorld, toolbox } from "./kubectl-world.ts";

let world: KubectlWorld;

const web = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", labels: { app: "web" } },
  spec: {
    containers: [
      {
        name: "c",
        image: "nginx:1.29",
        ports: [{ name: "http", containerPort: 80 }],
      },
    ],
  },
};

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { selector: { app: "web" }, ports: [{ name: "door", port: 8000, targetPort: "http" }] },
};

beforeAll(() => {
  world = new KubectlWorld({ seed: "forwarding", nodes: 1 }).begin();
  world.create(web, service);
  world.until(() => world.pod("web").status.phase === "Running");
  world.out("kubectl exec web -- sh -c 'seq 1 60000 > /usr/share/nginx/html/big.txt'");
});

/** A line with a server in the background, which is killed at its end; what the server printed comes last. */
const beside = (server: string, line: string): string =>
  `${server} >/tmp/said 2>&1 & sleep 1; ${line}; kill $!; wait; cat /tmp/said`;

const both = (local: number, remote: number): string =>
  `Forwarding from 127.0.0.1:${local} -> ${remote}\nForwarding from [::1]:${local} -> ${remote}\n`;

const title = "curl -s localhost:8080 | grep -o '<title>.*</title>'";
const welcome = "<title>Welcome to nginx!</title>\n";

describe("port-forward", () => {
  test.each([
    ["pod/web 8080:80", both(8080, 80)],
    ["web 8080:http", both(8080, 80)],
    ["svc/web 8080:8000", both(8080, 80)],
    ["service/web 8080:door", both(8080, 80)],
    ["pod/web 8080:80 --address 127.0.0.1", "Forwarding from 127.0.0.1:8080 -> 80\n"],
    ["pod/web 8080:80 --address 0.0.0.0", "Forwarding from 0.0.0.0:8080 -> 80\n"],
    ["pod/web 8080:80 8081:80", both(8080, 80) + both(8081, 80)],
  ])("%s", (args, said) => {
    expect(world.out(beside(`kubectl port-forward ${args}`, title))).toBe(
      `${welcome}${said}Handling connection for 8080\n`,
    );
  });

  test("a port that the kernel draws", () => {
    const said = world.out(beside("kubectl port-forward pod/web :80", "true"));
    const [, port] = /^Forwarding from 127\.0\.0\.1:(\d+) -> 80\n/.exec(said) ?? [];
    expect(said).toBe(both(Number(port), 80));
  });

  test("a port that is taken, and one that is free", () => {
    const { stdout, stderr, code } = world.sh(
      "kubectl port-forward pod/web 8080:80 >/dev/null & sleep 1; kubectl port-forward pod/web 8080:80; kill $!",
    );
    const taken = (address: string, network: string): string =>
      `unable to create listener: Error listen ${network} ${address}:8080: bind: address already in use`;
    expect({ stdout, code }).toEqual({ stdout: "", code: 0 });
    expect(stderr).toBe(
      `Unable to listen on port 8080: Listeners failed to create with the following errors: [${taken("127.0.0.1", "tcp4")} ${taken("[::1]", "tcp6")}]\n` +
        "error: unable to listen on any of the requested ports: [{8080 80}]\n",
    );
  });

  test("a port of the Pod that nobody listens on ends it", () => {
    const said = world.out(
      "kubectl port-forward pod/web 8080:81 >/tmp/said 2>&1 & sleep 1; curl -s localhost:8080; echo $?; wait $!; echo $?; sed 's/^E.*portforward.go/E portforward.go/; s/sandbox [0-9a-f]*/ID/g; s/pod [0-9a-f]*, uid/pod ID, uid/' /tmp/said",
    );
    expect(said).toMatch(
      /^(52|56)\n1\nForwarding from 127\.0\.0\.1:8080 -> 81\nForwarding from \[::1\]:8080 -> 81\nHandling connection for 8080\nE portforward\.go:522\] "Unhandled Error" err="an error occurred forwarding 8080 -> 81: error forwarding port 81 to pod ID, uid : failed to execute portforward in network namespace .*connection refused "\nerror: lost connection to pod\n$/,
    );
  });

  test("an answer of many pieces comes whole", () => {
    expect(
      world.out(
        beside("kubectl port-forward pod/web 8080:80", "curl -s localhost:8080/big.txt | md5sum"),
      ),
    ).toBe(world.out("seq 1 60000 | md5sum") + both(8080, 80) + "Handling connection for 8080\n");
  });

  test("goes on after a loss of memory, and ends well with ^C", () => {
    const terminal = "stdin=true&stdout=true&tty=true&stderr=false";
    const session = world.start("exec kubectl port-forward pod/web 8080:80", terminal);
    world.settle(1000);
    world.evict();
    expect(world.out(title)).toBe(welcome);
    world.evict();
    expect(world.out(title)).toBe(welcome);
    session.read();
    session.write("\u0003");
    world.settle(1000);
    session.read();
    expect(session.stdout.replaceAll("\r", "")).toBe(
      `${both(8080, 80)}Handling connection for 8080\nHandling connection for 8080\n^C`,
    );
    expect(session.code).toBe(0);
  });

  test("a Pod that is gone is a connection lost", () => {
    world.create({ ...web, metadata: { name: "gone" } });
    world.until(() => world.pod("gone").status.phase === "Running");
    const said = world.out(
      "kubectl port-forward pod/gone 8080:80 >/tmp/said 2>&1 & sleep 1; kubectl delete pod gone --now >/dev/null; curl -s localhost:8080; wait $!; echo $?; tail -n 1 /tmp/said",
    );
    expect(said).toBe("1\nerror: lost connection to pod\n");
  });
});

describe("proxy", () => {
  const names = `curl -s localhost:8001/api/v1/namespaces/default/pods | grep -o '"name": "[wt][a-z]*",' | sort -u`;
  test.each([
    ["kubectl proxy", names, '"name": "toolbox",\n"name": "web",\n', 8001],
    [
      "kubectl proxy --port=8011 --api-prefix=/custom/",
      'curl -s localhost:8011/custom/version | grep -o \'"major": "1"\'; curl -s localhost:8011/version',
      '"major": "1"\n404 page not found\n',
      8011,
    ],
    [
      "kubectl proxy --reject-paths='^/api/v1/secrets'",
      "curl -s localhost:8001/api/v1/secrets; curl -s -H 'Host: evil.example' localhost:8001/api; curl -s localhost:8001/healthz",
      "Forbidden\nForbidden\nok",
      8001,
    ],
    [
      "kubectl proxy",
      "curl -s localhost:8001/api/v1/namespaces/default/services/web:door/proxy/ | grep -o '<title>.*</title>'; curl -s -X DELETE localhost:8001/api/v1/namespaces/default/pods/nope | grep -o 'NotFound'",
      `${welcome}NotFound\n`,
      8001,
    ],
    [
      "mkdir -p /tmp/www; echo hello > /tmp/www/a.txt; kubectl proxy --www=/tmp/www",
      "curl -s localhost:8001/static/a.txt; curl -s localhost:8001/static/nope; curl -s localhost:8001/static/ | grep a.txt",
      'hello\n404 page not found\n<a href="a.txt">a.txt</a>\n',
      8001,
    ],
  ])("%s: %s", (server, line, printed, port) => {
    expect(world.out(beside(server, line))).toBe(
      `${printed}Starting to serve on 127.0.0.1:${port}\n`,
    );
  });

  test("a watch comes as it happens, and after a loss of memory", () => {
    world.create(toolbox("tools", "admin", "alpine/k8s:1.36.0"));
    world.until(() => world.pod("tools").status.phase === "Running");
    world.in = "tools";
    const proxy = world.start("kubectl proxy --port=8021");
    world.settle(1000);
    world.start(
      "printf 'GET /api/v1/namespaces/default/configmaps?watch=1&resourceVersion=0 HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n' | nc localhost 8021 > /tmp/watched",
    );
    world.settle(1000);
    world.evict();
    world.out("kubectl create configmap fresh");
    world.settle(1000);
    expect(world.out('grep -o \'"name":"fresh"\' /tmp/watched | head -n 1')).toBe(
      '"name":"fresh"\n',
    );
    proxy.end();
    world.in = "toolbox";
  });

  test("what it refuses", () => {
    expect(world.sh("kubectl proxy --port=8001 --address=10.9.9.9").stderr).toBe(
      "error: listen tcp 10.9.9.9:8001: bind: cannot assign requested address\n",
    );
  });
});
