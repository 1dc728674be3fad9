import { expect, test } from "vitest";
import { NetworkWorld } from "../network/network-world.ts";

/** Clients of databases in one Pod, the server in another behind a Service, as tutorials of StatefulSets have it. */

const server = (name: string, image: string, port: number, env: object): object[] => [
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: {
      containers: [
        { name: "c", image, env: Object.entries(env).map(([n, value]) => ({ name: n, value })) },
      ],
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port, targetPort: port }] },
  },
];
const client = (name: string, image: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "c", image, command: ["sleep", "infinity"] }] },
});

test("a server of another Pod is reached by its Service's name, and why it is not", () => {
  const w = new NetworkWorld(1);
  const idle = { selector: { app: "nobody" }, ports: [{ port: 3306 }] };
  w.create(
    ...server("mysql", "mysql:8.4", 3306, { MYSQL_ROOT_PASSWORD: "password" }),
    ...server("pg", "postgres:17", 5432, { POSTGRES_PASSWORD: "x" }),
    { apiVersion: "v1", kind: "Service", metadata: { name: "idle" }, spec: idle },
    client("mysql-client", "mysql:8.4"),
    client("pg-client", "postgres:17"),
  );
  w.settle();
  w.advance(30_000);
  const run = (name: string, command: string): string => {
    const { stdout, stderr } = w.exec(name, command);
    return stdout + stderr;
  };
  const mysql = (args: string): string => run("mysql-client", `mysql ${args}`);
  expect(mysql("-h mysql -ppassword -e 'SELECT 1'")).toBe("1\n1\n");
  expect(mysql("-hmysql -e 'SELECT 2'")).toBe("2\n2\n");
  expect(mysql("-h mysql-0.mysql")).toBe(
    "ERROR 2005 (HY000): Unknown MySQL server host 'mysql-0.mysql' (-2)\n",
  );
  expect(mysql("-h idle")).toBe(
    "ERROR 2003 (HY000): Can't connect to MySQL server on 'idle:3306' (111)\n",
  );
  expect(mysql("-h 127.0.0.1")).toContain("ERROR 2003 (HY000)");
  expect(mysql("")).toBe(
    "ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)\n",
  );
  expect(run("mysql-client", "mysqladmin ping -h mysql")).toBe("mysqld is alive\n");
  expect(run("mysql", 'mysql -h "$(hostname -i)" -e "SELECT 3"')).toBe("3\n3\n");
  expect(run("pg-client", "pg_isready -h pg")).toBe("pg:5432 - accepting connections\n");
  expect(run("pg-client", "pg_isready -h idle")).toBe("idle:5432 - no response\n");
  expect(run("pg-client", "psql -h pg -U postgres -c 'SELECT 7'")).toContain("        7\n(1 row)");
  expect(run("pg-client", "psql -h none")).toBe(
    'psql: error: could not translate host name "none" to address: Name or service not known\n',
  );
});
