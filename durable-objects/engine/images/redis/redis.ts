/** The redis family: the official image, the guestbooks' own, valkey. */
import { Errno } from "../../runtime/errno.ts";
import { buildLayer, type LayerFile } from "../../runtime/fs/layer.ts";
import type { Program } from "../../runtime/kernel/types.ts";
import {
  alpineFiles,
  debianFiles,
  debianReleases,
  runtimeFiles,
} from "../../runtime/image/base-files.ts";
import type { ImageVersion } from "../../runtime/image/image.ts";
import type { ImageDefinition } from "../define.ts";
import { bootLines } from "./boot.ts";
import { redisBenchmark, redisCli } from "./cli.ts";
import { redisServer } from "./server.ts";
import { resolveVersion } from "../tags.ts";

/** Arguments that begin with a dash, or a file of settings, mean the server. */
const entrypoint: Program<{ code: number }> = {
  name: "redis-entrypoint",
  start(sys) {
    let argv = sys.argv.slice(1);
    if (argv[0]?.startsWith("-") || argv[0]?.endsWith(".conf")) argv = ["redis-server", ...argv];
    const first = argv[0] ?? "redis-server";
    try {
      sys.exec(sys.which(first), argv, sys.env);
      return sys.process.state as { code: number };
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(`/usr/local/bin/docker-entrypoint.sh: 31: exec: ${first}: not found\n`);
      return { code: 127 };
    }
  },
  step: (_sys, state) => ({ exit: state.code }),
};

/** The guestbook's replica: follows the master its environment names. */
const follower: Program<{ code: number }> = {
  name: "redis-follower",
  start(sys) {
    const named = (sys.argv[0] ?? "").includes("follower") ? "redis-leader" : "redis-master";
    const fromEnv = sys.env.GET_HOSTS_FROM === "env";
    const host = fromEnv
      ? (sys.env[`${named.toUpperCase().replace("-", "_")}_SERVICE_HOST`] ?? "")
      : named;
    sys.exec("/usr/local/bin/redis-server", ["redis-server", "--slaveof", host, "6379"], sys.env);
    return sys.process.state as { code: number };
  },
  step: (_sys, state) => ({ exit: state.code }),
};

const tools: Record<string, LayerFile> = {
  "/usr/local/bin/docker-entrypoint.sh": { program: "redis-entrypoint" },
  "/usr/local/bin/redis-server": { program: "redis-server" },
  "/usr/local/bin/redis-cli": { program: "redis-cli" },
  "/usr/local/bin/redis-benchmark": { program: "redis-benchmark" },
  "/usr/local/bin/redis-sentinel": { link: "redis-server" },
  "/data": { dir: true, uid: 999, gid: 999 },
};

const versions = new Map<string, ImageVersion>();

function make(version: string, alpine: boolean): ImageVersion {
  const base = alpine ? alpineFiles("3.22.2") : debianFiles(debianReleases.bookworm!);
  const passwd = `${base["/etc/passwd"] as string}redis:x:999:999::/data:/bin/sh\n`;
  const group = `${base["/etc/group"] as string}redis:x:999:\n`;
  return {
    version,
    entrypoint: ["docker-entrypoint.sh"],
    cmd: ["redis-server"],
    env: {
      REDIS_VERSION: version,
      REDIS_DOWNLOAD_URL: `http://download.redis.io/releases/redis-${version}.tar.gz`,
    },
    workingDir: "/data",
    volumes: ["/data"],
    layer: buildLayer(base, tools, { "/etc/passwd": passwd, "/etc/group": group }, runtimeFiles),
    sizeBytes: alpine ? 17_200_000 : 52_700_000,
  };
}

function kept(version: string, tag: string): ImageVersion {
  const alpine = tag.includes("alpine");
  const key = `${version} ${alpine}`;
  let found = versions.get(key);
  if (!found) versions.set(key, (found = make(version, alpine)));
  return found;
}

const series = { 2: 8, 3: 2, 4: 0, 5: 0, 6: 2, 7: 4, 8: 10 };

export const redis: ImageDefinition = {
  repositories: [
    "docker.io/library/redis",
    "docker.io/bitnami/redis",
    "public.ecr.aws/docker/library/redis",
    "mirror.gcr.io/library/redis",
  ],
  resolveTag: (tag) =>
    tag === "e2e"
      ? "2.8.19"
      : resolveVersion(
          { series, latest: "8.4.0", variants: /^(alpine|bookworm|trixie|bullseye|buster)[\d.]*$/ },
          tag,
        ),
  version: kept,
  bootLog: bootLines,
  programs: [redisServer, redisCli, redisBenchmark, entrypoint, follower],
};

/** Kubernetes' own copy; `v1` is the one of its old examples. */
export const kubernetesRedis: ImageDefinition = {
  repositories: [
    "registry.k8s.io/redis",
    "k8s.gcr.io/redis",
    "gcr.io/google_containers/redis",
    "gcr.io/google-containers/redis",
    "registry.k8s.io/e2e-test-images/redis",
  ],
  resolveTag: (tag) => (tag === "v1" ? "2.8.19" : redis.resolveTag(tag)),
  version: kept,
  bootLog: bootLines,
};

const replica = (repositories: string[], file: string, tags: RegExp): ImageDefinition => {
  let found: ImageVersion | undefined;
  return {
    repositories,
    resolveTag: (tag) => (tags.test(tag) ? tag : undefined),
    version() {
      found ??= {
        ...make("2.8.19", false),
        entrypoint: [],
        cmd: [file],
        layer: buildLayer(
          debianFiles(debianReleases.buster!),
          tools,
          { [file]: { program: "redis-follower" } },
          runtimeFiles,
        ),
        sizeBytes: 109_461_757,
      };
      return found;
    },
    bootLog: bootLines,
  };
};

export const redisReplicas: ImageDefinition[] = [
  replica(
    [
      "registry.k8s.io/redis-slave",
      "k8s.gcr.io/redis-slave",
      "gcr.io/google-samples/gb-redisslave",
      "gcr.io/google_samples/gb-redisslave",
      "us-docker.pkg.dev/google-samples/containers/gke/gb-redisslave",
    ],
    "/run.sh",
    /^(latest|v[1-4])$/,
  ),
  replica(
    [
      "gcr.io/google-samples/gb-redis-follower",
      "gcr.io/google_samples/gb-redis-follower",
      "us-docker.pkg.dev/google-samples/containers/gke/gb-redis-follower",
    ],
    "/run-follower.sh",
    /^(latest|v[12])$/,
  ),
];

export const valkey: ImageDefinition = {
  repositories: ["docker.io/valkey/valkey"],
  resolveTag: (tag) =>
    resolveVersion(
      {
        series: { 7: 2, 8: 1, 9: 0 },
        latest: "9.0.0",
        variants: /^(alpine|bookworm|trixie)[\d.]*$/,
      },
      tag,
    ),
  version: kept,
  bootLog: bootLines,
};
