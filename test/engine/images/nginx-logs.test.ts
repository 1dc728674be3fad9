/** nginx' log_format and access_log: what is written where. */
import { beforeEach, expect, test } from "vitest";
import { readLog } from "../../../durable-objects/engine/runtime/runtime.ts";
import { NetworkWorld } from "../network/network-world.ts";

let world: NetworkWorld;

const container = (name: string, image: string, more: object = {}): object => ({
  name,
  image,
  ...more,
});
const pod = (name: string, containers: object[], more: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers, ...more },
});

/** An nginx whose nginx.conf has this in its `http`. */
function serving(http: string): void {
  const data = { "nginx.conf": `events {}\nhttp {\n${http}\n}\n` };
  const mount = { name: "conf", mountPath: "/etc/nginx/nginx.conf", subPath: "nginx.conf" };
  world.create(
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "conf" }, data },
    pod("web", [container("c", "nginx:1.29", { volumeMounts: [mount] })], {
      volumes: [{ name: "conf", configMap: { name: "conf" } }],
    }),
  );
  world.advance(20_000);
}

const ask = (path: string, headers: Record<string, string> = {}): void =>
  void world.ask({ pod: "default/probe" }, { host: world.ip("web"), path, headers });

const logOf = (name = "web", own = "c", previous = false): string =>
  world.with((context) => readLog(context, `default/${name}`, own, { previous })?.text ?? "");

/** What it logged of requests: all but the master's words and the entrypoint's. */
const lines = (): string[] =>
  logOf()
    .split("\n")
    .filter((line) => line !== "" && !/\[(notice|error|warn)\]|docker-entrypoint|ipv6/.test(line));

beforeEach(() => {
  world = new NetworkWorld();
  world.create(pod("probe", [container("c", "busybox", { command: ["sleep", "100000"] })]));
});

test("a format of one's own, in JSON, with what the request brought", () => {
  serving(`
    log_format json escape=json '{"method":"$request_method","uri":"$uri","args":"$args","status":$status,'
                                '"bytes":$body_bytes_sent,"agent":"$http_user_agent","user":"$remote_user","q":"\${arg_q}"}';
    access_log /dev/stdout json;
    server { listen 80; location / { return 200 "hello"; } }`);
  ask("/a%20b?q=1&r=2", { "user-agent": 'my "agent"\t' });
  expect(lines()).toEqual([
    '{"method":"GET","uri":"/a%20b","args":"q=1&r=2","status":200,"bytes":5,"agent":"my \\"agent\\"\\t","user":"","q":"1"}',
  ]);
});

test("combined is what nobody names, default escapes, and a location may log otherwise or not at all", () => {
  serving(`
    log_format short '$remote_addr $request_uri $status "$http_x_id" $request_time $upstream_addr';
    server {
      listen 80;
      location / { return 200 "hello"; }
      location /quiet { access_log off; return 204; }
      location /short { access_log /dev/stderr short if=$http_x_id; return 404 none; }
    }`);
  ask("/", { "user-agent": 'a"b', referer: "http://here/" });
  ask("/quiet");
  ask("/short", { "x-id": "7\u00e9" });
  ask("/short");
  const ip = world.ip("probe");
  expect(lines()).toEqual([
    expect.stringMatching(
      new RegExp(`^${ip} - - \\[.* \\+0000\\] "GET / HTTP/1.1" 200 5 "http://here/" "a\\\\x22b"$`),
    ),
    `${ip} /short 404 "7\\xC3\\xA9" 0.000 -`,
  ]);
});

test("the last two levels: a server's logs replace those of http, also where these come later", () => {
  serving(`
    log_format a 'a $uri'; log_format b 'b $uri'; log_format c 'c $uri';
    server { listen 80; location / { return 200 x; } }
    server { listen 80; server_name own; access_log /dev/stdout b; access_log /dev/stdout c; location / { return 200 x; } }
    access_log /dev/stdout a;`);
  ask("/1");
  ask("/2", { host: "own" });
  expect(lines()).toEqual(["a /1", "b /2", "c /2"]);
});

test.each([
  ["access_log /dev/stdout nope;", 'unknown log format "nope" in /etc/nginx/nginx.conf:3'],
  [
    "log_format a 'x'; log_format a 'y';",
    'duplicate "log_format" name "a" in /etc/nginx/nginx.conf:3',
  ],
  [
    "log_format a;",
    'invalid number of arguments in "log_format" directive in /etc/nginx/nginx.conf:3',
  ],
  ["log_format a '$nope';", 'unknown "nope" variable'],
  [
    "access_log /var/nowhere/x.log; server { listen 80; }",
    'open() "/var/nowhere/x.log" failed (2: No such file or directory)',
  ],
])("a configuration that is wrong: %s", (http, complaint) => {
  serving(http);
  expect(logOf("web", "c", true)).toContain(`nginx: [emerg] ${complaint}\n`);
});

test("with a volume in place of its folder the log is a file that a neighbour reads", () => {
  const volumeMounts = [{ name: "logs", mountPath: "/var/log/nginx" }];
  const tail = ["sh", "-c", "tail -n+1 -F /logs/access.log"];
  world.create(
    pod(
      "web",
      [
        container("c", "nginx:1.29", { volumeMounts }),
        container("tail", "busybox:1.37", {
          command: tail,
          volumeMounts: [{ name: "logs", mountPath: "/logs" }],
        }),
      ],
      { volumes: [{ name: "logs", emptyDir: {} }] },
    ),
  );
  world.advance(20_000);
  ask("/");
  world.advance(5_000);
  expect(lines()).toEqual([]);
  expect(logOf("web", "tail")).toMatch(/"GET \/ HTTP\/1.1" 200 615 "-" "podyard" "-"\n$/);
});
