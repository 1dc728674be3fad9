/** Space and memory: df, du, free, uptime. */
import { treeBytesMax } from "../../../core/limits.ts";
import { defaultCapacity } from "../../../core/machine-facts.ts";
import { Errno } from "../../errno.ts";
import { shownMounts } from "../../fs/vfs.ts";
import { formatDate } from "./date.ts";
import { humanSize } from "../files/ls.ts";
import { options } from "../options.ts";
import { tool, type Io } from "../tool.ts";
import { inFolder } from "../words.ts";

/** What a node's disk is said to hold, KiB. */
const diskKb = 97_673_280;

interface Room {
  device: string;
  at: string;
  type: string;
  total: number;
  used: number;
}

function rooms(io: Io): Room[] {
  const { vfs } = io.sys.container;
  return shownMounts(vfs.mounts)
    .filter(({ fsType }) => fsType !== "proc" && fsType !== "sysfs")
    .map((mount) => {
      const memory = mount.fsType === "tmpfs";
      const memoryKb = Math.floor((mount.sizeBytes ?? treeBytesMax) / 1024);
      // The folder itself takes no room of a file system in memory.
      const held = Math.max(0, Math.ceil(usedBytes(io, mount.at) / 1024) - (memory ? 4 : 0));
      return {
        device: mount.device,
        at: mount.at,
        type: mount.fsType,
        total: memory ? memoryKb : diskKb,
        used: memory ? Math.min(held, memoryKb) : Math.round(diskKb / 4) + held,
      };
    });
}

function usedBytes(io: Io, at: string): number {
  return at === "/" || at === "/dev" ? 0 : sizeOf(io, at, { n: 2_000 });
}

/** Bytes below a path, in whole blocks; looks at so many files at most. */
function sizeOf(io: Io, path: string, left: { n: number }): number {
  const stat = io.sys.peek(path, false);
  if (!stat || left.n-- <= 0) return 0;
  if (stat.type !== "d") return Math.ceil(stat.size / 4096) * 4096;
  let names: string[] = [];
  try {
    names = io.sys.list(path);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
  return names.reduce((sum, name) => sum + sizeOf(io, inFolder(path, name), left), 4096);
}

const df = tool("df", (io) => {
  const opts = options(io, "akmhPTBi");
  let list = rooms(io);
  let code = 0;
  if (opts.rest.length) {
    const found: Room[] = [];
    for (const path of opts.rest) {
      const place = io.sys.peekPlace(path);
      const room = list.find(({ at }) => at === place?.mount.at);
      if (room) found.push(room);
      else {
        io.say(`${path}: can't find mount point`);
        code = 1;
      }
    }
    list = found;
  }
  const size = (kb: number): string =>
    opts.has("h")
      ? humanSize(kb * 1024)
      : opts.has("m")
        ? String(Math.round(kb / 1024))
        : String(kb);
  const unit = opts.has("h")
    ? "Size"
    : opts.has("m")
      ? "1M-blocks"
      : opts.has("P")
        ? "1024-blocks"
        : "1K-blocks";
  const type = (text: string): string => (opts.has("T") ? ` ${text.padEnd(10)}` : "");
  io.out(
    `Filesystem          ${type("Type")} ${unit.padStart(9)}      Used Available ${opts.has("P") ? "Capacity" : "Use%"} Mounted on\n`,
  );
  for (const { device, at, type: kind, total, used } of list) {
    const percent = `${Math.ceil((used * 100) / total)}%`;
    io.out(
      `${device.padEnd(20)}${type(kind)} ${size(total).padStart(9)} ${size(used).padStart(9)} ${size(total - used).padStart(9)} ${percent.padStart(4)} ${at}\n`,
    );
  }
  return code;
});

const du = tool("du", (io) => {
  const opts = options(io, "aHLkhmscxd:l", {
    "max-depth": "d",
    summarize: "s",
    "human-readable": "h",
  });
  const most = opts.has("s") ? 0 : Number(opts.value("d") ?? 1e9);
  const size = (bytes: number): string =>
    opts.has("h") ? humanSize(bytes) : String(Math.ceil(bytes / (opts.has("m") ? 1 << 20 : 1024)));
  let code = 0;
  const walk = (path: string, depth: number): number => {
    const stat = io.sys.peek(path, false);
    if (!stat) {
      io.say(`${path}: No such file or directory`);
      code = 1;
      return 0;
    }
    let sum = Math.ceil(stat.size / 4096) * 4096;
    if (stat.type === "d") {
      sum = 4096;
      const named = (() => {
        try {
          return io.sys.list(path);
        } catch (error) {
          if (!(error instanceof Errno)) throw error;
          io.say(`can't open '${path}': ${error.message}`);
          code = 1;
          return [];
        }
      })();
      for (const name of named) sum += walk(inFolder(path, name), depth + 1);
    }
    if (depth <= most && (stat.type === "d" || opts.has("a") || depth === 0))
      io.out(`${size(sum)}\t${path}\n`);
    return sum;
  };
  const all = (opts.rest.length ? opts.rest : ["."]).reduce((sum, path) => sum + walk(path, 0), 0);
  if (opts.has("c")) io.out(`${size(all)}\ttotal\n`);
  return code;
});

/** KiB of the node: all, used by the Pod's processes and the rest of the machine, cache. */
function memory(io: Io): { total: number; used: number; cache: number } {
  const { kernel } = io.sys;
  const own = Object.values(kernel.pod.processes).reduce(
    (sum, process) => sum + kernel.memoryOf(process),
    0,
  );
  return {
    total: defaultCapacity.memoryBytes / 1024,
    used: 1_258_291 + Math.round(own / 1024),
    cache: 1_153_433,
  };
}

const free = tool("free", (io) => {
  const opts = options(io, "bkmgth");
  const { total, used, cache } = memory(io);
  const text = (kb: number): string =>
    opts.has("h")
      ? humanSize(kb * 1024)
      : String(
          opts.has("b")
            ? kb * 1024
            : opts.has("m")
              ? Math.round(kb / 1024)
              : opts.has("g")
                ? Math.round(kb / 1048576)
                : kb,
        );
  const row = (name: string, cells: number[]): string =>
    `${name.padEnd(7)}${cells.map((cell) => text(cell).padStart(12)).join("")}\n`;
  io.out(
    `${" ".repeat(7)}${["total", "used", "free", "shared", "buff/cache", "available"].map((name) => name.padStart(12)).join("")}\n`,
  );
  io.out(
    row("Mem:", [total, used, total - used - cache, 0, cache, total - used]) +
      row("Swap:", [0, 0, 0]),
  );
});

/** ` 10:02:03 up 1 day,  2:03,  0 users,  load average: ...`. */
export function uptimeLine(io: Io): string {
  const { sys } = io;
  const minutes = Math.floor((sys.now - sys.container.record.startedAtMs) / 60_000) + 1440;
  const days = Math.floor(minutes / 1440);
  const clock = `${String(Math.floor(minutes / 60) % 24).padStart(2)}:${String(minutes % 60).padStart(2, "0")}`;
  return ` ${formatDate("%H:%M:%S", sys.now)} up ${days} day${days === 1 ? "" : "s"}, ${clock},  0 users,  load average: 0.08, 0.03, 0.01`;
}

export const diskTools = [df, du, free, tool("uptime", (io) => io.out(`${uptimeLine(io)}\n`))];
