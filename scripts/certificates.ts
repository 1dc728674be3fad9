import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import os from "node:os";
import path from "node:path";
import { makeCertificate, type Certificate } from "./x509.ts";

/** The server's certificate and the authority that vouches for it, kept in the state folder: `tls/{ca,server}.{crt,key}`. */

export interface Tls extends Certificate {
  /** The authority's certificate, which goes into kubeconfigs. PEM. */
  authority: string;
  /** What the certificate is good for. */
  names: string[];
}

const dayMs = 24 * 3_600_000;
const authorityDays = 3650;
/** Clients refuse longer ones of servers. */
const serverDays = 397;
/** With less than this left a certificate is made anew: a server is rarely up for as long. */
const daysLeftMin = 180;
/** Clocks of other machines may be behind. */
const leewayMs = dayMs;

const commonName = "Podyard local authority";

/** Reads what is there and makes what is missing, runs out or lacks a name; files have mode 0600. */
export function certificates(statePath: string, host: string, now = Date.now()): Tls {
  const folder = path.join(statePath, "tls");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const names = namesFor(host);
  let authority = read(folder, "ca", now + serverDays * dayMs);
  let server = authority && read(folder, "server", now + daysLeftMin * dayMs);
  if (!authority) {
    const notAfter = now + authorityDays * dayMs;
    authority = makeCertificate({ commonName, notBefore: now - leewayMs, notAfter });
    write(folder, "ca", authority);
  }
  if (!server || !serves(server, authority, names)) {
    const notAfter = now + serverDays * dayMs;
    server = makeCertificate(
      { commonName: "podyard", notBefore: now - leewayMs, notAfter, names },
      { ...authority, commonName },
    );
    write(folder, "server", server);
  }
  return { ...server, authority: authority.certificate, names };
}

/** Every name by which this machine may be called, for whoever listens on `host`. */
function namesFor(host: string): string[] {
  const own = os.hostname();
  const addresses = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  const names = ["localhost", "127.0.0.1", "::1", own, `${own}.local`, host.toLowerCase()].concat(
    // A scope is no part of an address.
    addresses.map(({ address }) => address.split("%")[0]!),
  );
  const good = names.filter((name) => isIP(name) || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(name));
  return [...new Set(good)];
}

/** Undefined where it is missing, damaged or runs out before `until` (wall ms). */
function read(folder: string, name: string, until: number): Certificate | undefined {
  try {
    const text = (ending: string): string =>
      readFileSync(path.join(folder, `${name}.${ending}`), "utf8");
    const found = { key: text("key"), certificate: text("crt") };
    const { validToDate } = new X509Certificate(found.certificate);
    return validToDate.getTime() > until ? found : undefined;
  } catch {
    return undefined;
  }
}

function serves(server: Certificate, authority: Certificate, names: string[]): boolean {
  const own = new X509Certificate(server.certificate);
  if (!own.verify(new X509Certificate(authority.certificate).publicKey)) return false;
  return names.every((name) => (isIP(name) ? own.checkIP(name) : own.checkHost(name)));
}

function write(folder: string, name: string, made: Certificate): void {
  for (const [ending, text] of [
    ["key", made.key],
    ["crt", made.certificate],
  ] as const) {
    const file = path.join(folder, `${name}.${ending}`);
    // Whole or not at all.
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}

/** The port that TLS had at the last start, so that kubeconfigs stay true; undefined at the first. */
export function portBefore(statePath: string): number | undefined {
  const file = path.join(statePath, "tls/port");
  const port = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
}

export function keepPort(statePath: string, port: number): void {
  writeFileSync(path.join(statePath, "tls/port"), `${port}\n`, { mode: 0o600 });
}
