/**
 * mysql, mariadb, postgres, mongo: what a manifest must get right (environment, ports, volumes, probes, waiting until they
 * are ready). All but mongo hold no data: their clients answer what probes ask and refuse the rest in clear words.
 */
import { Errno } from "../../runtime/errno.ts";
import { buildLayer } from "../../runtime/fs/layer.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import { debianFiles, debianReleases, runtimeFiles } from "../../runtime/image/base-files.ts";
import { runInstead } from "../command-entry.ts";
import { databaseClients } from "./clients.ts";
import { databaseRows, type DatabaseRow } from "./rows.ts";
import type { ImageVersion } from "../../runtime/image/image.ts";
import type { ImageDefinition } from "../define.ts";
import { Files, type Here, type Kept, type Talk } from "./mongo/files.ts";
import { writeAll } from "../serving/sockets.ts";
import { accept } from "../../runtime/net/socket.ts";
import { resolveVersion } from "../tags.ts";

interface State {
  /** Waits for its data files: they are made at this moment. */
  init?: number;
  /** Serves from this moment on. */
  ready?: number;
  /** Listening descriptor. */
  listener?: number;
  /** Connections, by descriptor. */
  connections?: number[];
  /** What is known of those, by descriptor, and what the server keeps beside its files. */
  talks?: Record<string, Talk>;
  kept?: Kept;
  exitCode?: number;
}

const portIn = (sys: Sys, otherwise: number): number => {
  const words = sys.argv.join(" ");
  return Number(/(?:--port[= ]|-p )(\d+)/.exec(words)?.[1] ?? otherwise);
};

const folderOf = (sys: Sys, row: DatabaseRow): string =>
  sys.env.PGDATA && row.name === "postgres"
    ? sys.env.PGDATA
    : (/--(?:datadir|dbpath)[= ](\S+)/.exec(sys.argv.join(" "))?.[1] ?? row.folder);

const print = (sys: Sys, lines: string[]): void =>
  sys.complain(lines.map((line) => `${line}\n`).join(""));

function begin(sys: Sys, row: DatabaseRow): State {
  const folder = folderOf(sys, row);
  if (sys.peek(`${folder}/${row.mark}`)) return { ready: sys.now + row.startMs };
  const refused = row.refuse(sys);
  if (refused !== undefined) {
    sys.complain(refused);
    return { exitCode: 1 };
  }
  print(sys, row.initLines(sys));
  return { init: sys.now + row.initMs, ready: sys.now + row.initMs };
}

function makeFiles(sys: Sys, row: DatabaseRow): string | undefined {
  const folder = folderOf(sys, row);
  try {
    if (!sys.peek(folder)) sys.mkdir(folder);
    sys.writeFile(
      `${folder}/${row.mark}`,
      row.mark === "PG_VERSION"
        ? `${sys.container.image.version.split(".")[0]}\n`
        : "\0".repeat(64),
    );
    return undefined;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return `${row.server}: cannot write to ${folder}: ${error.message}`;
  }
}

const hereOf = (sys: Sys, row: DatabaseRow, state: State): Here => ({ sys, files: new Files(sys, folderOf(sys, row)), kept: (state.kept ??= {}) }); // prettier-ignore

/** False: the connection is over. */
function converse(sys: Sys, row: DatabaseRow, state: State, fd: number): boolean {
  const talk = ((state.talks ??= {})[fd] ??= {});
  let data = sys.read(fd);
  for (; data; data = sys.read(fd)) talk.unread = (talk.unread ?? "") + data;
  const out = data === "" ? undefined : row.serves?.answer(hereOf(sys, row, state), talk);
  if (out !== undefined && writeAll(sys, fd, out)) return true;
  delete state.talks[fd];
  return false;
}

const server = (row: DatabaseRow): Program<State> => ({
  name: `db:${row.name}`,
  storedNames: { fields: { exitCode: "x", listener: "l", connections: "c" } },
  start: (sys) => begin(sys, row),
  step(sys, state) {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    if (state.ready !== undefined && sys.now < state.ready)
      return { wait: { untilMs: state.ready } };
    if (state.init !== undefined) {
      delete state.init;
      const problem = makeFiles(sys, row);
      if (problem) {
        sys.complain(`${problem}\n`);
        return { exit: 1 };
      }
      row.serves?.made(sys, new Files(sys, folderOf(sys, row)));
    }
    if (state.listener === undefined) {
      const port = portIn(sys, row.port);
      try {
        state.listener = sys.listen(port, "t");
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        sys.complain(`${row.server}: could not bind port ${port}: ${error.message}\n`);
        return { exit: 1 };
      }
      delete state.ready;
      row.serves?.begin(hereOf(sys, row, state));
      print(sys, row.readyLines(sys, port));
    }
    for (let taken = accept(sys, state.listener); taken; taken = accept(sys, state.listener))
      (state.connections ??= []).push(taken.fd);
    // Whoever speaks to it, or leaves, is let go: there is no data to talk about.
    state.connections = (state.connections ?? []).filter((fd) => {
      if (!sys.readable(fd) || (row.serves && converse(sys, row, state, fd))) return true;
      sys.close(fd);
      return false;
    });
    if (state.connections.length === 0) delete state.connections;
    const { readable = [], ...wait } = row.serves?.work(hereOf(sys, row, state)) ?? {}; // prettier-ignore
    return { wait: { ...wait, readable: [state.listener, ...(state.connections ?? []), ...readable] } }; // prettier-ignore
  },
  handles: (state, signal) => state?.exitCode === undefined && [2, 3, 15].includes(signal),
  signal(sys) {
    print(sys, row.stopLines(sys));
    return { exit: 0 };
  },
  memoryBytes: () => row.memoryMib * 1024 * 1024,
  idleCpuMilli: (state) => (state?.ready === undefined ? row.idleCpuMilli : 600),
  title: (_state, argv) => argv.join(" "),
});

/** Server options alone mean the server; a command that is none is run. */
const entrypoint = (row: DatabaseRow): Program<{ code: number }> => ({
  name: `db-entry:${row.name}`,
  start(sys) {
    let argv = sys.argv.slice(1);
    if (argv[0] === undefined || argv[0].startsWith("-")) argv = [row.server, ...argv];
    argv = row.entry?.(sys, argv) ?? argv;
    const code = runInstead(sys, argv, "/usr/local/bin/docker-entrypoint.sh: line 431");
    return code === undefined ? (sys.process.state as { code: number }) : { code };
  },
  step: (_sys, state) => ({ exit: state.code }),
});

function image(row: DatabaseRow): ImageDefinition {
  const versions = new Map<string, ImageVersion>();
  const base = debianFiles(debianReleases.bookworm!);
  const { name, uid } = row.user;
  const layer = (version: string) =>
    buildLayer(
      base,
      ...[row.name, ...(row.clients?.(version) ?? [])].map((one) => databaseClients.filesOf[one] ?? {}), // prettier-ignore
      {
        "/usr/local/bin/docker-entrypoint.sh": { program: `db-entry:${row.name}` },
        [`/usr/sbin/${row.server}`]: { program: `db:${row.name}` },
        [row.folder]: { dir: true, uid, gid: uid, mode: 0o777 },
        "/etc/passwd": `${base["/etc/passwd"] as string}${name}:x:${uid}:${uid}::${row.folder}:/bin/bash\n`,
        "/etc/group": `${base["/etc/group"] as string}${name}:x:${uid}:\n`,
      },
      row.files,
      runtimeFiles,
    );
  return {
    repositories: row.repositories,
    resolveTag: (tag) => resolveVersion(row.rule, tag),
    version(version) {
      let found = versions.get(version);
      if (!found) {
        found = {
          version,
          entrypoint: ["docker-entrypoint.sh"],
          cmd: [row.server],
          env: row.env(version),
          layer: layer(version),
          sizeBytes: row.sizeBytes,
          volumes: [row.folder],
          ...(row.name === "postgres" ? { stopSignal: 2 } : {}),
        };
        versions.set(version, found);
      }
      return found;
    },
    programs: [server(row), entrypoint(row)],
  };
}

export const databaseImages: ImageDefinition[] = databaseRows.map(image);

export const databasePrograms: Program[] = databaseClients.programs;
