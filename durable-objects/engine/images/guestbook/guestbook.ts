/** The guestbooks: the PHP frontend and the Go one. Both keep what is written in redis, over the cluster's network. */
import { Errno } from "../../runtime/errno.ts";
import { buildLayer } from "../../runtime/fs/layer.ts";
import type { HttpAnswer } from "../../runtime/kernel/calls.ts";
import type { HttpRequest } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { askingServer } from "../serving/asking-server.ts";
import { debianFiles, debianReleases, runtimeFiles } from "../../runtime/image/base-files.ts";
import type { ImageVersion } from "../../runtime/image/image.ts";
import type { ImageDefinition } from "../define.ts";
import { goIndex, goScript, phpIndex, phpScript } from "./pages.ts";
import { apacheTime, commonLogTime, httpDate, rfc3339Milli } from "../../runtime/logs/times.ts";
import { pushOn, type RedisAsk, redisAskNames } from "../redis/ask.ts";
import { answer, goNotFound, html, targetOf } from "../serving/small-server.ts";
import { dialErrorText } from "../serving/sockets.ts";

// gb-frontend

const masters = ["redis-master", "redis-leader"];
const slaves = ["redis-replica", "redis-slave", "redis-follower"];

function hostsOf(sys: Sys, names: string[]): string[] {
  if (sys.env.GET_HOSTS_FROM !== "env") return names;
  const found = names
    .map((name) => sys.env[`${name.toUpperCase().replaceAll("-", "_")}_SERVICE_HOST`])
    .filter((host): host is string => Boolean(host));
  return found.length ? found : [""];
}

function accessLog(sys: Sys, request: HttpRequest, made: HttpAnswer): HttpAnswer {
  const { status, body } = made.response;
  sys.write(
    1,
    `${request.clientIp} - - [${commonLogTime(sys.now)}] "${request.method} ${request.path} HTTP/1.1" ${status} ${body.length} "-" "${request.headers["user-agent"] ?? "-"}"\n`,
  );
  const headers = {
    date: httpDate(sys.now),
    server: "Apache/2.4.51 (Debian)",
    ...made.response.headers,
  };
  return { ...made, response: { ...made.response, headers } };
}

const frontend = askingServer<RedisAsk & { set?: true }>({
  program: "gb-frontend",
  workNames: redisAskNames,
  memoryMib: 24,
  title: "apache2 -DFOREGROUND",
  start(sys) {
    try {
      sys.listen(80, "h");
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(
        "(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:80\nno listening sockets available, shutting down\nAH00015: Unable to open logs\n",
      );
      return 1;
    }
    const at = apacheTime(sys.now);
    sys.complain(
      `AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using ${sys.kernel.pod.pod.ip}. Set the 'ServerName' directive globally to suppress this message\n[${at}] [mpm_prefork:notice] [pid 1] AH00163: Apache/2.4.51 (Debian) PHP/7.4.26 configured -- resuming normal operations\n[${at}] [core:notice] [pid 1] AH00094: Command line: 'apache2 -D FOREGROUND'\n`,
    );
    return undefined;
  },
  begin(sys, request) {
    const { path, query } = targetOf(request);
    const cmd = query.get("cmd");
    if (path === "/guestbook.php" && cmd !== undefined) {
      const key = query.get("key") ?? "";
      if (cmd === "set")
        return {
          job: {
            hosts: hostsOf(sys, masters),
            commands: [["SET", key, query.get("value") ?? ""]],
            set: true,
          },
        };
      return { job: { hosts: hostsOf(sys, slaves), commands: [["GET", key]] } };
    }
    const page =
      path === "/" || path === "/index.html"
        ? html(phpIndex)
        : path === "/controllers.js"
          ? answer(phpScript, "application/javascript")
          : path === "/guestbook.php"
            ? html('<h1 class="p">PHP Version 7.4.26</h1>\n')
            : html(
                `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n`,
                404,
              );
    return accessLog(sys, request, { response: page });
  },
  push: pushOn,
  finish(sys, ask, request) {
    const reply = ask.replies?.[0];
    const failed = ask.error
      ? `${ask.error === "name" ? "php_network_getaddresses: getaddrinfo failed: " : ""}${dialErrorText[ask.error]} [tcp://${ask.hosts[0] ?? ""}:6379]`
      : reply?.kind === "error"
        ? reply.text
        : undefined;
    const headers = { "content-type": "application/json", "x-powered-by": "PHP/7.4.26" };
    if (failed) {
      const text = `<br />\n<b>Fatal error</b>:  Uncaught ${ask.error ? "Predis\\Connection\\ConnectionException" : "Predis\\Response\\ServerException"}: ${failed} in /usr/local/lib/php/Predis/Connection/AbstractConnection.php:155\n`;
      sys.complain(
        `[${apacheTime(sys.now)}] [php7:error] [pid 17] [client ${request.clientIp}:40000] PHP Fatal error:  Uncaught ${failed}\n`,
      );
      return accessLog(sys, request, { response: { status: 200, headers, body: text } });
    }
    const value = reply?.kind === "bulk" ? reply.text : "";
    const body = ask.set ? '{"message": "Updated"}' : `{"data": "${value}"}`;
    return accessLog(sys, request, { response: { status: 200, headers, body } });
  },
  term(sys) {
    sys.complain(
      `[${apacheTime(sys.now)}] [mpm_prefork:notice] [pid 1] AH00169: caught SIGTERM, shutting down\n`,
    );
    return { exit: 0 };
  },
});

let frontendVersion: ImageVersion | undefined;

export const gbFrontend: ImageDefinition = {
  repositories: [
    "gcr.io/google-samples/gb-frontend",
    "gcr.io/google_samples/gb-frontend",
    "us-docker.pkg.dev/google-samples/containers/gke/gb-frontend",
  ],
  resolveTag: (tag) => (/^v[3-6]$/.test(tag) ? tag : tag === "latest" ? "v5" : undefined),
  version(version) {
    frontendVersion ??= {
      version,
      entrypoint: ["docker-php-entrypoint"],
      cmd: ["apache2-foreground"],
      env: { PHP_VERSION: "7.4.26", APACHE_CONFDIR: "/etc/apache2" },
      workingDir: "/var/www/html",
      stopSignal: 28,
      layer: buildLayer(
        debianFiles(debianReleases.bullseye!),
        {
          "/usr/local/bin/docker-php-entrypoint": { program: "php-entrypoint" },
          "/usr/local/bin/apache2-foreground": { program: "gb-frontend" },
          "/var/www/html/index.html": phpIndex,
          "/var/www/html/controllers.js": phpScript,
        },
        runtimeFiles,
      ),
      sizeBytes: 169_060_820,
    };
    return frontendVersion;
  },
  programs: [frontend],
};

// registry.k8s.io/guestbook

type GoJob = RedisAsk & { what: "lrange" | "rpush" | "info"; read?: RedisAsk };

const goSlaves = ["redis-slave", "redis-replica", "redis-follower"];

const goGuestbook = askingServer<GoJob>({
  program: "go-guestbook",
  workNames: { ...redisAskNames, inside: { ...redisAskNames.inside, read: redisAskNames } },
  memoryMib: 8,
  start(sys) {
    try {
      sys.listen(3000, "h");
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain("listen tcp :3000: bind: address already in use\n");
      return 1;
    }
    sys.write(1, "[negroni] listening on :3000\n");
    return undefined;
  },
  begin(sys, request) {
    const { path } = targetOf(request);
    const push = /^\/rpush\/([^/]+)\/([^/]*)$/.exec(path);
    const range = /^\/lrange\/([^/]+)$/.exec(path);
    const all = ["LRANGE", range?.[1] ?? push?.[1] ?? "", "0", "-1"];
    if (push?.[1]) {
      const read: RedisAsk = { hosts: goSlaves, commands: [all] };
      return {
        job: { what: "rpush", hosts: masters, commands: [["RPUSH", push[1], push[2] ?? ""]], read },
      };
    }
    if (range) return { job: { what: "lrange", hosts: goSlaves, commands: [all] } };
    if (path === "/info") return { job: { what: "info", hosts: masters, commands: [["INFO"]] } };
    if (path === "/env")
      return logged(sys, request, answer(JSON.stringify(sorted(sys.env), null, "  ")));
    if (path === "/" || path === "/index.html") return logged(sys, request, html(goIndex));
    if (path === "/script.js")
      return logged(sys, request, answer(goScript, "text/javascript; charset=utf-8"));
    return logged(sys, request, goNotFound());
  },
  push(sys, job) {
    const wait = pushOn(sys, job);
    if (wait || !job.read || job.error) return wait;
    return pushOn(sys, job.read);
  },
  finish(sys, job, request) {
    const last = job.read ?? job;
    const error = job.error ?? last.error;
    const reply = last.replies?.[0];
    const failed = error
      ? `dial tcp: ${dialErrorText[error].toLowerCase()}`
      : reply?.kind === "error"
        ? reply.text
        : undefined;
    if (failed) return logged(sys, request, answer(`PANIC: ${failed}\n`, undefined, 500));
    if (job.what === "info")
      return logged(sys, request, answer(reply?.kind === "bulk" ? reply.text : ""));
    const items =
      reply?.kind === "array"
        ? reply.items.map((item) => (item.kind === "bulk" ? item.text : ""))
        : [];
    return logged(sys, request, answer(items.length ? JSON.stringify(items, null, "  ") : "[]"));
  },
  term: (sys, _state, signal) => ({ exit: sys.pid === 1 ? 2 : 128 + signal }),
});

const sorted = (env: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1)));

function logged(sys: Sys, request: HttpRequest, response: HttpAnswer["response"]): HttpAnswer {
  sys.write(
    1,
    `[negroni] ${rfc3339Milli(sys.now).slice(0, 19)}Z | ${response.status} | \t 1.2ms | ${request.headers.host ?? request.host} | ${request.method} ${request.path} \n`,
  );
  return { response };
}

const goLayer = buildLayer(
  {
    "/app/main": { program: "go-guestbook" },
    "/app/public/index.html": goIndex,
    "/app/public/script.js": goScript,
  },
  runtimeFiles,
);

export const goGuestbookImage: ImageDefinition = {
  repositories: [
    "registry.k8s.io/guestbook",
    "k8s.gcr.io/guestbook",
    "gcr.io/google_containers/guestbook",
    "docker.io/ibmcom/guestbook",
  ],
  resolveTag: (tag) => (/^v[1-3]$/.test(tag) ? tag : tag === "latest" ? "v3" : undefined),
  version: (version) => ({
    version,
    entrypoint: [],
    cmd: ["./main"],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    workingDir: "/app",
    layer: goLayer,
    sizeBytes: 4_106_244,
  }),
  programs: [goGuestbook],
};
