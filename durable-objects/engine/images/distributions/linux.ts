/** Plain distributions: alpine, debian, ubuntu. */
import { lookup } from "../../core/lookup.ts";
import { buildLayer } from "../../runtime/fs/layer.ts";
import {
  alpineFiles,
  debianFiles,
  debianReleases,
  runtimeFiles,
  type DebianRelease,
  type FileTable,
} from "../../runtime/image/base-files.ts";
import type { ImageVersion } from "../../runtime/image/image.ts";
import type { ImageDefinition } from "../define.ts";
import { resolveVersion } from "../tags.ts";

function kept(make: (version: string) => ImageVersion): (version: string) => ImageVersion {
  const versions = new Map<string, ImageVersion>();
  return (version) => {
    let found = versions.get(version);
    if (!found) versions.set(version, (found = make(version)));
    return found;
  };
}

/** Newest patch of each minor version that is still about. */
const alpinePatches: Record<number, number> = { 19: 9, 20: 8, 21: 5, 22: 2, 23: 3, 24: 2 };

export const alpine: ImageDefinition = {
  repositories: [
    "docker.io/library/alpine",
    "public.ecr.aws/docker/library/alpine",
    "mirror.gcr.io/library/alpine",
    "quay.io/libpod/alpine",
  ],
  resolveTag(tag) {
    const version = resolveVersion(
      { series: { 3: 24 }, latest: "3.22.2", names: { edge: "3.23.0" }, patchMax: 12 },
      tag,
    );
    const minor = /^3\.(\d+)$/.exec(tag)?.[1];
    return minor && version ? `3.${minor}.${alpinePatches[Number(minor)] ?? 6}` : version;
  },
  version: kept((version) => ({
    version,
    entrypoint: [],
    cmd: ["/bin/sh"],
    env: {},
    layer: buildLayer(
      alpineFiles(version),
      {
        "/etc/profile":
          "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
        "/etc/shells": "/bin/sh\n/bin/ash\n",
        "/sbin": { dir: true },
        "/lib": { dir: true },
        "/opt": { dir: true },
        "/srv": { dir: true },
        "/mnt": { dir: true },
        "/media": { dir: true },
        "/run": { dir: true },
        "/usr/bin": { dir: true },
        "/usr/local/bin": { dir: true },
        "/var/log": { dir: true },
        "/var/cache": { dir: true },
        "/var/lib": { dir: true },
      },
      runtimeFiles,
    ),
    sizeBytes: 3_802_452,
  })),
};

const debianNames: Record<string, string> = lookup({
  latest: "trixie",
  stable: "trixie",
  oldstable: "bookworm",
  oldoldstable: "bullseye",
});
const debianNumbers: Record<string, string> = {
  10: "buster",
  11: "bullseye",
  12: "bookworm",
  13: "trixie",
};

/** The code name a tag stands for: `12`, `12.5`, `bookworm-slim`, `bookworm-20251103-slim`. */
function debianCodename(tag: string): string | undefined {
  const plain =
    tag
      .replace(/-?slim$/, "")
      .replace(/-\d{8}$/, "")
      .replace(/-backports$/, "") || "latest";
  const name = debianNames[plain] ?? plain;
  if (debianReleases[name]) return name;
  const number = /^(\d+)(?:\.(\d+))?$/.exec(name);
  return number && Number(number[2] ?? 0) <= 13 ? debianNumbers[number[1] ?? ""] : undefined;
}

export const debian: ImageDefinition = {
  repositories: [
    "docker.io/library/debian",
    "public.ecr.aws/docker/library/debian",
    "mirror.gcr.io/library/debian",
  ],
  resolveTag: debianCodename,
  version: kept((codename) => ({
    version: debianReleases[codename]?.version ?? codename,
    entrypoint: [],
    cmd: ["bash"],
    env: {},
    layer: buildLayer(debianFiles(debianReleases[codename] as DebianRelease), runtimeFiles),
    sizeBytes: 49_282_540,
  })),
};

const ubuntuReleases: Record<string, [version: string, codename: string]> = lookup({
  "20.04": ["20.04.6", "focal"],
  "22.04": ["22.04.5", "jammy"],
  "24.04": ["24.04.3", "noble"],
  "25.10": ["25.10", "questing"],
  "26.04": ["26.04", "resolute"],
});

function ubuntuVersion(tag: string): string | undefined {
  const plain = tag.replace(/-\d{8}(\.\d+)?$/, "");
  if (plain === "latest") return "24.04";
  if (plain === "rolling") return "25.10";
  if (ubuntuReleases[plain]) return plain;
  return Object.keys(ubuntuReleases).find((number) => ubuntuReleases[number]?.[1] === plain);
}

export const ubuntu: ImageDefinition = {
  repositories: [
    "docker.io/library/ubuntu",
    "public.ecr.aws/docker/library/ubuntu",
    "mirror.gcr.io/library/ubuntu",
    "public.ecr.aws/ubuntu/ubuntu",
  ],
  resolveTag: ubuntuVersion,
  version: kept((number) => {
    const [version, codename] = ubuntuReleases[number] ?? ["24.04.3", "noble"];
    const base = debianFiles({ version, codename, id: "ubuntu" });
    const user = "ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash\n";
    const own: FileTable =
      Number(number) < 24
        ? {}
        : {
            "/etc/passwd": `${base["/etc/passwd"] as string}${user}`,
            "/etc/group": `${base["/etc/group"] as string}ubuntu:x:1000:\n`,
            "/home/ubuntu": { dir: true, uid: 1000, gid: 1000 },
          };
    return {
      version,
      entrypoint: [],
      cmd: ["/bin/bash"],
      env: {},
      layer: buildLayer(base, own, runtimeFiles),
      sizeBytes: 29_727_061,
    };
  }),
};

export const linuxImages: ImageDefinition[] = [alpine, debian, ubuntu];
