/** Images that exist for their tools: curl, netshoot, dnsutils and their like. */
import { buildLayer, type LayerFile } from "../runtime/fs/layer.ts";
import {
  alpineFiles,
  debianFiles,
  debianReleases,
  runtimeFiles,
} from "../runtime/image/base-files.ts";
import { commandEntry } from "./command-entry.ts";
import type { ImageVersion } from "../runtime/image/image.ts";
import type { ImageDefinition } from "./define.ts";
import { resolveVersion } from "./tags.ts";

const programs = (folder: string, names: string): Record<string, LayerFile> =>
  Object.fromEntries(names.split(" ").map((name) => [`${folder}/${name}`, { program: name }]));

function memoizedVersion(
  make: (version: string) => ImageVersion,
): (version: string) => ImageVersion {
  const versions = new Map<string, ImageVersion>();
  return (version) => {
    let found = versions.get(version);
    if (!found) versions.set(version, (found = make(version)));
    return found;
  };
}

export const curl: ImageDefinition = {
  repositories: ["docker.io/curlimages/curl", "quay.io/curl/curl"],
  resolveTag: (tag) => resolveVersion({ series: { 7: 88, 8: 17 }, latest: "8.17.0" }, tag),
  version: memoizedVersion((version) => ({
    version,
    entrypoint: ["/entrypoint.sh"],
    cmd: ["curl"],
    env: { CURL_CA_BUNDLE: "/cacert.pem" },
    user: "curl_user",
    workingDir: "/home/curl_user",
    layer: buildLayer(
      alpineFiles("3.22.2"),
      {
        "/entrypoint.sh": { program: "curl-entrypoint" },
        "/usr/bin/curl": { program: "curl" },
        "/home/curl_user": { dir: true, uid: 100, gid: 101 },
        "/etc/passwd": `${alpineFiles("3.22.2")["/etc/passwd"] as string}curl_user:x:100:101:Linux User,,,:/home/curl_user:/sbin/nologin\n`,
        "/etc/group": `${alpineFiles("3.22.2")["/etc/group"] as string}curl_group:x:101:curl_user\n`,
      },
      runtimeFiles,
    ),
    sizeBytes: 9_716_224,
  })),
  programs: [commandEntry("curl-entrypoint", "/entrypoint.sh: line 12", "curl")],
};

export const netshoot: ImageDefinition = {
  repositories: ["docker.io/nicolaka/netshoot", "ghcr.io/nicolaka/netshoot"],
  resolveTag: (tag) =>
    tag === "latest" ? "v0.15" : /^v0\.([1-9]|1[0-5])$/.test(tag) ? tag : undefined,
  version: memoizedVersion((version) => ({
    version,
    entrypoint: [],
    cmd: ["zsh"],
    env: {},
    workingDir: "/root",
    layer: buildLayer(
      alpineFiles("3.22.2"),
      {
        ...programs("/usr/bin", "curl dig host netstat ip ping traceroute ss"),
        "/usr/bin/nc": { program: "nc.openbsd" },
        "/usr/bin/nslookup": { program: "bind-nslookup" },
        "/bin/bash": { program: "bash" },
        "/bin/zsh": { program: "bash" },
        "/etc/motd": "netshoot: tools for looking at a network\n",
      },
      runtimeFiles,
    ),
    sizeBytes: 208_000_000,
  })),
};

/** The Pod of the DNS debugging page. */
export const dnsutils: ImageDefinition = {
  repositories: [
    "registry.k8s.io/e2e-test-images/jessie-dnsutils",
    "registry.k8s.io/e2e-test-images/dnsutils",
    "gcr.io/kubernetes-e2e-test-images/dnsutils",
    "registry.k8s.io/e2e-test-images/glibc-dns-testing",
    "docker.io/tutum/dnsutils",
  ],
  resolveTag: (tag) => (/^(latest|\d+\.\d+(\.\d+)?)$/.test(tag) ? tag : undefined),
  version: memoizedVersion((version) => ({
    version,
    entrypoint: [],
    cmd: ["sleep", "infinity"],
    env: {},
    layer: buildLayer(
      debianFiles(debianReleases.buster!),
      programs("/usr/bin", "dig host getent curl ping nc wget"),
      { "/usr/bin/nslookup": { program: "bind-nslookup" } },
      runtimeFiles,
    ),
    sizeBytes: 112_030_336,
  })),
};

export const toolImages: ImageDefinition[] = [curl, netshoot, dnsutils];
