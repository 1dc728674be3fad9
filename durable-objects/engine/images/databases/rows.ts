/** The databases as a table: what each wants, prints and takes until it is ready. */
import type { Sys } from "../../runtime/kernel/types.ts";
import type { FileTable } from "../../runtime/image/base-files.ts";
import { plainTime, rfc3339Milli } from "../../runtime/logs/times.ts";
import type { Wait } from "../../runtime/kernel/state.ts";
import type { TagRule } from "../tags.ts";
import type { Files, Here, Talk } from "./mongo/files.ts";
import { locked, mongoServes } from "./mongo/server.ts";

export interface DatabaseRow {
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
  /** Sets of clients that a version has beside the usual ones. */
  clients?(version: string): string[];
  /** What its own script makes of the server's command line. */
  entry?(sys: Sys, argv: string[]): string[];
  /** Of one that holds data. */
  serves?: {
    /** Once its files are there: on a first start, and on every one. */
    made(sys: Sys, files: Files): void;
    begin(here: Here): void;
    /** Answers what came on a connection; undefined: it is hung up on. */
    answer(here: Here, talk: Talk): string | undefined;
    /** Work of its own under way. */
    work(here: Here): Wait;
  };
}

const given = (sys: Sys, ...names: string[]): boolean =>
  names.some((name) => sys.env[name] || sys.env[`${name}_FILE`]);

const entry = (sys: Sys, kind: string, text: string): string =>
  `${plainTime(sys.now)}+00:00 [${kind}] [Entrypoint]: ${text}`;
const mysqlLine = (sys: Sys, text: string): string =>
  `${rfc3339Milli(sys.now).slice(0, -1)}000Z 0 [System] ${text}`;

const mysql: DatabaseRow = {
  name: "mysqld",
  repositories: [
    "docker.io/library/mysql",
    "public.ecr.aws/docker/library/mysql",
    "docker.io/mysql/mysql-server",
    "container-registry.oracle.com/mysql/community-server",
  ],
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
  env: (version) => ({
    MYSQL_MAJOR: version.split(".").slice(0, 2).join("."),
    MYSQL_VERSION: `${version}-1.el9`,
  }),
  files: {
    "/etc/my.cnf":
      "[mysqld]\ndatadir=/var/lib/mysql\nsocket=/var/run/mysqld/mysqld.sock\nuser=mysql\n",
    "/docker-entrypoint-initdb.d": { dir: true },
  },
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
    mysqlLine(
      sys,
      `[MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '${sys.container.image.version}'  socket: '/var/run/mysqld/mysqld.sock'  port: ${port}  MySQL Community Server - GPL.`,
    ),
  ],
  stopLines: (sys) => [
    mysqlLine(
      sys,
      `[MY-013172] [Server] Received SHUTDOWN from user <via user signal>. Shutting down mysqld (Version: ${sys.container.image.version}).`,
    ),
    mysqlLine(
      sys,
      `[MY-010910] [Server] /usr/sbin/mysqld: Shutdown complete (mysqld ${sys.container.image.version})  MySQL Community Server - GPL.`,
    ),
  ],
  initMs: 9_000,
  startMs: 1_500,
  memoryMib: 440,
  idleCpuMilli: 8,
  sizeBytes: 263_000_000,
};

const mariadb: DatabaseRow = {
  ...mysql,
  name: "mariadbd",
  repositories: [
    "docker.io/library/mariadb",
    "public.ecr.aws/docker/library/mariadb",
    "quay.io/mariadb-foundation/mariadb-devel",
  ],
  rule: {
    series: { 10: 11, 11: 8, 12: 1 },
    latest: "12.1.2",
    names: { lts: "11.8.5" },
    variants: /^(jammy|noble|ubi\d*|lts|focal|bionic)(-.*)?$/,
  },
  server: "mariadbd",
  env: (version) => ({
    MARIADB_VERSION: `1:${version}+maria~ubu2404`,
    MARIADB_MAJOR: version.split(".").slice(0, 2).join("."),
  }),
  refuse: (sys) =>
    given(
      sys,
      ...["MARIADB_", "MYSQL_"].flatMap((prefix) => [
        `${prefix}ROOT_PASSWORD`,
        `${prefix}ROOT_PASSWORD_HASH`,
        `${prefix}ALLOW_EMPTY_ROOT_PASSWORD`,
        `${prefix}ALLOW_EMPTY_PASSWORD`,
        `${prefix}RANDOM_ROOT_PASSWORD`,
      ]),
    )
      ? undefined
      : `${entry(sys, "ERROR", "Database is uninitialized and password option is not specified")}\n\tYou need to specify one of MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_HASH, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD and MARIADB_RANDOM_ROOT_PASSWORD\n`,
  initLines: (sys) => [entry(sys, "Note", "Initializing database files")],
  readyLines: (sys, port) => [
    `${plainTime(sys.now)} 0 [Note] mariadbd: ready for connections.`,
    `Version: '${sys.container.image.version}-MariaDB-ubu2404'  socket: '/run/mysqld/mysqld.sock'  port: ${port}  mariadb.org binary distribution`,
  ],
  stopLines: (sys) => [
    `${plainTime(sys.now)} 0 [Note] mariadbd (initiated by: unknown): Normal shutdown`,
    `${plainTime(sys.now)} 0 [Note] mariadbd: Shutdown complete`,
  ],
  initMs: 5_000,
  startMs: 900,
  memoryMib: 96,
  sizeBytes: 119_000_000,
};

const pgLine = (sys: Sys, text: string): string =>
  `${rfc3339Milli(sys.now).replace("T", " ").replace("Z", "")} UTC [${sys.pid}] LOG:  ${text}`;

const postgres: DatabaseRow = {
  name: "postgres",
  repositories: [
    "docker.io/library/postgres",
    "public.ecr.aws/docker/library/postgres",
    "mirror.gcr.io/library/postgres",
  ],
  rule: {
    series: { 9: 6, 10: 23, 11: 22, 12: 22, 13: 23, 14: 20, 15: 15, 16: 11, 17: 7, 18: 1 },
    latest: "18.1.0",
    variants: /^(alpine|bookworm|trixie|bullseye)[\d.]*$/,
  },
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
    pgLine(
      sys,
      `starting PostgreSQL ${sys.container.image.version.replace(/\.0$/, "")} (Debian) on x86_64-pc-linux-gnu, compiled by gcc (Debian 14.2.0-19) 14.2.0, 64-bit`,
    ),
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

const mongoLine = (
  sys: Sys,
  id: number,
  component: string,
  context: string,
  msg: string,
  attr = "",
): string =>
  `{"t":{"$date":"${rfc3339Milli(sys.now).replace("Z", "+00:00")}"},"s":"I",  "c":"${component.padEnd(8)}", "id":${id},  "ctx":"${context}","msg":"${msg}"${attr ? `,"attr":${attr}` : ""}}`;

const mongo: DatabaseRow = {
  name: "mongod",
  repositories: [
    "docker.io/library/mongo",
    "public.ecr.aws/docker/library/mongo",
    "mirror.gcr.io/library/mongo",
    "docker.io/mongodb/mongodb-community-server",
  ],
  rule: {
    series: { 3: 6, 4: 4, 5: 0, 6: 0, 7: 0, 8: 2 },
    latest: "8.2.2",
    variants: /^(jammy|noble|focal|bionic|xenial|ubi\d*)$/,
  },
  server: "mongod",
  port: 27017,
  folder: "/data/db",
  mark: "WiredTiger",
  user: { name: "mongodb", uid: 999 },
  env: (version) => ({
    MONGO_MAJOR: version.split(".").slice(0, 2).join("."),
    MONGO_VERSION: version,
    HOME: "/data/db",
  }),
  files: {
    "/data/configdb": { dir: true, uid: 999, gid: 999 },
    "/docker-entrypoint-initdb.d": { dir: true },
  },
  refuse: (sys) =>
    given(sys, "MONGO_INITDB_ROOT_USERNAME") === given(sys, "MONGO_INITDB_ROOT_PASSWORD")
      ? undefined
      : "error: missing 'MONGO_INITDB_ROOT_USERNAME' or 'MONGO_INITDB_ROOT_PASSWORD'\n       both must be specified for a user to be created\n",
  initLines: (sys) => [
    mongoLine(
      sys,
      4615611,
      "CONTROL",
      "initandlisten",
      "MongoDB starting",
      `{"pid":${sys.pid},"port":27017,"dbPath":"/data/db","architecture":"64-bit","host":"${sys.container.hostname}"}`,
    ),
  ],
  readyLines: (sys, port) => [
    mongoLine(sys, 23015, "NETWORK", "listener", "Listening on", '{"address":"0.0.0.0"}'),
    mongoLine(
      sys,
      23016,
      "NETWORK",
      "listener",
      "Waiting for connections",
      `{"port":${port},"ssl":"off"}`,
    ),
  ],
  stopLines: (sys) => [
    mongoLine(
      sys,
      23377,
      "CONTROL",
      "SignalHandler",
      "Received signal",
      '{"signal":15,"error":"Terminated"}',
    ),
    mongoLine(sys, 23138, "CONTROL", "SignalHandler", "Shutting down", '{"exitCode":0}'),
  ],
  initMs: 2_000,
  startMs: 1_200,
  memoryMib: 120,
  idleCpuMilli: 6,
  sizeBytes: 293_000_000,
  clients: (version) => [...(parseInt(version) < 6 ? ["mongo"] : []), ...(parseInt(version) > 4 ? ["mongosh"] : [])], // prettier-ignore
  entry: locked,
  serves: mongoServes,
};

export const databaseRows: DatabaseRow[] = [mysql, mariadb, postgres, mongo];
