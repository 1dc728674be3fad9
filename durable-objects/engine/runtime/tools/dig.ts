/** dig: one question to a name server, and all it said. */
import { query } from "../net/socket.ts";
import type { DnsRecord } from "../net/network-port.ts";
import { formatDate } from "./date.ts";
import { dotless, reverseName, search, serverOf, typeOf, type Type } from "./dns-tools.ts";
import { tool, type Io } from "./tool.ts";

interface Question {
  name: string;
  type: Type;
  server: string;
  short: boolean;
  answerOnly: boolean;
  searches: boolean;
  tcp: boolean;
}

function questionOf(io: Io): Question {
  const asked: Question = {
    name: ".",
    type: "A",
    server: "",
    short: false,
    answerOnly: false,
    searches: false,
    tcp: false,
  };
  let server: string | undefined;
  for (let i = 0; i < io.args.length; i++) {
    const word = io.args[i] as string;
    if (word.startsWith("@")) server = serverOf(io, word.slice(1));
    else if (word === "+short") asked.short = true;
    else if (word === "+noall") asked.answerOnly = true;
    else if (word === "+search") asked.searches = true;
    else if (word === "+tcp") asked.tcp = true;
    else if (word === "-x") {
      asked.name = reverseName(io.args[++i] ?? "");
      asked.type = "PTR";
    } else if (word === "-t") asked.type = typeOf(io, io.args[++i]) as Type;
    else if (/^(A|AAAA|CNAME|SRV|PTR|NS|SOA|ANY)$/i.test(word))
      asked.type = typeOf(io, word) as Type;
    else if (!/^[-+]/.test(word)) asked.name = word;
  }
  return { ...asked, server: server ?? serverOf(io, undefined) ?? "127.0.0.1" };
}

const dotted = (text: string): string => (text.endsWith(".") ? text : `${text}.`);

const line = ({ name, ttlSeconds, type, data }: DnsRecord): string =>
  `${dotted(name).padEnd(24)}${name.length > 22 ? " " : ""}${ttlSeconds}\tIN\t${type}\t${data}\n`;

/** Who says that there is nothing: the zone's own record. k8s: CoreDNS plugin/pkg/dnsutil, plugin/kubernetes SOA */
const authority = (now: number): string =>
  `cluster.local.\t\t30\tIN\tSOA\tns.dns.cluster.local. hostmaster.cluster.local. ${Math.floor(now / 1000)} 7200 1800 86400 30\n`;

function whole(
  io: Io,
  asked: Question,
  name: string,
  status: string,
  records: DnsRecord[],
): string {
  const { server, type, tcp } = asked;
  const own = /(^|\.)(cluster\.local|in-addr\.arpa)\.?$/.test(name);
  const soa = own && records.length === 0 ? authority(io.sys.now) : "";
  const section = (title: string, text: string): string =>
    text === "" ? "" : `;; ${title} SECTION:\n${text}\n`;
  return (
    `\n; <<>> DiG 9.20.15 <<>> ${io.args.join(" ")}\n;; global options: +cmd\n;; Got answer:\n` +
    `;; ->>HEADER<<- opcode: QUERY, status: ${status}, id: ${Math.floor(io.sys.random() * 65_536)}\n` +
    `;; flags: qr${own ? " aa rd" : " rd ra"}; QUERY: 1, ANSWER: ${records.length}, AUTHORITY: ${soa ? 1 : 0}, ADDITIONAL: 1\n` +
    `${own ? ";; WARNING: recursion requested but not available\n" : ""}\n` +
    `;; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n` +
    section("QUESTION", `;${dotted(name).padEnd(22)}\t\tIN\t${type}\n`) +
    section("ANSWER", records.map(line).join("")) +
    section("AUTHORITY", soa) +
    `;; Query time: 1 msec\n;; SERVER: ${server}#53(${server}) (${tcp ? "TCP" : "UDP"})\n` +
    `;; WHEN: ${formatDate("%a %b %d %H:%M:%S %Z %Y", io.sys.now)}\n` +
    `;; MSG SIZE  rcvd: ${80 + (records.length + (soa ? 1 : 0)) * 50}\n\n`
  );
}

export const dig = tool("dig", (io) => {
  const asked = questionOf(io);
  const { name, type, server, searches } = asked;
  const found = searches
    ? search(io, name, type, server)
    : { ...query(io.sys, dotless(name), type, server), name: dotless(name) };
  const { status, records } = found;
  if (status === "TIMEOUT") {
    io.out(
      `;; communications error to ${server}#53: timed out\n\n; <<>> DiG 9.20.15 <<>> ${io.args.join(" ")}\n;; global options: +cmd\n;; no servers could be reached\n`,
    );
    return 9;
  }
  if (asked.short) io.out(records.map((r) => `${r.data}\n`).join(""));
  else if (asked.answerOnly) io.out(records.map(line).join(""));
  else io.out(whole(io, asked, found.name, status, records));
  return 0;
});
