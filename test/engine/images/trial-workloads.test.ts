/** Workloads of public manifests that need what small tools and files say: git without a network, /proc, users of images. */
import { beforeAll, describe, expect, test } from "vitest";
import { NetworkWorld, podOf } from "../network/network-world.ts";

let world: NetworkWorld;
const log = (name: string): string =>
  world.request("GET", `/api/v1/namespaces/default/pods/${name}/log`).text;
const exitOf = (name: string): number | undefined =>
  world.pod(name).status.containerStatuses[0].state.terminated?.exitCode;
const run = (command: string, pod = "box") => world.exec(pod, command);

beforeAll(() => {
  world = new NetworkWorld();
  const once = { restartPolicy: "Never" };
  const clone = {
    container: { args: ["clone", "https://github.com/a/b.git", "/src"] },
    spec: once,
  };
  world.create(podOf("clone", "alpine/git", clone));
  world.create(podOf("box", "alpine/git", { container: { command: ["sleep", "infinity"] } }));
  world.create(podOf("plain", "busybox", { container: { command: ["sleep", "infinity"] } }));
  world.create(podOf("sync", "portworx/lh-config-sync:2.0.5", { container: { args: ["sync"] } }));
  world.create(podOf("ls", "some/image", { container: { args: ["date", "+%Y"] }, spec: once }));
  const su = { container: { command: ["sh", "-c", "chown -R vitess /vt && exec su -p -c 'id -un' vitess"] }, spec: once }; // prettier-ignore
  world.create(podOf("vitess", "vitess/lite:v2.0.0-alpha5", su));
  world.advance(30_000);
});

describe("git", () => {
  test("clone ends as without a network: 128, in its own words", () => {
    expect(exitOf("clone")).toBe(128);
    expect(log("clone")).toBe(
      "Cloning into '/src'...\nfatal: unable to access 'https://github.com/a/b.git/': Could not resolve host: github.com\n",
    );
  });
  test.each([
    ["git clone git@github.com:a/b.git", "Cloning into 'b'...\nssh: Could not resolve hostname github.com: Name does not resolve\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n"], // prettier-ignore
    ["git clone -q --depth 1 https://example.com/a", "fatal: repository 'https://example.com/a/' not found\n"], // prettier-ignore
    ["git -C /tmp status", "fatal: not a git repository (or any of the parent directories): .git\n"], // prettier-ignore
    ["cd /etc && git clone https://github.com/x/apk", "fatal: destination path 'apk' already exists and is not an empty directory.\n"], // prettier-ignore
  ])("%s", (command, stderr) => {
    expect(run(command)).toMatchObject({ stderr, exitCode: 128 });
  });
  test("init begins one", () => {
    expect(run("git init /tmp/r").stdout).toBe(
      "Initialized empty Git repository in /tmp/r/.git/\n",
    );
    expect(run("git --version").stdout).toMatch(/^git version 2\./);
  });
});

test("a tool's name alone behind an unknown entrypoint is a verb of the server; with arguments it is the tool", () => {
  expect(world.pod("sync").status.containerStatuses[0]).toMatchObject({ ready: true, restartCount: 0 }); // prettier-ignore
  expect(log("ls")).toMatch(/^20\d\d\n$/);
});

test("an image's own users", () => {
  expect(log("vitess")).toBe("vitess\n");
});

describe("/proc", () => {
  test.each([
    ["grep -c loop /proc/devices", "1\n"],
    ["cat /proc/1/cgroup", "0::/\n"],
    ["awk '/Max open files/ {print $4}' /proc/self/limits", "1048576\n"],
    ["grep -c '^cpu[0-9]' /proc/stat", "4\n"],
    ["cat /proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"],
    ["grep -c . /proc/1/mountinfo | grep -v '^0'", expect.stringMatching(/^\d+\n$/)],
    ["ls /proc/1/ns | tr '\\n' ' '", "cgroup ipc mnt net pid time user uts "],
    ["readlink /proc/1/ns/user", "user:[4026531837]\n"],
  ])("%s", (command, stdout) => {
    expect(run(command, "plain").stdout).toEqual(stdout);
  });
  test("containers of a Pod share its network, not its mounts", () => {
    expect(run("readlink /proc/1/ns/net", "plain").stdout).not.toBe(
      run("readlink /proc/1/ns/net", "box").stdout,
    );
  });
});
