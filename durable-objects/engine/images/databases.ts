/**
 * mysql, mariadb, postgres, mongo: what a manifest must get right (environment, ports, volumes, probes, waiting until they
 * are ready). They hold no data: their clients answer what probes ask and refuse the rest in clear words.
 */
import { Errno } from "../runtime/errno.ts";
import { buildLayer } from "../runtime/fs/layer.ts";
import type { Program } from "../runtime/program.ts";
import type { Sys } from "../runtime/sys.ts";
import { debianFiles, debianReleases, runtimeFiles, type FileTable } from "./base.ts";
import { runInstead } from "./command-entry.ts";
import { databaseClients } from "./database-clients.ts";
import type { ImageDefinition, ImageVersion } from "./define.ts";
import { plainTime, rfc3339Milli } from "./log-times.ts";
import { accept } from "./sockets.ts";
import { resolveVersion, type TagRule } from "./tags.ts";

interface Row {
  name: string;
  repositories: string[];
  rule: TagRule;
  /** Command of the image. */
  server: string;
  port: number;
  /** Where its data lies; a file there tells a first start from a later one. */
  folder: string;
  mark: string;
  user: { name: string; uid: number };
  env(version: string): Record<string, string>;
  files: FileTable;
  /** Why a first start is refused, as the image's own script says it. */
  refuse(sys: Sys): string | undefined;
  /** Lines of a first start before it serves, and of every start. */
  initLines(sys: Sys): string[];
  readyLines(sys: Sys, port: number): string[];
  stopLines(sys: Sys): string[];
  /** Time to be ready: first start, later ones. */
  initMs: number;
  startMs: number;
  memoryMib: number;
  idleCpuMilli: number;
  sizeBytes: number;
}

const given = (sys: Sys, ...names: string[]): boolean => names.some((name) => sys.env[name] || sys.env[`${name}_FILE`]);

const entry = (sys: Sys, kind: string, text: string): string => `${plainTime(sys.now)}+00:00 [${kind}] [Entrypoint]: ${text}`;
const mysqlLine = (sys: Sys, text: string): string => `${rfc3339Milli(sys.now).slice(0, -1)}000Z 0 [System] ${text}`;

const mysql: Row = {
  name: "mysqld",
  repositories: ["docker.io/library/mysql", "public.ecr.aws/docker/library/mysql", "docker.io/mysql/mysql-server", "container-registry.oracle.com/mysql/community-server"],
  rule: {
    series: { 5: 7, 8: 4, 9: 5 },
    latest: "9.5.0",
    names: { lts: "8.4.7", innovation: "9.5.0" },
    variants: /^(oracle|oraclelinux\d*|debian|bookworm)$/,
    patchMax: 44,
  },
  server: "mysqld",
  port: 3306,
  folder: "/var/lib/mysql",
  mark: "ibdata1",
  user: { name: "mysql", uid: 999 },
  env: (version) => ({ MYSQL_MAJOR: version.split(".").slice(0, 2).join("."), MYSQL_VERSION: `${version}-1.el9` }),
  files: { "/etc/my.cnf": "[mysqld]\ndatadir=/var/lib/mysql\nsocket=/var/run/mysqld/mysqld.sock\nuser=mysql\n", "/docker-entrypoint-initdb.d": { dir: true } },
  refuse: (sys) =>
    given(sys, "MYSQL_ROOT_PASSWORD", "MYSQL_ALLOW_EMPTY_PASSWORD", "MYSQL_RANDOM_ROOT_PASSWORD")
      ? undefined
      : `${entry(sys, "ERROR", "Database is uninitialized and password option is not specified")}\n    You need to specify one of the following as an environment variable:\n    - MYSQL_ROOT_PASSWORD\n    - MYSQL_ALLOW_EMPTY_PASSWORD\n    - MYSQL_RANDOM_ROOT_PASSWORD\n`,
  initLines: (sys) => [
    entry(sys, "Note", "Initializing database files"),
    mysqlLine(sys, `[MY-015017] [Server] MySQL Server Initialization - start.`),
  ],
  readyLines: (sys, port) => [
    mysqlLine(sys, `[MY-015015] [Server] MySQL Server - start.`),
    mysqlLine(sys, `[MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '${sys.container.image.version}'  socket: '/var/run/mysqld/mysqld.sock'  port: ${port}  MySQL Community Server - GPL.`),
  ],
  stopLines: (sys) => [
    mysqlLine(sys, `[MY-013172] [Server] Received SHUTDOWN from user <via user signal>. Shutting down mysqld (Version: ${sys.container.image.version}).`),
    mysqlLine(sys, `[MY-010910] [Server] /usr/sbin/mysqld: Shutdown complete (mysqld ${sys.container.image.version})  MySQL Community Server - GPL.`),
  ],
  initMs: 9_000,
  startMs: 1_500,
  memoryMib: 440,
  idleCpuMilli: 8,
  sizeBytes: 263_000_000,
};

const mariadb: Row = {
  ...mysql,
  name: "mariadbd",
  repositories: ["docker.io/library/mariadb", "public.ecr.aws/docker/library/mariadb", "quay.io/mariadb-foundation/mariadb-devel"],
  rule: { series: { 10: 11, 11: 8, 12: 1 }, latest: "12.1.2", names: { lts: "11.8.5" }, variants: /^(jammy|noble|ubi\d*|lts|focal)(-.*)?$/ },
  server: "mariadbd",
  env: (version) => ({ MARIADB_VERSION: `1:${version}+maria~ubu2404`, MARIADB_MAJOR: version.split(".").slice(0, 2).join(".") }),
  refuse: (sys) =>
    given(
      sys,
      ...["MARIADB_", "MYSQL_"].flatMap((prefix) => [`${prefix}ROOT_PASSWORD`, `${prefix}ROOT_PASSWORD_HASH`, `${prefix}ALLOW_EMPTY_ROOT_PASSWORD`, `${prefix}ALLOW_EMPTY_PASSWORD`, `${prefix}RANDOM_ROOT_PASSWORD`]),
    )
      ? undefined
      : `${entry(sys, "ERROR", "Database is uninitialized and password option is not specified")}\n\tYou need to specify one of MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_HASH, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD and MARIADB_RANDOM_ROOT_PASSWORD\n`,
  initLines: (sys) => [entry(sys, "Note", "Initializing database files")],
  readyLines: (sys, port) => [
    `${plainTime(sys.now)} 0 [Note] mariadbd: ready for connections.`,
    `Version: '${sys.container.image.version}-MariaDB-ubu2404'  socket: '/run/mysqld/mysqld.sock'  port: ${port}  mariadb.org binary distribution`,
  ],
  stopLines: (sys) => [`${plainTime(sys.now)} 0 [Note] mariadbd (initiated by: unknown): Normal shutdown`, `${plainTime(sys.now)} 0 [Note] mariadbd: Shutdown complete`],
  initMs: 5_000,
  startMs: 900,
  memoryMib: 96,
  sizeBytes: 119_000_000,
};

const pgLine = (sys: Sys, text: string): string =>
  `${rfc3339Milli(sys.now).replace("T", " ").replace("Z", "")} UTC [${sys.pid}] LOG:  ${text}`;

const postgres: Row = {
  name: "postgres",
  repositories: ["docker.io/library/postgres", "public.ecr.aws/docker/library/postgres", "mirror.gcr.io/library/postgres"],
  rule: { series: { 9: 6, 10: 23, 11: 22, 12: 22, 13: 23, 14: 20, 15: 15, 16: 11, 17: 7, 18: 1 }, latest: "18.1.0", variants: /^(alpine|bookworm|trixie|bullseye)[\d.]*$/ },
  server: "postgres",
  port: 5432,
  folder: "/var/lib/postgresql/data",
  mark: "PG_VERSION",
  user: { name: "postgres", uid: 999 },
  env: (version) => ({
    PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/${version.split(".")[0]}/bin`,
    PG_MAJOR: version.split(".")[0] ?? "",
    PG_VERSION: `${version.split(".").slice(0, 2).join(".")}-1.pgdg13+1`,
    PGDATA: "/var/lib/postgresql/data",
    LANG: "en_US.utf8",
  }),
  files: { "/docker-entrypoint-initdb.d": { dir: true } },
  refuse: (sys) =>
    given(sys, "POSTGRES_PASSWORD") || sys.env.POSTGRES_HOST_AUTH_METHOD === "trust"
      ? undefined
      : 'Error: Database is uninitialized and superuser password is not specified.\n       You must specify POSTGRES_PASSWORD to a non-empty value for the\n       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".\n\n       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all\n       connections without a password. This is *not* recommended.\n\n       See PostgreSQL documentation about "trust":\n       https://www.postgresql.org/docs/current/auth-trust.html\n',
  initLines: () => [
    'The files belonging to this database system will be owned by user "postgres".',
    "This user must also own the server process.",
    "",
    "Success. You can now start the database server using:",
    "",
    "    pg_ctl -D /var/lib/postgresql/data -l logfile start",
    "",
    "PostgreSQL init process complete; ready for start up.",
    "",
  ],
  readyLines: (sys, port) => [
    pgLine(sys, `starting PostgreSQL ${sys.container.image.version.replace(/\.0$/, "")} (Debian) on x86_64-pc-linux-gnu, compiled by gcc (Debian 14.2.0-19) 14.2.0, 64-bit`),
    pgLine(sys, `listening on IPv4 address "0.0.0.0", port ${port}`),
    pgLine(sys, `listening on IPv6 address "::", port ${port}`),
    pgLine(sys, `listening on Unix socket "/var/run/postgresql/.s.PGSQL.${port}"`),
    pgLine(sys, "database system is ready to accept connections"),
  ],
  stopLines: (sys) => [
    pgLine(sys, "received smart shutdown request"),
    pgLine(sys, "shutting down"),
    pgLine(sys, "database system is shut down"),
  ],
  initMs: 2_500,
  startMs: 300,
  memoryMib: 42,
  idleCpuMilli: 2,
  sizeBytes: 159_000_000,
};

const mongoLine = (sys: Sys, id: number, component: string, context: string, msg: string, attr = ""): string =>
  `{"t":{"$date":"${rfc3339Milli(sys.now).replace("Z", "+00:00")}"},"s":"I",  "c":"${component.padEnd(8)}", "id":${id},  "ctx":"${context}","msg":"${msg}"${attr ? `,"attr":${attr}` : ""}}`;

const mongo: Row = {
  name: "mongod",
  repositories: ["docker.io/library/mongo", "public.ecr.aws/docker/library/mongo", "mirror.gcr.io/library/mongo", "docker.io/mongodb/mongodb-community-server"],
  rule: { series: { 3: 6, 4: 4, 5: 0, 6: 0, 7: 0, 8: 2 }, latest: "8.2.2", variants: /^(jammy|noble|focal|bionic|xenial|ubi\d*)$/ },
  server: "mongod",
  port: 27017,
  folder: "/data/db",
  mark: "WiredTiger",
  user: { name: "mongodb", uid: 999 },
  env: (version) => ({ MONGO_MAJOR: version.split(".").slice(0, 2).join("."), MONGO_VERSION: version, HOME: "/data/db" }),
  files: { "/data/configdb": { dir: true, uid: 999, gid: 999 }, "/docker-entrypoint-initdb.d": { dir: true } },
  refuse: (sys) =>
    given(sys, "MONGO_INITDB_ROOT_USERNAME") === given(sys, "MONGO_INITDB_ROOT_PASSWORD")
      ? undefined
      : "error: missing 'MONGO_INITDB_ROOT_USERNAME' or 'MONGO_INITDB_ROOT_PASSWORD'\n       both must be specified for a user to be created\n",
  initLines: (sys) => [mongoLine(sys, 4615611, "CONTROL", "initandlisten", "MongoDB starting", `{"pid":${sys.pid},"port":27017,"dbPath":"/data/db","architecture":"64-bit","host":"${sys.container.hostname}"}`)],
  readyLines: (sys, port) => [
    mongoLine(sys, 23015, "NETWORK", "listener", "Listening on", '{"address":"0.0.0.0"}'),
    mongoLine(sys, 23016, "NETWORK", "listener", "Waiting for connections", `{"port":${port},"ssl":"off"}`),
  ],
  stopLines: (sys) => [
    mongoLine(sys, 23377, "CONTROL", "SignalHandler", "Received signal", '{"signal":15,"error":"Terminated"}'),
    mongoLine(sys, 23138, "CONTROL", "SignalHandler", "Shutting down", '{"exitCode":0}'),
  ],
  initMs: 2_000,
  startMs: 1_200,
  memoryMib: 120,
  idleCpuMilli: 6,
  sizeBytes: 293_000_000,
};

interface State {
  /** Waits for its data files: they are made at this moment. */
  init?: number;
  /** Serves from this moment on. */
  ready?: number;
  l?: number;
  /** Connections, by descriptor. */
  c?: number[];
  x?: number;
}

const portIn = (sys: Sys, otherwise: number): number => {
  const words = sys.argv.join(" ");
  return Number(/(?:--port[= ]|-p )(\d+)/.exec(words)?.[1] ?? otherwise);
};

const folderOf = (sys: Sys, row: Row): string =>
  sys.env.PGDATA && row.name === "postgres" ? sys.env.PGDATA : (/--(?:datadir|dbpath)[= ](\S+)/.exec(sys.argv.join(" "))?.[1] ?? row.folder);

const print = (sys: Sys, lines: string[]): void => sys.complain(lines.map((line) => `${line}\n`).join(""));

function begin(sys: Sys, row: Row): State {
  const folder = folderOf(sys, row);
  if (sys.peek(`${folder}/${row.mark}`)) return { ready: sys.now + row.startMs };
  const refused = row.refuse(sys);
  if (refused !== undefined) {
    sys.complain(refused);
    return { x: 1 };
  }
  print(sys, row.initLines(sys));
  return { init: sys.now + row.initMs, ready: sys.now + row.initMs };
}

function makeFiles(sys: Sys, row: Row): string | undefined {
  const folder = folderOf(sys, row);
  try {
    if (!sys.peek(folder)) sys.mkdir(folder);
    sys.writeFile(`${folder}/${row.mark}`, row.mark === "PG_VERSION" ? `${sys.container.image.version.split(".")[0]}\n` : "\0".repeat(64));
    return undefined;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return `${row.server}: cannot write to ${folder}: ${error.message}`;
  }
}

const server = (row: Row): Program<State> => ({
  name: `db:${row.name}`,
  start: (sys) => begin(sys, row),
  step(sys, state) {
    if (state.x !== undefined) return { exit: state.x };
    if (state.ready !== undefined && sys.now < state.ready) return { wait: { t: state.ready } };
    if (state.init !== undefined) {
      delete state.init;
      const problem = makeFiles(sys, row);
      if (problem) {
        sys.complain(`${problem}\n`);
        return { exit: 1 };
      }
    }
    if (state.l === undefined) {
      const port = portIn(sys, row.port);
      try {
        state.l = sys.listen(port, "t");
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        sys.complain(`${row.server}: could not bind port ${port}: ${error.message}\n`);
        return { exit: 1 };
      }
      delete state.ready;
      print(sys, row.readyLines(sys, port));
    }
    for (let fd = accept(sys, state.l); fd !== undefined; fd = accept(sys, state.l)) (state.c ??= []).push(fd);
    // Whoever speaks to it, or leaves, is let go: there is no data to talk about.
    state.c = (state.c ?? []).filter((fd) => {
      if (!sys.readable(fd)) return true;
      sys.close(fd);
      return false;
    });
    if (state.c.length === 0) delete state.c;
    return { wait: { r: [state.l, ...(state.c ?? [])] } };
  },
  handles: (state, signal) => state?.x === undefined && [2, 3, 15].includes(signal),
  signal(sys) {
    print(sys, row.stopLines(sys));
    return { exit: 0 };
  },
  memoryBytes: () => row.memoryMib * 1024 * 1024,
  idleCpuMilli: (state) => (state?.ready === undefined ? row.idleCpuMilli : 600),
  title: (_state, argv) => argv.join(" "),
});

/** Server options alone mean the server; a command that is none is run. */
const entrypoint = (row: Row): Program<{ code: number }> => ({
  name: `db-entry:${row.name}`,
  start(sys) {
    let argv = sys.argv.slice(1);
    if (argv[0] === undefined || argv[0].startsWith("-")) argv = [row.server, ...argv];
    const code = runInstead(sys, argv, "/usr/local/bin/docker-entrypoint.sh: line 431");
    return code === undefined ? (sys.process.s as { code: number }) : { code };
  },
  step: (_sys, state) => ({ exit: state.code }),
});

function image(row: Row): ImageDefinition {
  const versions = new Map<string, ImageVersion>();
  const base = debianFiles(debianReleases.bookworm!);
  const { name, uid } = row.user;
  const layer = () =>
    buildLayer(
      base,
      databaseClients.filesOf[row.name] ?? {},
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
          layer: layer(),
          sizeBytes: row.sizeBytes,
          ...(row.name === "postgres" ? { stopSignal: 2 } : {}),
        };
        versions.set(version, found);
      }
      return found;
    },
    programs: [server(row), entrypoint(row)],
  };
}

export const databaseImages: ImageDefinition[] = [mysql, mariadb, postgres, mongo].map(image);

export const databasePrograms: Program[] = databaseClients.programs;
