/** What exists to use a machine up: stress, and the stressor of the CPU and memory assignment pages. */
import { buildLayer } from "../runtime/fs/layer.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import type { Step } from "../runtime/kernel/calls.ts";
import { alpineFiles, runtimeFiles } from "../runtime/image/base-files.ts";
import type { ImageDefinition } from "./define.ts";
import { goDurationMs } from "./echo-family.ts";
import { klogTime } from "../runtime/logs/times.ts";
import { flagOf } from "./serving/small-server.ts";

interface State {
  /** Cores kept busy, in milli. */
  cpu: number;
  /** Bytes held now, wanted in the end, and added at each step. */
  bytes: number;
  want: number;
  by: number;
  everyMs: number;
  /** Next growth, and the end. */
  nextMs: number;
  until?: number;
  exitCode?: number;
  told?: true;
}

/** `150M`, `1g`, `500Mi`, `1Gi`, bytes. */
export function sizeOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(([kmgt])(i?)b?)?$/i.exec(text.trim());
  if (!match) return undefined;
  const power = match[3] ? "kmgt".indexOf(match[3].toLowerCase()) + 1 : 0;
  return Math.round(Number(match[1]) * 1024 ** power);
}

const seconds = (text: string): number => {
  const match = /^(\d+)([smhd]?)$/.exec(text);
  return (
    Math.min(Number(match?.[1] ?? 0), 1e9) * ({ m: 60, h: 3600, d: 86_400 }[match?.[2] ?? ""] ?? 1)
  );
};

const base: State = { cpu: 0, bytes: 1_000_000, want: 1_000_000, by: 0, everyMs: 100, nextMs: 0 };

/** Workers touch their pages at about half a gigabyte a second. */
const growthBytes = 50 * 1024 * 1024;

function readStress(sys: Sys): State {
  const state: State = { ...base, by: growthBytes, nextMs: sys.now };
  const count: Record<string, number> = { cpu: 0, io: 0, vm: 0, hdd: 0 };
  const short: Record<string, string> = { "-c": "cpu", "-i": "io", "-m": "vm", "-d": "hdd" };
  let bytes = 256 * 1024 * 1024;
  let hang = false;
  const words = sys.argv.slice(1);
  for (let i = 0; i < words.length; i++) {
    const [word = "", inline] = (words[i] ?? "").split("=");
    const value = (): string => inline ?? words[++i] ?? "";
    const hog = short[word] ?? word.replace(/^--/, "");
    if (hog in count) count[hog] = Number(value());
    else if (word === "--vm-bytes") bytes = sizeOf(value()) ?? bytes;
    else if (word === "--vm-hang") {
      value();
      hang = true;
    } else if (word === "--vm-keep") hang = false;
    else if (word === "--timeout" || word === "-t") state.until = sys.now + seconds(value()) * 1000;
    else if (["--vm-stride", "--hdd-bytes", "--backoff"].includes(word)) value();
    else if (!["-v", "--verbose", "-q", "--quiet"].includes(word)) {
      sys.complain(`stress: FAIL: [${sys.pid}] (244) unrecognized option: ${word}\n`);
      return { ...state, exitCode: 1 };
    }
  }
  const { cpu = 0, io = 0, vm = 0, hdd = 0 } = count;
  if (cpu + io + vm + hdd === 0) {
    sys.write(
      1,
      "`stress' imposes certain types of compute stress on your system\n\nUsage: stress [OPTION [ARG]] ...\n",
    );
    return { ...state, exitCode: 0 };
  }
  sys.write(
    1,
    `stress: info: [${sys.pid}] dispatching hogs: ${cpu} cpu, ${io} io, ${vm} vm, ${hdd} hdd\n`,
  );
  return {
    ...state,
    cpu: (cpu + (hang ? 0 : vm)) * 1000 + io * 200 + hdd * 300,
    want: state.bytes + vm * bytes,
  };
}

const note = (sys: Sys, line: number, text: string): void =>
  sys.complain(`${klogTime(sys.now)}       1 main.go:${line}] ${text}\n`);

function readStresser(sys: Sys): State {
  const total = flagOf(sys, "mem-total") ?? "0";
  const size = flagOf(sys, "mem-alloc-size") ?? "4Ki";
  const sleep = flagOf(sys, "mem-alloc-sleep") ?? "1ms";
  const cpus = Number(flagOf(sys, "cpus") ?? 0);
  note(
    sys,
    26,
    `Allocating "${total}" memory, in "${size}" chunks, with a ${sleep} sleep between allocations`,
  );
  for (let i = 0; i < cpus; i++) note(sys, 39, "Spawning a thread to consume CPU");
  const everyMs = Math.max(goDurationMs(sleep) ?? 1, 1);
  const chunk = sizeOf(size) ?? 4096;
  // Not more than ten steps a second: small chunks are taken together.
  const together = Math.max(1, Math.ceil(100 / everyMs));
  return {
    ...base,
    cpu: cpus * 1000,
    want: base.bytes + (sizeOf(total) ?? 0),
    by: chunk * together,
    everyMs: everyMs * together,
    nextMs: sys.now + everyMs,
  };
}

const program = (
  name: string,
  read: (sys: Sys) => State,
  grown?: (sys: Sys) => void,
): Program<State> => ({
  name,
  storedNames: { fields: { exitCode: "x", bytes: "m", nextMs: "t" } },
  start: read,
  step(sys, state): Step {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    if (state.until !== undefined && sys.now >= state.until) {
      const took = Math.round((sys.now - sys.process.startedAtMs) / 1000);
      sys.write(1, `stress: info: [${sys.pid}] successful run completed in ${took}s\n`);
      return { exit: 0 };
    }
    if (state.bytes < state.want && sys.now >= state.nextMs) {
      state.bytes = Math.min(state.want, state.bytes + state.by);
      state.nextMs = sys.now + state.everyMs;
    }
    if (state.bytes >= state.want && !state.told) {
      state.told = true;
      grown?.(sys);
    }
    const due = [state.bytes < state.want ? state.nextMs : undefined, state.until].filter(
      (t) => t !== undefined,
    );
    return { wait: due.length ? { untilMs: Math.min(...due) } : {} };
  },
  memoryBytes: (state) => state?.bytes ?? base.bytes,
  idleCpuMilli: (state) => state?.cpu ?? 0,
});

const stressLayer = buildLayer(
  alpineFiles("3.17.1"),
  { "/usr/local/bin/stress": { program: "stress" } },
  runtimeFiles,
);

export const stress: ImageDefinition = {
  repositories: ["docker.io/polinux/stress", "docker.io/progrium/stress", "quay.io/polinux/stress"],
  resolveTag: (tag) =>
    /^(latest|1\.0\.\d)$/.test(tag) ? (tag === "latest" ? "1.0.4" : tag) : undefined,
  version: (version, _tag) => ({
    version,
    entrypoint: [],
    cmd: ["stress", "--help"],
    env: {},
    layer: stressLayer,
    sizeBytes: 4_041_495,
  }),
  programs: [program("stress", readStress)],
};

const stresserLayer = buildLayer({ "/stress": { program: "mem-stress" } }, runtimeFiles);

/** The memory eater: it grows step by step, and is killed at its limit. */
export const memoryEater: ImageDefinition = {
  repositories: [
    "docker.io/vish/stress",
    "registry.k8s.io/stress",
    "gcr.io/google_containers/stress",
  ],
  resolveTag: (tag) => (/^(latest|v1)$/.test(tag) ? tag : undefined),
  version: (version) => ({
    version,
    entrypoint: ["/stress"],
    cmd: ["-logtostderr"],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    layer: stresserLayer,
    sizeBytes: 1_558_791,
  }),
  programs: [
    program("mem-stress", readStresser, (sys) =>
      note(sys, 29, `Allocated "${flagOf(sys, "mem-total") ?? "0"}" memory`),
    ),
  ],
};

export const stressImages: ImageDefinition[] = [stress, memoryEater];
