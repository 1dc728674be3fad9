/** redis on disk: the snapshot and the file of commands, so that a volume keeps what a container loses. */
import { Errno } from "../../runtime/errno.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { commandsPath, execute } from "./execute.ts";
import { parseCommand } from "./protocol.ts";
import { say } from "./log.ts";
import { settingOf, type RedisState } from "./state.ts";
import { databasesOf, snapshotOf } from "./store.ts";

const header = "REDIS0012\xfa";
const snapshotPath = (state: RedisState): string =>
  `${settingOf(state, "dir")}/${settingOf(state, "dbfilename")}`;

/** Writes the snapshot file; false, and a line in the log, where the file system refuses. */
export function saveData(sys: Sys, state: RedisState): boolean {
  try {
    sys.writeFile(snapshotPath(state), header + snapshotOf(state));
    delete state.unsaved;
    return true;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    say(
      sys,
      "#",
      `Failed opening the temp RDB file temp-${sys.pid}.rdb (in server root dir ${settingOf(state, "dir")}) for saving: ${error.message}`,
    );
    return false;
  }
}

function read(sys: Sys, path: string): string | undefined {
  try {
    return sys.readFile(path);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return undefined;
  }
}

/** What an earlier container left on the volume. */
export function loadData(sys: Sys, state: RedisState): void {
  if (settingOf(state, "appendonly") === "yes") {
    let log = read(sys, commandsPath);
    if (log === undefined) return;
    const client = {};
    while (log) {
      const parsed = parseCommand(log);
      if (parsed === "more" || "error" in parsed) break;
      log = log.slice(parsed.used);
      execute(sys, state, client, parsed.words, true);
    }
    delete state.unsaved;
    say(sys, "*", `DB loaded from append only file: 0.000 seconds`);
    return;
  }
  const snapshot = read(sys, snapshotPath(state));
  if (!snapshot?.startsWith(header)) return;
  try {
    state.databases = databasesOf(snapshot.slice(header.length));
    say(sys, "*", "DB loaded from disk: 0.000 seconds");
  } catch {
    say(sys, "#", "Short read or OOM loading DB. Unrecoverable error, aborting now.");
    state.exitCode = 1;
  }
}
