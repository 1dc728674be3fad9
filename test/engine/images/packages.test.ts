/** apt, dpkg, apk, dnf and yum: the mirrors of a cluster without a way out are not found, in their own words. */
import { describe, expect, test } from "vitest";
import { RuntimeWorld } from "../runtime/runtime-world.ts";

function run(image: string, command: string, more: object = {}): string {
  const world = new RuntimeWorld();
  const spec = world.start(
    world.spec(world.pod("x"), "x", image, { command: ["sleep", "100000"], ...more }),
  );
  const { exitCode, stdout } = world.exec(spec, ["sh", "-c", `{ ${command}\n} 2>&1`]);
  return `${stdout}${exitCode}`;
}

const update = `Ign:1 http://deb.debian.org/debian bookworm InRelease
Ign:2 http://deb.debian.org/debian bookworm-updates InRelease
Ign:3 http://deb.debian.org/debian-security bookworm-security InRelease
`;
const failed = (suite: string, folder = "debian"): string =>
  `W: Failed to fetch http://deb.debian.org/${folder}/dists/${suite}/InRelease  Temporary failure resolving 'deb.debian.org'\n`;
const read =
  "Reading package lists...\nBuilding dependency tree...\nReading state information...\n";

describe("Debian", () => {
  test("apt-get update finds no mirror, and ends well all the same", () => {
    const err = (i: number, path: string): string =>
      `Err:${i} http://deb.debian.org/${path} InRelease\n  Temporary failure resolving 'deb.debian.org'\n`;
    expect(run("debian:12", "apt-get update")).toBe(
      `${update}${update}${update}${err(1, "debian bookworm")}${err(2, "debian bookworm-updates")}${err(3, "debian-security bookworm-security")}Reading package lists...\n${failed("bookworm")}${failed("bookworm-updates")}${failed("bookworm-security", "debian-security")}W: Some index files failed to download. They have been ignored, or old ones used instead.\n0`,
    );
  });

  test.each([
    ["debian:12", "apt-get install -y curl", `${read}E: Unable to locate package curl\n100`],
    [
      "debian:12",
      "apt-get -qq install vim git",
      `${read}E: Unable to locate package vim\nE: Unable to locate package git\n100`,
    ],
    [
      "debian:12",
      "apt-get install bash",
      `${read}bash is already the newest version (5.2.15-2+b8).\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n0`,
    ],
    [
      "debian:12",
      "apt-get update >/dev/null && apt-get install -y curl >/dev/null; echo $?",
      `${failed("bookworm")}${failed("bookworm-updates")}${failed("bookworm-security", "debian-security")}W: Some index files failed to download. They have been ignored, or old ones used instead.\nE: Unable to locate package curl\n100\n0`,
    ],
    [
      "debian:13",
      "apt install curl",
      `\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n${read}Error: Unable to locate package curl\n100`,
    ],
    ["debian:12", "apt-get frob", "E: Invalid operation frob\n100"],
    [
      "debian:12",
      "apt-get upgrade",
      `${read}Calculating upgrade...\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n0`,
    ],
    ["nginx", "which apt apt-get dpkg", "/usr/bin/apt\n/usr/bin/apt-get\n/usr/bin/dpkg\n0"],
    ["ubuntu", "apt-get --version", "apt 2.8.3 (amd64)\n0"],
    ["node", "apt-get install curl", `${read}curl is already the newest version`],
    ["debian:12", "dpkg -l nosuch", "dpkg-query: no packages found matching nosuch\n1"],
    [
      "debian:12",
      "dpkg -l bash",
      "Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n||/ Name           Version      Architecture Description\n+++-==============-============-============-=================================\nii  bash           5.2.15-2+b8  amd64        GNU Bourne Again SHell\n0",
    ],
    ["debian:12", "dpkg -l | grep -c ^ii", "15\n0"],
    ["debian:12", "dpkg --print-architecture", "amd64\n0"],
  ])("%s: %s", (image, command, expected) => {
    expect(run(image, command).slice(0, expected.length)).toBe(expected);
  });

  test("needs root", () => {
    const user = { runAsUser: 1000 };
    expect(run("debian:12", "apt-get update", user)).toBe(
      "Reading package lists...\nE: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)\nE: Unable to lock directory /var/lib/apt/lists/\n100",
    );
    expect(run("debian:12", "apt-get install curl", user)).toContain("are you root?\n100");
  });
});

describe("others", () => {
  const main = "https://dl-cdn.alpinelinux.org/alpine/v3.22/main";
  const community = "https://dl-cdn.alpinelinux.org/alpine/v3.22/community";
  const fetched = [main, community]
    .map(
      (url) =>
        `fetch ${url}/x86_64/APKINDEX.tar.gz\nWARNING: updating and opening ${url}: temporary error (try again later)\n`,
    )
    .join("");
  test.each([
    [
      "alpine",
      "apk add curl",
      `${fetched}ERROR: unable to select packages:\n  curl (no such package):\n    required by: world[curl]\n1`,
    ],
    [
      "alpine",
      "apk add --no-cache --update bash curl",
      `${fetched}ERROR: unable to select packages:\n  bash (no such package):\n    required by: world[bash]\n  curl (no such package):\n    required by: world[curl]\n2`,
    ],
    ["alpine", "apk update", `${fetched}2 unavailable, 0 stale; 16 distinct packages available\n2`],
    ["nginx:alpine", "which apk", "/sbin/apk\n0"],
    ["node:22-alpine", "apk info | head -n 1", "alpine-baselayout\n0"],
    [
      "alpine:3.17",
      "apk add x",
      "fetch https://dl-cdn.alpinelinux.org/alpine/v3.17/main/x86_64/APKINDEX.tar.gz\nWARNING: Ignoring https://dl-cdn.alpinelinux.org/alpine/v3.17/main: temporary error",
    ],
    ["centos:7", "yum install -y curl", "Package curl is already installed.\n"],
    [
      "centos:7",
      "yum install -y vim",
      "Loaded plugins: fastestmirror, ovl\nDetermining fastest mirrors\nCould not retrieve mirrorlist http://mirrorlist.centos.org/",
    ],
    [
      "fedora",
      "dnf install -y vim >/dev/null",
      "Errors during downloading metadata for repository 'fedora':\n  - Curl error (6): Couldn't resolve host name for https://mirrors.fedoraproject.org/",
    ],
    ["amazonlinux", "yum install vim; echo $?", "Amazon Linux 2023 repository "],
    ["busybox", "apk add curl", "sh: apk: not found\n127"],
    [
      "gcr.io/google-samples/kubernetes-bootcamp:v1",
      "curl -s localhost:1; echo $?; which curl bash apt-get",
      "7\n/usr/bin/curl\n/usr/bin/bash\n/usr/bin/apt-get\n0",
    ],
    [
      "docker.io/jocatalin/kubernetes-bootcamp:v2",
      "curl --version | head -c 5; node --version",
      "curl v6.3.1\n0",
    ],
    ["node", "which curl wget git", "/usr/bin/curl\n/usr/bin/wget\n/usr/bin/git\n0"],
    ["node:22-slim", "which curl", "1"],
  ])("%s: %s", (image, command, expected) => {
    expect(run(image, command).slice(0, expected.length)).toBe(expected);
  });
});
