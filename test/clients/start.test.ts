import { spawn, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, expect, inject, test } from "vitest";
import { certificates } from "../../scripts/certificates.ts";
import { startOf } from "../../scripts/process-table.ts";
import { startServer, type Server } from "../../scripts/server.ts";
import { FolderLock, openFolder } from "../../scripts/state-folder.ts";
import { addressBytes } from "../../scripts/x509.ts";
import { eventually, makeSandbox } from "../helpers/sandbox.ts";

/** What `npm start` says to who cannot have it, and what it leaves in its folder. */

const root = path.join(import.meta.dirname, "../..");
const script = inject("script");
const folders: string[] = [];
const servers: Server[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "podyard-start-"));
  folders.push(folder);
  return folder;
};
const start = async (statePath: string, host = "127.0.0.1"): Promise<Server> => {
  const server = await startServer({ port: 0, tlsPort: 0, host, statePath, script });
  servers.push(server);
  return server;
};
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The starter's last words, in a process of its own. */
function refusal(variables: Record<string, string>): { status: number | null; said: string } {
  const env = { ...process.env, PORT: "0", TLS_PORT: "0", ...variables };
  const file = path.join(root, "scripts/start.ts");
  const { status, stderr } = spawnSync(process.execPath, [file], { env, encoding: "utf8" });
  return { status, said: stderr };
}

const another = "choose another folder with PODYARD_STATE";

test("two servers never share a folder, and a stopped one lets it go", async () => {
  const statePath = newFolder();
  const server = await start(statePath);
  expect(refusal({ PODYARD_STATE: statePath })).toEqual({
    status: 1,
    said: `${statePath} is in use by another Podyard (process ${process.pid}, ${server.url}): stop that one, or ${another}\n`,
  });
  await server.stop();
  servers.splice(0);
  (await FolderLock.take(statePath, "http://next")).release();
});

test("two servers that want the same port of TLS at once both start, and each stops once", async () => {
  const both = await Promise.all(
    [newFolder(), newFolder()].map((statePath) =>
      startServer({ port: 0, host: "127.0.0.1", statePath, script }),
    ),
  );
  servers.push(...both, ...both);
  expect(new Set(both.map(({ tlsUrl }) => tlsUrl)).size).toBe(2);
  for (const { url } of both) expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test("the folder and what is in it are its owner's alone", async () => {
  const statePath = newFolder();
  chmodSync(statePath, 0o755);
  await start(statePath);
  const mode = (file: string): number => statSync(path.join(statePath, file)).mode & 0o777;
  expect(mode(".")).toBe(0o700);
  for (const file of readdirSync(path.join(statePath, "tls"))) {
    expect([file, mode(`tls/${file}`)]).toEqual([file, 0o600]);
  }
  expect(mode("run/config.bin")).toBe(0o600);
});

test("after a kill the next start takes the folder and ends the runtime that was left", async () => {
  const statePath = newFolder();
  const child = spawn(process.execPath, [path.join(root, "scripts/start.ts")], {
    env: { ...process.env, PORT: "0", TLS_PORT: "0", PODYARD_STATE: statePath },
    stdio: "ignore",
  });
  const holder = path.join(statePath, "holder.json");
  const runtime = await eventually(
    async () => {
      try {
        return JSON.parse(readFileSync(holder, "utf8")).runtime?.process as number | undefined;
      } catch {
        return undefined;
      }
    },
    (pid) => pid !== undefined,
  );
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  expect(startOf(runtime!)).toBeDefined();
  const lock = await FolderLock.take(statePath, "http://next");
  expect(startOf(runtime!)).toBeUndefined();
  lock.release();
});

test("what is no folder, or not ours, is said in one sentence", () => {
  const folder = newFolder();
  const file = path.join(folder, "file");
  writeFileSync(file, "");
  for (const [statePath, said] of [
    [file, `${file} is a file, not a folder: ${another}`],
    [
      path.join(file, "below"),
      `${path.join(file, "below")} lies below a file, not a folder: ${another}`,
    ],
  ] as const) {
    expect(refusal({ PODYARD_STATE: statePath })).toEqual({ status: 1, said: `${said}\n` });
  }
  chmodSync(folder, 0o500);
  const below = path.join(folder, "new");
  // Nothing is closed to root.
  if (process.getuid?.() !== 0) expect(() => openFolder(below)).toThrow("may not be written");
  chmodSync(folder, 0o700);
});

test("a host or a port that cannot be had is said in one sentence", async () => {
  const PODYARD_STATE = newFolder();
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as { port: number };
  for (const variable of ["PORT", "TLS_PORT"]) {
    expect(refusal({ PODYARD_STATE, [variable]: String(port) })).toEqual({
      status: 1,
      said: `port ${port} is taken; choose another: ${variable}=8788 npm start\n`,
    });
  }
  taken.close();
  expect(refusal({ PODYARD_STATE, HOST: "203.0.113.5" })).toEqual({
    status: 1,
    said: "HOST=203.0.113.5 is no address of this machine (EADDRNOTAVAIL)\n",
  });
  expect(refusal({ PODYARD_STATE, TLS_PORT: "x" })).toMatchObject({ status: 2 });
});

const noise = (file: string): void => {
  writeFileSync(file, Buffer.from(Array.from({ length: 8192 }, (_, i) => (i * 167 + 13) & 255)));
  for (const ending of ["-wal", "-shm"]) rmSync(`${file}${ending}`, { force: true });
};
const databases = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name.endsWith(".sqlite"))
    .map(({ parentPath, name }) => path.join(parentPath, name));

test("one damaged sandbox is named, and the others open", async () => {
  const statePath = newFolder();
  const first = await start(statePath);
  const [broken, well] = [await makeSandbox(first.url), await makeSandbox(first.url)];
  await first.stop();
  servers.splice(0);
  const before = databases(path.join(statePath, "do"));
  const wellFile = before.filter((file) => !file.endsWith("metadata.sqlite"))[1]!;
  noise(wellFile);
  const second = await start(statePath);
  expect(second.notes).toEqual([
    `One sandbox does not open: ${wellFile} is no database any more. The others do; delete the file to forget it.`,
  ]);
  const answers = await Promise.all(
    [broken, well].map(async ({ apiServer }) => {
      const place = new URL(apiServer).pathname;
      const answer = await fetch(`${second.url}${place}/api/v1/nodes`);
      return [answer.status, ((await answer.json()) as { message?: string }).message];
    }),
  );
  expect(answers.sort()).toEqual([
    [200, undefined],
    [500, "Internal error occurred: this sandbox's database is damaged; npm start names its file"],
  ]);
});

test("without its own databases it does not start, and says which is damaged", async () => {
  const statePath = newFolder();
  await (await start(statePath)).stop();
  servers.splice(0);
  for (const file of databases(path.join(statePath, "d1"))) {
    copyFileSync(file, `${file}.copy`);
    noise(file);
    expect(refusal({ PODYARD_STATE: statePath })).toEqual({
      status: 1,
      said: `${file} is no database any more: put it back from a copy, or start anew: move ${statePath} away, or ${another}\n`,
    });
    copyFileSync(`${file}.copy`, file);
  }
});

test("HOST=::1 works where there is IPv6", async () => {
  const has = Object.values(os.networkInterfaces()).some((list) =>
    list?.some(({ address }) => address === "::1"),
  );
  if (!has) return console.warn("\n*** SKIPPED: this machine has no ::1 ***\n");
  const server = await start(newFolder(), "::1");
  expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  const { kubeconfig } = await makeSandbox(server.url);
  expect(kubeconfig).toContain(`server: ${server.tlsUrl}\n`);
});

test("certificates are kept, and made anew when they run out or lack a name", () => {
  const statePath = newFolder();
  const dayMs = 24 * 3_600_000;
  const now = Date.now();
  const first = certificates(statePath, "127.0.0.1", now);
  const authority = new X509Certificate(first.authority);
  const server = new X509Certificate(first.certificate);
  expect(authority.ca).toBe(true);
  expect(server.ca).toBe(false);
  expect(server.verify(authority.publicKey)).toBe(true);
  expect(server.checkIssued(authority)).toBe(true);
  for (const name of ["localhost", os.hostname()]) expect(server.checkHost(name)).toBe(name);
  for (const ip of ["127.0.0.1", "::1"]) expect(server.checkIP(ip)).toBe(ip);
  expect(server.checkHost("example.com")).toBeUndefined();
  expect(certificates(statePath, "127.0.0.1", now + 30 * dayMs)).toEqual(first);

  const later = certificates(statePath, "127.0.0.1", now + 300 * dayMs);
  expect(later.authority).toBe(first.authority);
  expect(later.certificate).not.toBe(first.certificate);
  const named = certificates(statePath, "learn.example", now + 300 * dayMs);
  expect(named.authority).toBe(first.authority);
  expect(new X509Certificate(named.certificate).checkHost("learn.example")).toBe("learn.example");

  // The authority lives longer than anything it signs.
  const muchLater = certificates(statePath, "127.0.0.1", now + 3600 * dayMs);
  expect(muchLater.authority).not.toBe(first.authority);
  writeFileSync(path.join(statePath, "tls/server.crt"), "noise");
  const mended = certificates(statePath, "127.0.0.1", now + 3600 * dayMs);
  expect(new X509Certificate(mended.certificate).validToDate.getTime()).toBeGreaterThan(now);
});

test.each([
  ["127.0.0.1", "7f000001"],
  ["::", "00000000000000000000000000000000"],
  ["::1", "00000000000000000000000000000001"],
  ["fd00::2:0:0:3", "fd000000000000000002000000000003"],
  ["::ffff:192.0.2.1", "00000000000000000000ffffc0000201"],
  ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
  ["fe80::", "fe800000000000000000000000000000"],
])("the bytes of %s", (address, hex) => {
  expect(addressBytes(address).toString("hex").padStart(8, "0")).toBe(hex);
});
