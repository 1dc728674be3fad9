/** redis: the server (a table of commands comes with runtime/network); here its start, its signals, its port. */
import { buildLayer } from "../runtime/fs/layer.ts";
import type { Program } from "../runtime/program.ts";
import { alpineFiles, debianFiles, debianReleases, runtimeFiles } from "./base.ts";
import type { BootLine, ImageDefinition, ImageVersion } from "./define.ts";
import { redisTime } from "./log-times.ts";
import { atLeast, resolveVersion } from "./tags.ts";

function bootLog(version: string, startedAtMs: number): BootLine[] {
  const line = (afterMs: number, mark: string, text: string): BootLine => ({
    afterMs,
    stream: 1,
    text: `1:${afterMs < 10 ? "C" : "M"} ${redisTime(startedAtMs + afterMs)} ${mark} ${text}`,
  });
  return [
    line(2, "*", "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo"),
    line(
      2,
      "*",
      `Redis version=${version}, bits=64, commit=00000000, modified=0, pid=1, just started`,
    ),
    line(
      2,
      "#",
      "Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf",
    ),
    line(12, "*", "monotonic clock: POSIX clock_gettime"),
    line(13, "*", "Running mode=standalone, port=6379."),
    line(14, "*", "Server initialized"),
    line(15, "*", "Ready to accept connections" + (atLeast(version, "7.0.0") ? " tcp" : "")),
  ];
}

const server: Program<{ bad?: true }> = {
  name: "redis-server",
  start(sys) {
    const port = Number(sys.argv[sys.argv.indexOf("--port") + 1]) || 6379;
    sys.listen(port, "t");
    if (sys.pid === 1 && sys.argv.length === 1) {
      const log = sys.kernel.logs.recordOf(sys.process.c);
      const { version } = sys.container.image;
      log.boot = {
        image: sys.container.record.spec.image,
        at: sys.now,
        n: bootLog(version, sys.now).length,
      };
    }
    return {};
  },
  step: () => ({ wait: {} }),
  handles: (_state, signal) => signal === 15 || signal === 2,
  signal(sys) {
    const say = (text: string): void =>
      void sys.write(1, `${sys.pid}:M ${redisTime(sys.now)} ${text}\n`);
    sys.write(
      1,
      `${sys.pid}:signal-handler (${Math.floor(sys.now / 1000)}) Received SIGTERM scheduling shutdown...\n`,
    );
    say("* User requested shutdown...");
    say("# Redis is now ready to exit, bye bye...");
    return { exit: 0 };
  },
  memoryBytes: () => 8_000_000,
  idleCpuMilli: () => 2,
};

const versions = new Map<string, ImageVersion>();

export const redis: ImageDefinition = {
  repositories: [
    "docker.io/library/redis",
    "registry.k8s.io/redis",
    "k8s.gcr.io/redis",
    "gcr.io/google_containers/redis",
    "docker.io/bitnami/redis",
    "public.ecr.aws/docker/library/redis",
  ],
  resolveTag: (tag) =>
    tag === "e2e"
      ? "2.8.19"
      : resolveVersion(
          {
            series: { 2: 8, 3: 2, 4: 0, 5: 0, 6: 2, 7: 4, 8: 4 },
            latest: "8.4.0",
            variants: /^(alpine|bookworm|trixie|bullseye|buster)[\d.]*$/,
          },
          tag,
        ),
  version(version, tag) {
    const alpine = tag.includes("alpine");
    const key = `${version} ${alpine}`;
    let found = versions.get(key);
    if (!found) {
      found = {
        version,
        entrypoint: ["docker-entrypoint.sh"],
        cmd: ["redis-server"],
        env: { REDIS_DOWNLOAD_URL: `http://download.redis.io/releases/redis-${version}.tar.gz` },
        workingDir: "/data",
        layer: buildLayer(
          alpine ? alpineFiles("3.22.2") : debianFiles(debianReleases.bookworm!),
          {
            "/usr/local/bin/docker-entrypoint.sh": { program: "nginx-entrypoint" },
            "/usr/local/bin/redis-server": { program: "redis-server" },
            "/usr/local/bin/redis-cli": { program: "redis-cli" },
            "/data": { dir: true, uid: 999, gid: 999 },
          },
          runtimeFiles,
        ),
        sizeBytes: alpine ? 17_200_000 : 52_700_000,
      };
      versions.set(key, found);
    }
    return found;
  },
  bootLog,
  programs: [server],
};
