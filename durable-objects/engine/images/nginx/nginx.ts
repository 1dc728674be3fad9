/** nginx: serves its html folder, logs as it does, reloads and stops by its own signals. */
import { httpAskNames } from "../serving/http-ask.ts";
import { kernelRelease } from "../../core/machine-facts.ts";
import { memo } from "../../core/memo.ts";
import { Errno } from "../../runtime/errno.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { BootLine, ImageVersion } from "../../runtime/image/image.ts";
import type { ImageDefinition } from "../define.ts";
import { errorLogTime } from "../../runtime/logs/times.ts";
import { type NginxLog, openLogs } from "./access-log.ts";
import { type NginxServer, parseNginxConfig } from "./config.ts";
import { defaultConfig, layerOf } from "./files.ts";
import { failure, makeCacheFolders, writePid } from "./own-files.ts";
import { answer, ownServers, pushJobs, workerPids, type NginxState } from "./serve.ts";
import { addressOf } from "../serving/sockets.ts";
import { type TagRule, atLeast, resolveVersion } from "../tags.ts";

const rule: TagRule = {
  series: { 1: 29 },
  latest: "1.29.3",
  names: { mainline: "1.29.3", stable: "1.28.0", alpine: "1.29.3", "stable-alpine": "1.28.0" },
  variants:
    /^(mainline-|stable-)?(alpine|perl|otel|bookworm|bullseye|trixie|buster)([\d.]*)(-(slim|perl|otel))?$/,
};

const versions = new Map<string, ImageVersion>();

/** What the entrypoint and the master print of themselves. */
function bootLog(version: string, startedAtMs: number, confined = false): BootLine[] {
  const lines: BootLine[] = [];
  const script = "/docker-entrypoint.sh: ";
  if (atLeast(version, "1.19.0")) {
    const folder = "/docker-entrypoint.d";
    const say = (text: string): void => void lines.push({ afterMs: 4, stream: 1, text });
    say(`${script}${folder}/ is not empty, will attempt to perform configuration`);
    say(`${script}Looking for shell scripts in ${folder}/`);
    say(`${script}Launching ${folder}/10-listen-on-ipv6-by-default.sh`);
    const listen = "10-listen-on-ipv6-by-default.sh: info: ";
    const conf = "/etc/nginx/conf.d/default.conf";
    if (confined) say(`${listen}can not modify ${conf} (read-only file system?)`);
    else {
      say(`${listen}Getting the checksum of ${conf}`);
      say(`${listen}Enabled listen on IPv6 in ${conf}`);
    }
    if (atLeast(version, "1.25.0")) say(`${script}Sourcing ${folder}/15-local-resolvers.envsh`);
    say(`${script}Launching ${folder}/20-envsubst-on-templates.sh`);
    say(`${script}Launching ${folder}/30-tune-worker-processes.sh`);
    say(`${script}Configuration complete; ready for start up`);
  }
  if (atLeast(version, "1.21.0")) {
    const at = errorLogTime(startedAtMs + 20);
    const note = (text: string): void =>
      void lines.push({ afterMs: 20, stream: 2, text: `${at} [notice] 1#1: ${text}` });
    note('using the "epoll" event method');
    note(`nginx/${version}`);
    note("built by gcc 14.2.0 (Debian 14.2.0-19) ");
    note(`OS: Linux ${kernelRelease}`);
    note("getrlimit(RLIMIT_NOFILE): 1048576:1048576");
    note("start worker processes");
    for (const pid of workerPids) note(`start worker process ${pid}`);
  }
  return lines;
}

/** How many lines that is, which does not depend on the moment. */
const bootLength = memo(200, (version) => bootLog(version, 0).length);

/** nginx looks upstreams up once, as it starts: a name that does not resolve is fatal. */
function unresolved(sys: Sys, servers: NginxServer[]): string | undefined {
  for (const { proxy } of servers.flatMap((server) => server.locations))
    for (const server of proxy?.servers ?? []) {
      const host = server.replace(/:\d+$/, "");
      if (addressOf(sys, host) === undefined)
        return `host not found in upstream "${host}" in /etc/nginx/conf.d/default.conf:${proxy?.line ?? 1}`;
    }
  return undefined;
}

/** The servers the configuration files name, or the complaint nginx ends with. */
function readConfig(sys: Sys): NginxServer[] | string {
  const read = (path: string): string[] => {
    const star = /^(.*)\/\*(\.\w+)?$/.exec(path);
    if (!star) return [sys.readFile(path)];
    const folder = star[1] ?? "";
    if (!sys.peek(folder)) return [];
    return sys
      .list(folder)
      .filter((name) => name.endsWith(star[2] ?? ""))
      .map((name) => sys.readFile(`${folder}/${name}`));
  };
  try {
    const parsed = parseNginxConfig(sys.readFile("/etc/nginx/nginx.conf"), (path) =>
      read(path.startsWith("/") ? path : `/etc/nginx/${path}`),
    );
    return parsed.error ?? unresolved(sys, parsed.servers) ?? parsed.servers;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return `open() "/etc/nginx/nginx.conf" failed (2: ${error.message})`;
  }
}

function emergency(sys: Sys, text: string): void {
  sys.complain(`${errorLogTime(sys.now)} [emerg] ${sys.pid}#${sys.pid}: ${text}\n`);
  sys.complain(`nginx: [emerg] ${text}\n`);
}

const notRoot =
  'the "user" directive makes sense only if the master process runs with super-user privileges, ignored in /etc/nginx/nginx.conf:2';

function warn(sys: Sys, text: string): void {
  sys.complain(`${errorLogTime(sys.now)} [warn] ${sys.pid}#${sys.pid}: ${text}\n`);
  sys.complain(`nginx: [warn] ${text}\n`);
}

/** Listens on every port; what went wrong. */
function bind(sys: Sys, servers: NginxServer[]): string | undefined {
  const { kernel, key } = sys;
  for (const port of new Set(servers.flatMap((server) => server.ports))) {
    if (kernel.pod.listeners[`tcp/${port}`]?.process === key) continue;
    const failed = failure(`bind() to 0.0.0.0:${port}`, () => void sys.listen(port, "h"));
    if (failed !== undefined) return failed;
  }
  return undefined;
}

/** Every log of a configuration. */
const logsOf = (servers: NginxServer[]): NginxLog[] =>
  servers.flatMap(({ logs = [], locations }) => [
    ...logs,
    ...locations.flatMap(({ access }) => access?.logs ?? []),
  ]);

const usage = "nginx: invalid option";

/** `nginx -s reload|quit|stop`, `-t`, `-v`; anything else is the master. */
function command(sys: Sys): number | undefined {
  const args = sys.argv.slice(1);
  const { version } = sys.container.image;
  if (args[0] === "-v" || args[0] === "-V") {
    sys.complain(`nginx version: nginx/${version}\n`);
    return 0;
  }
  if (args.includes("-t") || args.includes("-T")) {
    const conf = readConfig(sys);
    if (typeof conf === "string") {
      sys.complain(
        `nginx: [emerg] ${conf}\nnginx: configuration file /etc/nginx/nginx.conf test failed\n`,
      );
      return 1;
    }
    sys.complain(
      "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n",
    );
    return 0;
  }
  const s = args.indexOf("-s");
  if (s >= 0) {
    const signal = { stop: 15, quit: 3, reload: 1, reopen: 10 }[args[s + 1] ?? ""];
    if (signal === undefined) {
      sys.complain(`nginx: invalid option: "-s ${args[s + 1] ?? ""}"\n`);
      return 1;
    }
    const master = sys
      .processes()
      .find((process) => process.program === "nginx" && process.pid !== sys.pid);
    if (!master) {
      sys.complain(
        'nginx: [error] open() "/run/nginx.pid" failed (2: No such file or directory)\n',
      );
      return 1;
    }
    sys.complain(
      `${errorLogTime(sys.now)} [notice] ${sys.pid}#${sys.pid}: signal process started\n`,
    );
    sys.kill(master.pid, signal);
    return 0;
  }
  const bad = args.find(
    (arg, i) => !arg.startsWith("-") && args[i - 1] !== "-g" && args[i - 1] !== "-c",
  );
  if (bad) {
    sys.complain(`${usage}: "${bad}"\n`);
    return 1;
  }
  return undefined;
}

const master: Program<NginxState> = {
  name: "nginx",
  storedNames: {
    inside: {
      jobs: { each: { fields: { request: "i", ask: "a" }, inside: { ask: httpAskNames } } },
    },
  },
  start(sys): NginxState {
    const done = command(sys);
    if (done !== undefined) return { bad: done };
    const { entries } = sys.container.image.layer;
    const untouched =
      entries.get("/etc/nginx/conf.d/default.conf")?.data === defaultConfig &&
      sys.kernel.records.get("trees", sys.container.upperKey) === undefined &&
      !(sys.container.record.spec.mounts ?? []).some((mount) =>
        mount.mountPath.startsWith("/etc/nginx"),
      );
    const conf = untouched ? ownServers : readConfig(sys);
    if (typeof conf === "string") {
      emergency(sys, conf);
      return { bad: 1 };
    }
    const confined = sys.who.uid !== 0 || sys.container.record.spec.readOnlyRootFilesystem === true;
    const boot =
      confined && sys.pid === 1 ? bootLog(sys.container.image.version, sys.now, true) : [];
    for (const { stream, text } of boot) if (stream === 1) sys.write(1, `${text}\n`);
    if (sys.who.uid !== 0) warn(sys, notRoot);
    const failed =
      makeCacheFolders(sys) ??
      openLogs(sys, logsOf(conf), failure) ??
      bind(sys, conf) ??
      writePid(sys);
    if (failed !== undefined) {
      emergency(sys, failed);
      return { bad: 1 };
    }
    for (const { stream, text } of boot) if (stream === 2) sys.complain(`${text}\n`);
    const { kernel } = sys;
    const log = kernel.logs.recordOf(sys.process.container);
    if (sys.pid === 1 && log.entries === 0 && !confined) {
      const image = sys.container.record.spec.image;
      log.boot = { image, at: sys.now, lines: bootLength(sys.container.image.version) };
      kernel.pod.nextPids[sys.process.pidNamespace] = Math.max(
        kernel.pod.nextPids[sys.process.pidNamespace] ?? 0,
        36,
      );
    }
    return untouched ? {} : { conf };
  },
  step: (sys, state) =>
    state.bad === undefined ? { wait: pushJobs(sys, state) } : { exit: state.bad },
  handles: (state, signal) => state.bad === undefined && [1, 2, 3, 10, 15].includes(signal),
  signal(sys, state, signal) {
    const note = (text: string): void =>
      sys.complain(`${errorLogTime(sys.now)} [notice] 1#1: ${text}\n`);
    const name = { 1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 10: "SIGUSR1", 15: "SIGTERM" }[signal];
    const number = { 1: 1, 2: 2, 3: 3, 10: 10, 15: 15 }[signal];
    if (signal === 1) {
      note(`signal ${number} (${name}) received from 36, reconfiguring`);
      note("reconfiguring");
      const conf = readConfig(sys);
      if (typeof conf === "string") sys.complain(`${errorLogTime(sys.now)} [emerg] 1#1: ${conf}\n`);
      else {
        const failed = openLogs(sys, logsOf(conf), failure) ?? bind(sys, conf);
        if (failed === undefined) state.conf = conf;
        else emergency(sys, failed);
      }
      return undefined;
    }
    if (signal === 10) return void note(`signal ${number} (${name}) received, reopening logs`);
    note(`signal ${number} (${name}) received, ${signal === 3 ? "shutting down" : "exiting"}`);
    if (signal === 3)
      for (const pid of workerPids)
        sys.complain(`${errorLogTime(sys.now)} [notice] ${pid}#${pid}: gracefully shutting down\n`);
    note("exit");
    return { exit: 0 };
  },
  http: answer,
  memoryBytes: () => 4_500_000,
  idleCpuMilli: () => 1,
  title: (_state, argv) => `nginx: master process ${argv.join(" ")}`,
  shadow: () => workerPids.map((pid) => ({ pid, user: "101", title: "nginx: worker process" })),
};

/** The image's entrypoint script: configures, then runs its arguments. */
const entrypoint: Program<{ code: number }> = {
  name: "nginx-entrypoint",
  start(sys) {
    const argv = sys.argv.slice(1);
    const first = argv[0];
    if (first === undefined) return { code: 0 };
    try {
      sys.exec(sys.which(first), argv, sys.env);
      return sys.process.state as { code: number };
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(`/docker-entrypoint.sh: exec: line 47: ${first}: not found\n`);
      return { code: 127 };
    }
  },
  step: (_sys, state) => ({ exit: state.code }),
};

export const nginx: ImageDefinition = {
  repositories: [
    "docker.io/library/nginx",
    "docker.io/nginxinc/nginx-unprivileged",
    "registry.k8s.io/nginx",
    "k8s.gcr.io/nginx",
    "registry.k8s.io/e2e-test-images/nginx",
    "public.ecr.aws/nginx/nginx",
    "public.ecr.aws/docker/library/nginx",
    "quay.io/nginx/nginx-unprivileged",
  ],
  resolveTag: (tag) => resolveVersion(rule, tag.replace(/^(\d+\.\d+)-\d+$/, "$1")),
  version(version, tag) {
    const alpine = tag.includes("alpine");
    const key = `${version} ${alpine}`;
    let found = versions.get(key);
    if (!found) {
      found = {
        version,
        entrypoint: atLeast(version, "1.19.0") ? ["/docker-entrypoint.sh"] : [],
        cmd: ["nginx", "-g", "daemon off;"],
        env: {
          NGINX_VERSION: version,
          NJS_VERSION: "0.9.4",
          NJS_RELEASE: "1~trixie",
          PKG_RELEASE: "1~trixie",
          DYNPKG_RELEASE: "1~trixie",
        },
        layer: layerOf(alpine),
        sizeBytes: alpine ? 22_631_814 : 59_774_010,
        stopSignal: 3,
      };
      versions.set(key, found);
    }
    return found;
  },
  bootLog,
  programs: [master, entrypoint],
};

/** nginx's versions in the images of the StatefulSet tutorial, by their own minor versions. */
const slimVersions: Record<number, string> = {
  4: "1.9.3",
  5: "1.9.5",
  6: "1.9.9",
  7: "1.9.15",
  8: "1.11.1",
  9: "1.11.12",
  20: "1.13.0",
  21: "1.21.6",
  22: "1.23.1",
  23: "1.23.4",
  24: "1.25.1",
  25: "1.25.3",
  26: "1.25.5",
  27: "1.27.0",
};

export const nginxSlim: ImageDefinition = {
  ...nginx,
  repositories: ["registry.k8s.io/nginx-slim", "registry.k8s.io/nginx-slim-amd64"],
  resolveTag: (tag) => slimVersions[Number(/^v?0\.(\d{1,2})$/.exec(tag)?.[1] ?? -1)],
  programs: [],
};
