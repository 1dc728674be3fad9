/** Clients of the databases: what probes and first looks ask. */
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { FileTable } from "../../runtime/image/base-files.ts";
import { mongoShell } from "./mongo/shell.ts";

/** Whether the server in this Pod answers; other hosts are beyond these clients. */
const serves = (sys: Sys, port: number): boolean =>
  sys.kernel.pod.listeners[`tcp/${port}`] !== undefined;

const valueAfter = (sys: Sys, ...flags: string[]): string | undefined => {
  const { argv } = sys;
  for (const [i, word] of argv.entries()) {
    if (flags.includes(word)) return argv[i + 1];
    const flag = flags.find((name) => name.startsWith("--") && word.startsWith(`${name}=`));
    if (flag) return word.slice(flag.length + 1);
  }
  return undefined;
};

const isLocal = (host: string | undefined): boolean =>
  host === undefined || ["localhost", "127.0.0.1", "::1"].includes(host) || host.startsWith("/");

const beyond = (name: string): string =>
  `${name}: this sandbox simulates the server's start, port and readiness, not its data\n`;

/** `SELECT 1` and the like: the number. */
const selected = (sql: string): string | undefined =>
  /^select\s+(\d+)\s*(?:;\s*)?$/i.exec(sql.trim())?.[1];

function mysqladmin(sys: Sys): number {
  if (!serves(sys, 3306) || !isLocal(valueAfter(sys, "-h", "--host"))) {
    sys.complain(
      `${sys.argv[0]}: connect to server at 'localhost' failed\nerror: 'Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)'\nCheck that mysqld is running and that the socket: '/var/run/mysqld/mysqld.sock' exists!\n`,
    );
    return 1;
  }
  if (sys.argv.includes("ping")) sys.write(1, "mysqld is alive\n");
  else sys.complain(beyond("mysqladmin"));
  return sys.argv.includes("ping") ? 0 : 1;
}

function mysql(sys: Sys): number {
  if (!serves(sys, 3306) || !isLocal(valueAfter(sys, "-h", "--host"))) {
    sys.complain(
      "ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)\n",
    );
    return 1;
  }
  const sql = valueAfter(sys, "-e", "--execute");
  const number = selected(sql ?? "");
  if (number !== undefined) sys.write(1, `${number}\n${number}\n`);
  else sys.complain(beyond("mysql"));
  return number === undefined ? 1 : 0;
}

function pgIsReady(sys: Sys): number {
  const port = Number(valueAfter(sys, "-p", "--port") ?? 5432);
  const host = valueAfter(sys, "-h", "--host");
  const ready = serves(sys, port) && isLocal(host);
  sys.write(
    1,
    `${host ?? "/var/run/postgresql"}:${port} - ${ready ? "accepting connections" : "no response"}\n`,
  );
  return ready ? 0 : 2;
}

function psql(sys: Sys): number {
  if (!serves(sys, 5432) || !isLocal(valueAfter(sys, "-h", "--host"))) {
    sys.complain(
      'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory\n\tIs the server running locally and accepting connections on that socket?\n',
    );
    return 2;
  }
  const number = selected(valueAfter(sys, "-c", "--command") ?? "");
  if (number !== undefined)
    sys.write(1, ` ?column? \n----------\n${number.padStart(9)}\n(1 row)\n\n`);
  else sys.complain(beyond("psql"));
  return number === undefined ? 1 : 0;
}

const client = (name: string, run: (sys: Sys) => number): Program<{ exitCode: number }> => ({
  name: `db-client:${name}`,
  storedNames: { fields: { exitCode: "x" } },
  start: (sys) => ({ exitCode: run(sys) }),
  step: (_sys, state) => ({ exit: state.exitCode }),
  memoryBytes: () => 4_000_000,
});

const table: Record<string, (sys: Sys) => number> = {
  mysqladmin,
  "mariadb-admin": mysqladmin,
  mysql,
  mariadb: mysql,
  "healthcheck.sh": (sys) => (serves(sys, 3306) ? 0 : 1),
  pg_isready: pgIsReady,
  psql,
};

const namesOf = (row: RegExp): FileTable =>
  Object.fromEntries(
    Object.keys(table)
      .filter((name) => row.test(name))
      .map((name) => [`/usr/bin/${name}`, { program: `db-client:${name}` }]),
  );

const shellFiles = (names: string): FileTable =>
  Object.fromEntries(names.split(" ").map((name) => [`/usr/bin/${name}`, { program: "mongosh" }]));

export const databaseClients = {
  programs: [mongoShell, ...Object.entries(table).map(([name, run]) => client(name, run))],
  /** By server. */
  filesOf: {
    mysqld: namesOf(/^mysql/),
    mariadbd: namesOf(/^(maria|healthcheck)/),
    postgres: namesOf(/^p/),
    mongod: shellFiles("mongoimport mongodump mongorestore"),
    // Up to 5 and from 5 on.
    mongo: shellFiles("mongo"),
    mongosh: shellFiles("mongosh"),
  } as Record<string, FileTable>,
};
