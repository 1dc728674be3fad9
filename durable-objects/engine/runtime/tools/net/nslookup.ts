/** nslookup in its three guises, host, getent: what the Pod's name server says. */
import { candidates } from "../../net/resolver.ts";
import { hostsEntry, lookUp, query, readResolver } from "../../net/socket.ts";
import type { DnsAnswer, DnsRecord } from "../../net/network-port.ts";
import type { Program } from "../../kernel/types.ts";
import { options } from "../options.ts";
import { tool, type Io } from "../tool.ts";

export type Type = DnsRecord["type"];

const isIp = (text: string): boolean => /^\d+(\.\d+){3}$/.test(text);
export const reverseName = (ip: string): string =>
  `${ip.split(".").reverse().join(".")}.in-addr.arpa`;

export function typeOf(io: Io, text: string | undefined): Type | undefined {
  if (text === undefined) return undefined;
  const name = text.toUpperCase();
  if (["A", "AAAA", "CNAME", "SRV", "PTR", "NS", "SOA"].includes(name)) return name as Type;
  return name === "ANY" ? "A" : io.fail(`invalid query type "${text}"`);
}

/** `-type=a`, `-q a`: the type, and what is left. */
function words(io: Io): { type: Type | undefined; rest: string[] } {
  const rest: string[] = [];
  let type: Type | undefined;
  for (let i = 0; i < io.args.length; i++) {
    const word = io.args[i]!;
    const given = /^-(?:querytype|query|type|qt|q|t)(?:=|$)(.*)$/.exec(word);
    if (given) type = typeOf(io, given[1] || io.args[++i]);
    else if (!word.startsWith("-")) rest.push(word);
  }
  return { type, rest };
}

export function serverOf(io: Io, given: string | undefined): string | undefined {
  if (given === undefined) return readResolver(io.sys).nameservers[0];
  const ips = lookUp(io.sys, given);
  return typeof ips === "string" ? io.fail(`bad address '${given}'`) : ips[0];
}

/** busybox before 1.29: getaddrinfo's answer with the names behind the addresses. */
function oldNslookup(io: Io, name: string, server: string): number {
  const named = (ip: string): string => {
    const found =
      hostsName(io, ip) ??
      query(io.sys, reverseName(ip), "PTR", server).records.find((r) => r.type === "PTR")?.data;
    return found ? ` ${found.replace(/\.$/, "")}` : "";
  };
  io.out(`Server:    ${server}\nAddress 1: ${server}${named(server)}\n\n`);
  const ips = lookUp(io.sys, name);
  if (typeof ips === "string") {
    io.err(`nslookup: can't resolve '${name}'\n`);
    return 1;
  }
  io.out(
    `Name:      ${name}\n${ips.map((ip, i) => `Address ${i + 1}: ${ip}${named(ip)}\n`).join("")}`,
  );
  return 0;
}

function hostsName(io: Io, ip: string): string | undefined {
  const text = io.sys.peek("/etc/hosts") ? io.sys.readFile("/etc/hosts") : "";
  for (const line of text.split("\n")) {
    const [address, name] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (address === ip) return name;
  }
  return undefined;
}

export const dotless = (text: string): string => text.replace(/\.$/, "");

function shown(record: DnsRecord, old: boolean): string {
  const { name, type, data } = record;
  const head = dotless(name);
  if (type === "A" || type === "AAAA") return `Name:\t${head}\nAddress: ${data}\n`;
  if (type === "CNAME") return `${head}\tcanonical name = ${old ? data : dotless(data)}\n`;
  if (type === "SRV") return `${head}\tservice = ${old ? data : dotless(data)}\n`;
  return `${head}\tname = ${old ? data : dotless(data)}\n`;
}

/** busybox from 1.29 on: a name without a dot is asked for with every search domain, any other as it is. */
function newNslookup(io: Io, name: string, type: Type | undefined, server: string): number {
  io.out(`Server:\t\t${server}\nAddress:\t${server}:53\n\n`);
  const ip = isIp(name);
  const { searches } = readResolver(io.sys);
  const names = ip
    ? [reverseName(name)]
    : name.includes(".") || searches.length === 0
      ? [dotless(name)]
      : searches.map((one) => `${name}.${one}`);
  let code = 0;
  for (const full of names)
    for (const kind of ip ? (["PTR"] as const) : type ? [type] : (["A", "AAAA"] as const)) {
      const { status, records } = query(io.sys, full, kind, server);
      if (status === "TIMEOUT") {
        io.err(";; connection timed out; no servers could be reached\n\n");
        return 1;
      }
      if (status !== "NOERROR") {
        io.out(`** server can't find ${full}: ${status}\n\n`);
        code = 1;
        continue;
      }
      if (!full.endsWith(".cluster.local") && !ip && records.length)
        io.out("Non-authoritative answer:\n");
      if (records.length === 0 && type) io.out(`*** Can't find ${full}: No answer\n`);
      io.out(`${records.map((record) => shown(record, false)).join("")}\n`);
    }
  return code;
}

/** The first candidate that has an answer. */
export function search(
  io: Io,
  name: string,
  type: Type,
  server: string,
): DnsAnswer & { name: string } {
  let last: (DnsAnswer & { name: string }) | undefined;
  for (const full of candidates(readResolver(io.sys), name)) {
    const answer = { ...query(io.sys, full, type, server), name: full };
    if (answer.status === "TIMEOUT" || answer.records.length > 0) return answer;
    if (!last || answer.status === "NOERROR") last = answer;
  }
  return { ...(last ?? { status: "NXDOMAIN", records: [] }), name };
}

/** BIND's: the address of either family, each with what leads to it. */
function bindNslookup(io: Io, name: string, type: Type | undefined, server: string): number {
  if (isIp(name)) return bindReverse(io, name, server);
  const first = search(io, name, type ?? "A", server);
  if (first.status === "TIMEOUT") {
    io.out(
      `;; communications error to ${server}#53: timed out\n;; no servers could be reached\n\n`,
    );
    return 1;
  }
  io.out(`Server:\t\t${server}\nAddress:\t${server}#53\n\n`);
  if (first.status !== "NOERROR") {
    io.out(`** server can't find ${first.name}: ${first.status}\n\n`);
    return 1;
  }
  const more = type ? [] : query(io.sys, dotless(first.name), "AAAA", server).records;
  const records = [...first.records, ...more.filter((r) => r.type === "AAAA")];
  const own = first.name.endsWith("cluster.local");
  if (records.length === 0) {
    io.out(`*** Can't find ${name}: No answer\n\n`);
    return 0;
  }
  if (!own) io.out("Non-authoritative answer:\n");
  io.out(`${records.map((record) => shown(record, true)).join("")}\n`);
  return 0;
}

function bindReverse(io: Io, ip: string, server: string): number {
  const name = reverseName(ip);
  const { status, records } = query(io.sys, name, "PTR", server);
  if (status === "TIMEOUT") {
    io.out(
      `;; communications error to ${server}#53: timed out\n;; no servers could be reached\n\n`,
    );
    return 1;
  }
  if (records.length === 0) {
    io.out(`** server can't find ${name}: ${status === "NOERROR" ? "NXDOMAIN" : status}\n\n`);
    return 1;
  }
  io.out(`${records.map((record) => shown(record, true)).join("")}\n`);
  return 0;
}

const nslookup = tool("nslookup", (io) => {
  const { type, rest } = words(io);
  const [name, given] = rest;
  if (name === undefined) {
    io.err(
      "BusyBox v1.37.0 () multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n",
    );
    return 1;
  }
  const server = serverOf(io, given);
  if (server === undefined) {
    io.err(";; connection timed out; no servers could be reached\n\n");
    return 1;
  }
  const old = /^1\.(1\d|2[0-8])(\.|$)/.test(io.sys.container.image.version);
  return old && !type ? oldNslookup(io, name, server) : newNslookup(io, name, type, server);
});

const bind = tool("bind-nslookup", (io) => {
  const { type, rest } = words(io);
  const [name, given] = rest;
  if (name === undefined) return 0;
  const server = serverOf(io, given);
  if (server !== undefined) return bindNslookup(io, name, type, server);
  io.out(";; no servers could be reached\n\n");
  return 1;
});

const host = tool("host", (io) => {
  const { type, rest } = words(io);
  const [name = "", given] = rest;
  const server = serverOf(io, given) ?? "";
  const answer = isIp(name)
    ? { ...query(io.sys, reverseName(name), "PTR", server), name: reverseName(name) }
    : search(io, name, type ?? "A", server);
  if (answer.status === "TIMEOUT")
    return io.err(";; connection timed out; no servers could be reached\n") ?? 1;
  if (answer.status !== "NOERROR") {
    io.out(`Host ${name} not found: 3(${answer.status})\n`);
    return 1;
  }
  const words_: Record<string, string> = {
    A: "has address",
    AAAA: "has IPv6 address",
    CNAME: "is an alias for",
    PTR: "domain name pointer",
    SRV: "has SRV record",
  };
  for (const record of answer.records)
    io.out(`${dotless(record.name)} ${words_[record.type] ?? record.type} ${record.data}\n`);
  return 0;
});

const getent = tool("getent", (io) => {
  const opts = options(io, "s:", {}, true);
  const [base = "", ...keys] = opts.rest;
  let code = 0;
  if (/^a?hosts(v4)?$/.test(base)) {
    for (const key of keys) {
      const ips = hostsEntry(io.sys, key) ? [hostsEntry(io.sys, key)!] : lookUp(io.sys, key);
      if (typeof ips === "string") code = 2;
      else if (base === "hosts") {
        const full = search(io, key, "A", serverOf(io, undefined) ?? "").name;
        io.out(
          ips
            .map((ip) => `${ip.padEnd(15)} ${isIp(key) ? (hostsName(io, ip) ?? key) : full}\n`)
            .join(""),
        );
      } else
        io.out(
          ips
            .map(
              (ip) =>
                `${ip.padEnd(15)} STREAM ${key}\n${ip.padEnd(15)} DGRAM  \n${ip.padEnd(15)} RAW    \n`,
            )
            .join(""),
        );
    }
    return code;
  }
  if (base !== "passwd" && base !== "group") return io.err(`Unknown database: ${base}\n`) ?? 1;
  const lines = (io.sys.peek(`/etc/${base}`) ? io.sys.readFile(`/etc/${base}`) : "")
    .split("\n")
    .filter(Boolean);
  if (keys.length === 0) io.out(lines.map((line) => `${line}\n`).join(""));
  for (const key of keys) {
    const found = lines.find((line) => line.split(":")[0] === key || line.split(":")[2] === key);
    if (found) io.out(`${found}\n`);
    else code = 2;
  }
  return code;
});

export const dnsTools: Program[] = [nslookup, bind, host, getent];
