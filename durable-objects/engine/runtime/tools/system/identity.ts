/** Who and where: id, whoami, hostname, uname. */
import { kernelBuild, kernelRelease } from "../../../core/machine-facts.ts";
import type { Program } from "../../kernel/types.ts";
import { options } from "../options.ts";
import { type Io, tool } from "../tool.ts";

export const userName = (io: Io, uid: number): string | undefined =>
  io.sys.container.passwd.find((entry) => entry.uid === uid)?.name;

export const groupName = (io: Io, gid: number): string | undefined =>
  io.sys.container.groups.find((entry) => entry.gid === gid)?.name;

const id = tool("id", (io) => {
  const opts = options(io, "ugGnr");
  let { uid, gid, groups } = io.sys.who;
  const asked = opts.rest[0];
  if (asked !== undefined) {
    const entry = io.sys.container.passwd.find(
      (one) => one.name === asked || String(one.uid) === asked,
    );
    if (!entry) return io.fail(`unknown user ${asked}`);
    ({ uid, gid } = entry);
    groups = [
      gid,
      ...io.sys.container.groups
        .filter((group) => group.members.includes(entry.name) && group.gid !== entry.gid)
        .map((group) => group.gid),
    ];
  }
  const all = [gid, ...groups.filter((one) => one !== gid)];
  const user = (n: number): string =>
    opts.has("n") ? (userName(io, n) ?? io.fail(`unknown ID ${n}`)) : String(n);
  const group = (n: number): string =>
    opts.has("n") ? (groupName(io, n) ?? io.fail(`unknown ID ${n}`)) : String(n);
  if (opts.has("u")) io.out(`${user(uid)}\n`);
  else if (opts.has("g")) io.out(`${group(gid)}\n`);
  else if (opts.has("G")) io.out(`${all.map(group).join(" ")}\n`);
  else {
    const named = (n: number, name: string | undefined): string =>
      name === undefined ? String(n) : `${n}(${name})`;
    // busybox tells them as the kernel keeps them: by number.
    const told = io.sys.peek("/bin/busybox") ? all.toSorted((a, b) => a - b) : all;
    const list = told.map((n) => named(n, groupName(io, n))).join(",");
    io.out(
      `uid=${named(uid, userName(io, uid))} gid=${named(gid, groupName(io, gid))} groups=${list}\n`,
    );
  }
  return 0;
});

const whoami = tool("whoami", (io) => {
  const { uid } = io.sys.who;
  const name = userName(io, uid);
  if (name === undefined) return io.fail(`unknown uid ${uid}`);
  io.out(`${name}\n`);
  return 0;
});

const hostname = tool("hostname", (io) => {
  const { container, kernel } = io.sys;
  const { pod } = kernel.pod;
  const opts = options(io, "sifd");
  if (opts.rest[0] !== undefined) return io.fail("sethostname: Operation not permitted");
  const domain = pod.subdomain ? `${pod.subdomain}.${pod.namespace}.svc.cluster.local` : "";
  if (opts.has("i")) io.out(`${pod.ip}\n`);
  else if (opts.has("f"))
    io.out(`${pod.fqdn || !domain ? container.hostname : `${container.hostname}.${domain}`}\n`);
  else if (opts.has("d")) io.out(`${domain}\n`);
  else io.out(`${opts.has("s") ? container.hostname.split(".")[0] : container.hostname}\n`);
  return 0;
});

const uname = tool("uname", (io) => {
  const opts = options(io, "asnrvmpio");
  const parts: Record<string, string> = {
    s: "Linux",
    n: io.sys.container.hostname,
    r: kernelRelease,
    v: kernelBuild,
    m: "x86_64",
    p: "unknown",
    i: "unknown",
    o: "GNU/Linux",
  };
  const order = opts.has("a")
    ? "snrvmo"
    : opts.order.length
      ? [..."snrvmpio"].filter((letter) => opts.has(letter)).join("")
      : "s";
  io.out(`${[...order].map((letter) => parts[letter]).join(" ")}\n`);
});

export const identityTools: Program[] = [
  id,
  whoami,
  hostname,
  uname,
  tool("groups", (io) =>
    io.out(`${io.sys.who.groups.map((gid) => groupName(io, gid) ?? String(gid)).join(" ")}\n`),
  ),
];
