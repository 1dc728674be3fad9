/** agnhost mounttest: looks at what is mounted. k8s: test/images/agnhost/mounttest */
import { Errno } from "../../runtime/errno.ts";
import type { Stat } from "../../runtime/fs/vfs.ts";
import type { Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { flagOf, hasFlag } from "../serving/small-server.ts";

const text = "mount-tester new file\n";
const pauseMs = 2_000;

export interface MountTestState {
  /** Rounds done, next round, end of all rounds. */
  rounds: number;
  nextMs?: number;
  until?: number;
  /** A question had no answer; the file was not there when last read. */
  bad?: boolean;
  missing?: boolean;
}

const quote = (name: string): string => JSON.stringify(name);

/** A call's result, or its error in Go's wording; `bad` collects the failures. */
function tell(sys: Sys, bad: string[], begin: string, act: () => string, end = ""): void {
  try {
    sys.write(1, act());
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const why = error.message.toLowerCase();
    bad.push(why);
    sys.write(1, `${begin}${why}${end}\n`);
  }
}

/** statfs(2)'s number for a file system, but for the one that has a name here. */
const fileSystems: Record<string, string> = {
  tmpfs: "tmpfs",
  ext4: "61267",
  overlay: "2035054128",
  proc: "40864",
  sysfs: "1650812274",
};

function newFile(sys: Sys, path: string, mode: number): string {
  const fd = sys.open(path, { write: true, create: true, truncate: true }, mode);
  sys.write(fd, text);
  sys.close(fd);
  return contentLine(sys, path);
}

const contentLine = (sys: Sys, path: string): string =>
  `content of file ${quote(path)}: ${sys.readFile(path)}\n`;

/** `rwxr-xr-x` */
function permissions(mode: number): string {
  const letters = "rwxrwxrwx";
  let out = "";
  for (let bit = 0; bit < 9; bit++) out += mode & (1 << (8 - bit)) ? letters.charAt(bit) : "-";
  return out;
}

const kinds: Record<string, string> = { d: "d", c: "Dc", p: "p" };

/** As Go prints a file's mode: letters for what it is, `-` when there are none. */
function modeText({ type, mode }: Stat): string {
  const marks = `${kinds[type] ?? ""}${mode & 0o4000 ? "u" : ""}${mode & 0o2000 ? "g" : ""}${mode & 0o1000 ? "t" : ""}`;
  return `${marks || "-"}${permissions(mode)}`;
}

/** Names on disk. */
export const mountTestNames = { rounds: "n", nextMs: "t" };

interface Question {
  flag: string;
  /** Beginning of the line that tells of a failure. */
  failed(path: string): string;
  ask(sys: Sys, path: string): string;
}

/** In the order in which they are answered, whatever the order of the flags. */
const questions: readonly Question[] = [
  {
    flag: "fs_type",
    failed: (path) => `error from statfs(${quote(path)}): `,
    ask: (sys, path) => {
      const { fsType } = sys.existing(path).mount;
      return `mount type of ${quote(path)}: ${fileSystems[fsType] ?? "0"}\n`;
    },
  },
  ...["0644", "0666", "0660", "0777"].map((mode) => ({
    flag: `new_file_${mode}`,
    failed: (path: string) => `error writing new file ${quote(path)}: open ${path}: `,
    ask: (sys: Sys, path: string) => newFile(sys, path, parseInt(mode, 8)),
  })),
  {
    flag: "file_mode",
    failed: (path) => `error from Stat(${quote(path)}): stat ${path}: `,
    ask: (sys, path) => `mode of file ${quote(path)}: ${modeText(sys.stat(path))}\n`,
  },
  {
    flag: "file_perm",
    failed: (path) => `error from Stat(${quote(path)}): stat ${path}: `,
    ask: (sys, path) => `perms of file ${quote(path)}: -${permissions(sys.stat(path).mode)}\n`,
  },
  {
    flag: "file_owner",
    failed: (path) => `error from stat(${quote(path)}): `,
    ask: (sys, path) => {
      const { uid, gid } = sys.stat(path);
      return `owner UID of ${quote(path)}: ${uid}\nowner GID of ${quote(path)}: ${gid}\n`;
    },
  },
  {
    flag: "file_content",
    failed: (path) => `error reading file content for ${quote(path)}: open ${path}: `,
    ask: contentLine,
  },
];

export function mounttest(sys: Sys, state: MountTestState): number | Wait {
  const bad: string[] = [];
  if (state.rounds === 0) {
    sys.process.umask = 0;
    for (const { flag, failed, ask } of questions) {
      const path = flagOf(sys, flag);
      if (path) tell(sys, bad, failed(path), () => ask(sys, path));
    }
    if (bad.length) state.bad = true;
  }
  const waits = readInLoop(sys, state);
  if (waits) return waits;
  return state.bad || state.missing ? 1 : 0;
}

/** Reads a file until it says what is expected, or for as long as it was told. */
function readInLoop(sys: Sys, state: MountTestState): Wait | undefined {
  const path = flagOf(sys, "file_content_in_loop");
  if (!path) return undefined;
  state.until ??= sys.now + Number(flagOf(sys, "retry_time") ?? 180) * 1000;
  if (state.nextMs !== undefined && sys.now < state.nextMs) return { untilMs: state.nextMs };
  if (sys.now >= state.until) return undefined;
  state.rounds++;
  state.nextMs = sys.now + pauseMs;
  const bad: string[] = [];
  let read = "";
  const look = (): string => {
    read = sys.readFile(path);
    return contentLine(sys, path);
  };
  tell(sys, bad, `Error reading file ${path}: open ${path}: `, look, ", retrying");
  state.missing = bad.length > 0;
  const stops = flagOf(sys, "break_on_expected_content") ?? "true";
  if (!state.missing && (stops === "true" || hasFlag(sys, "break_on_expected_content"))) {
    if (read === text) return undefined;
    sys.write(1, `Unexpected content. Expected: ${text}. Retrying\n`);
  }
  return { untilMs: state.nextMs };
}
