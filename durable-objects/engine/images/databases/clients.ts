/** Clients of the databases: what probes and first looks ask. */
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import {
  addressOf,
  dial,
  dialErrorText,
  hangUp,
  isOwn,
  type DialError,
} from "../serving/sockets.ts";
import type { FileTable } from "../../runtime/image/base-files.ts";
import { mongoShell } from "./mongo/shell.ts";

/** Why nobody answers: the server's host cannot be looked up or reached, or here nothing listens. */
type Problem = DialError | "nobody" | undefined;

const serves = (sys: Sys, port: number): boolean =>
  sys.kernel.pod.listeners[`tcp/${port}`] !== undefined;

const valueAfter = (sys: Sys, ...flags: string[]): string | undefined => {
  const { argv } = sys;
  for (const [i, word] of argv.entries()) {
    if (flags.includes(word)) return argv[i + 1];
    const flag = flags.find((name) => name.startsWith("--") && word.startsWith(`${name}=`));
    if (flag) return word.slice(flag.length + 1);
    const short = flags.find((name) => /^-\w$/.test(name) && word.startsWith(name));
    if (short) return word.slice(2);
  }
  return undefined;
};

const isLocal = (host: string | undefined): boolean =>
  host === undefined || ["localhost", "127.0.0.1", "::1"].includes(host) || host.startsWith("/");

/** Whether a host is this Pod, by its name or address. */
const isHere = (sys: Sys, host: string | undefined): boolean =>
  isLocal(host) || isOwn(sys, addressOf(sys, host ?? "") ?? "");

const beyond = (name: string): string =>
  `${name}: this sandbox simulates the server's start, port and readiness, not its data\n`;

/** `SELECT 1` and the like: the number. */
const selected = (sql: string): string | undefined =>
  /^select\s+(\d+)\s*(?:;\s*)?$/i.exec(sql.trim())?.[1];

const hostOf = (sys: Sys): string => valueAfter(sys, "-h", "--host") ?? "localhost";

/** MySQL: libmysql's errors 2002, 2003 and 2005, with Linux' numbers. */
function mysqlProblem(sys: Sys, problem: Problem): [code: number, text: string] {
  const host = hostOf(sys);
  if (problem === "name") return [2005, `Unknown MySQL server host '${host}' (-2)`];
  if (problem === "nobody" && host !== "127.0.0.1")
    return [
      2002,
      "Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)",
    ];
  const number = problem === "timeout" ? 110 : problem === "unreachable" ? 113 : 111;
  return [2003, `Can't connect to MySQL server on '${host}:3306' (${number})`];
}

function mysqladmin(sys: Sys, problem: Problem): number {
  if (problem) {
    const [code, text] = mysqlProblem(sys, problem);
    const where = code === 2002 ? "the socket: '/var/run/mysqld/mysqld.sock' exists" : "";
    sys.complain(
      `${sys.argv[0]}: connect to server at '${hostOf(sys)}' failed\nerror: '${text}'\n` +
        (where && `Check that mysqld is running and that ${where}!\n`),
    );
    return 1;
  }
  if (sys.argv.includes("ping")) sys.write(1, "mysqld is alive\n");
  else sys.complain(beyond("mysqladmin"));
  return sys.argv.includes("ping") ? 0 : 1;
}

function mysql(sys: Sys, problem: Problem): number {
  if (problem) {
    const [code, text] = mysqlProblem(sys, problem);
    sys.complain(`ERROR ${code} (HY000): ${text}\n`);
    return 1;
  }
  const sql = valueAfter(sys, "-e", "--execute");
  const number = selected(sql ?? "");
  if (number !== undefined) sys.write(1, `${number}\n${number}\n`);
  else sys.complain(beyond("mysql"));
  return number === undefined ? 1 : 0;
}

const pgPort = (sys: Sys): number => Number(valueAfter(sys, "-p", "--port") ?? 5432);

function pgIsReady(sys: Sys, problem: Problem): number {
  const host = valueAfter(sys, "-h", "--host") ?? "/var/run/postgresql";
  const said = problem ? "no response" : "accepting connections";
  sys.write(1, `${host}:${pgPort(sys)} - ${said}\n`);
  return problem ? 2 : 0;
}

function psql(sys: Sys, problem: Problem): number {
  const host = hostOf(sys);
  if (problem) {
    const where = `server at "${host}" (${addressOf(sys, host) ?? ""}), port ${pgPort(sys)}`;
    sys.complain(
      problem === "name"
        ? `psql: error: could not translate host name "${host}" to address: Name or service not known\n`
        : problem === "nobody"
          ? 'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory\n\tIs the server running locally and accepting connections on that socket?\n'
          : `psql: error: connection to ${where} failed: ${dialErrorText[problem]}\n\tIs the server running on that host and accepting TCP/IP connections?\n`,
    );
    return 2;
  }
  const number = selected(valueAfter(sys, "-c", "--command") ?? "");
  if (number !== undefined)
    sys.write(1, ` ?column? \n----------\n${number.padStart(9)}\n(1 row)\n\n`);
  else sys.complain(beyond("psql"));
  return number === undefined ? 1 : 0;
}

interface Row {
  port: (sys: Sys) => number;
  run: (sys: Sys, problem: Problem) => number;
  /** Asks the Pod's own server whatever host it is told. */
  here?: true;
}

/** Another host is dialled first; where somebody answers there, it is a server as this Pod's would be. */
const client = (name: string, { port, run, here }: Row): Program<{ exitCode?: number }> => ({
  name: `db-client:${name}`,
  storedNames: { fields: { exitCode: "x" } },
  start(sys) {
    if (!here && !isHere(sys, valueAfter(sys, "-h", "--host"))) return {};
    return { exitCode: run(sys, serves(sys, port(sys)) ? undefined : "nobody") };
  },
  step(sys, { exitCode }) {
    if (exitCode !== undefined) return { exit: exitCode };
    const dialled = dial(sys, hostOf(sys), port(sys));
    if ("dueAtMs" in dialled) return { wait: { untilMs: Math.max(dialled.dueAtMs, sys.now + 1) } };
    if ("error" in dialled) return { exit: run(sys, dialled.error) };
    hangUp(sys, dialled.socket);
    return { exit: run(sys, undefined) };
  },
  memoryBytes: () => 4_000_000,
});

const at =
  (port: number): Row["port"] =>
  () =>
    port;
const table: Record<string, Row> = {
  mysqladmin: { port: at(3306), run: mysqladmin },
  "mariadb-admin": { port: at(3306), run: mysqladmin },
  mysql: { port: at(3306), run: mysql },
  mariadb: { port: at(3306), run: mysql },
  "healthcheck.sh": { port: at(3306), run: (_sys, problem) => (problem ? 1 : 0), here: true },
  pg_isready: { port: pgPort, run: pgIsReady },
  psql: { port: pgPort, run: psql },
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
  programs: [mongoShell, ...Object.entries(table).map(([name, row]) => client(name, row))],
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
