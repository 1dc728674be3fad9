/** The Pod's own network as its tools show it: ip, ifconfig, route, arp, netstat, ss. */
import type { Program } from "../../kernel/types.ts";
import { options } from "../options.ts";
import { commandLine } from "../system/ps-kill.ts";
import { tool, type Io } from "../tool.ts";

/** Its address, its folder of addresses, a hardware address made of it. */
function own(io: Io): {
  ip: string;
  network: string;
  gateway: string;
  broadcast: string;
  mac: string;
} {
  const { ip } = io.sys.kernel.pod.pod;
  const parts = ip.split(".").map(Number);
  const stem = parts.slice(0, 3).join(".");
  const mac = ["1e", "5a", ...parts.map((part) => (part || 0).toString(16).padStart(2, "0"))].join(
    ":",
  );
  return { ip, network: `${stem}.0`, gateway: `${stem}.1`, broadcast: `${stem}.255`, mac };
}

function addresses(io: Io, only: string | undefined, brief: boolean): string {
  const { ip, broadcast, mac } = own(io);
  const lo =
    "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n" +
    (brief
      ? ""
      : "    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n");
  const eth =
    `2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue qlen 1000\n    link/ether ${mac} brd ff:ff:ff:ff:ff:ff\n` +
    (brief
      ? ""
      : `    inet ${ip}/24 brd ${broadcast} scope global eth0\n       valid_lft forever preferred_lft forever\n`);
  const added = (io.sys.kernel.pod.dummyDevices ?? []).map(
    (name, i) =>
      `${i + 3}: ${name}: <BROADCAST,NOARP> mtu 1500 qdisc noop qlen 1000\n    link/ether ${mac.slice(0, -2)}f${i % 10} brd ff:ff:ff:ff:ff:ff\n`,
  );
  const place = io.sys.kernel.pod.dummyDevices?.indexOf(only ?? "") ?? -1;
  if (place >= 0) return added[place] ?? "";
  return (
    (only === "eth0" ? "" : lo) +
    (only === "lo" ? "" : eth) +
    (only === undefined ? added.join("") : "")
  );
}

/** Changes want the right to; devices that lead nowhere can be had, nothing else of a Pod's network is the Pod's. */
function change(io: Io, what: string, verb: string, rest: readonly string[]): number {
  const { container, kernel, who } = io.sys;
  const refuse = (text: string): number => io.fail(`RTNETLINK answers: ${text}`, 2);
  if (who.uid !== 0 || !container.capable("NET_ADMIN")) return refuse("Operation not permitted");
  const name = rest.find((word) => word !== "dev" && word !== "name") ?? "";
  const devices = kernel.pod.dummyDevices ?? [];
  if (!"link".startsWith(what)) return refuse("Operation not supported");
  if (verb === "add") {
    if (!rest.join(" ").endsWith("type dummy")) return refuse("Operation not supported");
    if ([...devices, "lo", "eth0"].includes(name)) return refuse("File exists");
    kernel.pod.dummyDevices = [...devices, name];
  } else if (!devices.includes(name)) return io.fail(`can't find device '${name}'`, 1);
  else if (/^del/.test(verb)) kernel.pod.dummyDevices = devices.filter((known) => known !== name);
  kernel.touch();
  return 0;
}

const ip = tool("ip", (io) => {
  const words = io.args.filter(
    (word) => !/^-(4|o|c|color|brief|br|details|d|s|f)$/.test(word) && word !== "inet",
  );
  const [what = "", verb = "show", ...rest] = words;
  const { ip: address, network, gateway } = own(io);
  const device = [verb, ...rest].find(
    (word) => word === "eth0" || word === "lo" || io.sys.kernel.pod.dummyDevices?.includes(word),
  );
  const is = (name: string): boolean => what !== "" && name.startsWith(what);
  if (/^(add|del|set|change|replace|flush)/.test(verb) && verb !== "address")
    return change(io, what, verb, rest);
  if (is("address") || what === "addr") io.out(addresses(io, device, false));
  else if (is("link")) io.out(addresses(io, device, true));
  else if (is("route"))
    io.out(
      verb === "get"
        ? `${rest[0] ?? ""} via ${gateway} dev eth0  src ${address} \n`
        : `default via ${gateway} dev eth0 \n${network}/24 dev eth0 scope link  src ${address} \n`,
    );
  else if (is("neighbour") || what === "neigh")
    io.out(`${gateway} dev eth0 lladdr 1e:5a:00:00:00:01 ref 1 used 0/0/0 probes 1 REACHABLE\n`);
  else if (is("rule"))
    io.out(
      "0:\tfrom all lookup local \n32766:\tfrom all lookup main \n32767:\tfrom all lookup default \n",
    );
  else {
    io.err(
      "BusyBox v1.37.0 () multi-call binary.\n\nUsage: ip [OPTIONS] address|route|link|neigh|rule [ARGS]\n",
    );
    return 1;
  }
  return 0;
});

const ifconfig = tool("ifconfig", (io) => {
  const { ip: address, broadcast, mac } = own(io);
  const eth =
    `eth0      Link encap:Ethernet  HWaddr ${mac.toUpperCase()}  \n          inet addr:${address}  Bcast:${broadcast}  Mask:255.255.255.0\n` +
    "          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n          RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n" +
    "          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:1000 \n          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n\n";
  const lo =
    "lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n" +
    "          RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0\n" +
    "          collisions:0 txqueuelen:1000 \n          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n\n";
  const name = io.args.find((word) => !word.startsWith("-"));
  if (name !== undefined && name !== "eth0" && name !== "lo")
    return io.fail(`${name}: error fetching interface information: Device not found`);
  io.out((name === "lo" ? "" : eth) + (name === "eth0" ? "" : lo));
  return 0;
});

interface Socket {
  kind: "tcp" | "udp";
  local: string;
  remote: string;
  state: string;
  owner: string;
}

function sockets(io: Io): Socket[] {
  const { kernel } = io.sys;
  const out: Socket[] = [];
  for (const [name, listener] of Object.entries(kernel.pod.listeners)) {
    const [kind = "tcp", port] = name.split("/");
    if (kind === "unix" || kind === "sctp") continue;
    const process = kernel.process(listener.process);
    const visible = process && process.pidNamespace === io.sys.process.pidNamespace;
    const owner = visible
      ? `${process.pid}/${(commandLine(io, process).split(/[ :]/)[0] ?? "").replace(/^.*\//, "").slice(0, 19)}`
      : "-";
    out.push({
      kind: kind as "tcp",
      local: `${listener.address ?? "0.0.0.0"}:${port}`,
      remote: "0.0.0.0:*",
      state: kind === "udp" ? "" : "LISTEN",
      owner,
    });
  }
  for (const { addresses, writeClosed, stream, outbound } of Object.values(kernel.pod.connections))
    for (const side of [0, 1] as const) {
      if (stream && (side === 0) !== (outbound === true)) continue;
      const [local, remote] = side === 0 ? addresses : addresses.toReversed();
      const state = connectionState(writeClosed[side], writeClosed[side === 0 ? 1 : 0]);
      out.push({
        kind: "tcp",
        local: local as string,
        remote: remote as string,
        state,
        owner: "-",
      });
    }
  return out;
}

/** RFC 9293: 3.3.2, by who has sent its FIN. */
function connectionState(self: boolean, other: boolean): string {
  if (self) return other ? "TIME_WAIT" : "FIN_WAIT2";
  return other ? "CLOSE_WAIT" : "ESTABLISHED";
}

function chosen(io: Io, letters: string): Socket[] {
  const both = !/[tu]/.test(letters);
  return sockets(io).filter(
    ({ kind, state }) =>
      (both || letters.includes(kind[0]!)) &&
      (letters.includes("a") ||
        (letters.includes("l")
          ? state === "LISTEN" || state === ""
          : state !== "LISTEN" && state !== "")),
  );
}

const netstat = tool("netstat", (io) => {
  const letters = io.args.map((word) => word.replace(/^-+/, "")).join("");
  if (letters.includes("r")) {
    routes(io);
    return;
  }
  const what = letters.includes("a")
    ? "servers and established"
    : letters.includes("l")
      ? "only servers"
      : "w/o servers";
  const pids = letters.includes("p");
  io.out(
    `Active Internet connections (${what})\nProto Recv-Q Send-Q Local Address           Foreign Address         State       ${pids ? "PID/Program name    " : ""}\n`,
  );
  for (const { kind, local, remote, state, owner } of chosen(io, letters))
    io.out(
      `${kind.padEnd(5)}      0      0 ${local.padEnd(23)} ${remote.padEnd(23)} ${state.padEnd(11)} ${pids ? owner : ""}\n`,
    );
});

const ss = tool("ss", (io) => {
  const letters = io.args.map((word) => word.replace(/^-+/, "")).join("");
  io.out("Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n");
  for (const { kind, local, remote, state, owner } of chosen(io, letters)) {
    const [pid, name] = owner.split("/");
    const users = letters.includes("p") && name ? `users:(("${name}",pid=${pid},fd=3))` : "";
    const told =
      state === "ESTABLISHED" ? "ESTAB" : state === "" ? "UNCONN" : state.replace("_", "-");
    io.out(
      `${kind.padEnd(5)} ${told.padEnd(6)} 0      ${state === "LISTEN" ? "4096  " : "0     "} ${local.padStart(18)} ${remote.padStart(17)}${users}\n`,
    );
  }
});

function routes(io: Io): void {
  const { network, gateway } = own(io);
  const row = (to: string, by: string, mask: string, flags: string): string =>
    `${to.padEnd(15)} ${by.padEnd(15)} ${mask.padEnd(15)} ${flags.padEnd(5)} 0      0        0 eth0\n`;
  io.out(
    `Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n${row("0.0.0.0", gateway, "0.0.0.0", "UG")}${row(network, "0.0.0.0", "255.255.255.0", "U")}`,
  );
}

export const netStateTools: Program[] = [
  ip,
  ifconfig,
  netstat,
  ss,
  tool("route", routes),
  tool("arp", (io) => {
    options(io, "anvHi:");
    io.out(`? (${own(io).gateway}) at 1e:5a:00:00:00:01 [ether]  on eth0\n`);
  }),
];
