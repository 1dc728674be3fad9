/**
 * The server that answers each new connection with a packet out of its window. kube-proxy drops what the kernel's tracking
 * finds invalid, so the client never sees it and sends no RST. k8s: test/images/regression-issue-74839
 */
import { buildLayer } from "../runtime/fs/layer.ts";
import { busyboxFiles, runtimeFiles } from "../runtime/image/base-files.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import { accept } from "../runtime/net/socket.ts";
import type { ImageDefinition } from "./define.ts";
import { goLog } from "./serving/small-server.ts";

const port = 9000;
/** k8s: test/images/regression-issue-74839/main.go main */
const closeMs = 10_000;

interface BoomState {
  exitCode?: number;
  listener?: number;
  /** Open connections: descriptor and when it is closed. */
  open: [fd: number, dueMs: number][];
}

/** What the raw socket sees of a handshake: options make a SYN's header ten words long, and the ACK's eight. */
const packets = { SYN: (10 << 12) | 0x02, ACK: (8 << 12) | 0x10 };

function tellPacket(sys: Sys, flag: keyof typeof packets, from: string, numbers: number[]): void {
  const at = from.lastIndexOf(":");
  const [seq = 0, ack = 0, checksum = 0] = numbers;
  goLog(
    sys,
    `tcp packet: &{SrcPort:${from.slice(at + 1)} DestPort:${port} Seq:${seq} Ack:${ack} Flags:${packets[flag]} WindowSize:64240 Checksum:${checksum} UrgentPtr:0}, flag: ${flag} , data: [], addr: ${from.slice(0, at)}`,
  );
}

function tellHandshake(sys: Sys, from: string): void {
  const { context } = sys.kernel;
  const [first, second, sum] = [32, 32, 16].map((bits) => Math.floor(context.random() * 2 ** bits));
  tellPacket(sys, "SYN", from, [first as number, 0, sum as number]);
  tellPacket(sys, "ACK", from, [
    ((first as number) + 1) % 2 ** 32,
    second as number,
    sum as number,
  ]);
  goLog(sys, "connection established");
  goLog(sys, "boom packet injected");
}

function start(sys: Sys): BoomState {
  const ips = (sys.env.POD_IPS || sys.env.POD_IP || "").split(",").filter(Boolean);
  const fail = (text: string): BoomState => {
    sys.complain(`panic: ${text}\n\ngoroutine 1 [running]:\n`);
    return { exitCode: 2, open: [] };
  };
  if (ips.length === 0) return fail("No valid IP found");
  for (const ip of ips) goLog(sys, `external ip: ${ip}`);
  goLog(sys, `listen on 0.0.0.0:${port}`);
  for (const ip of ips) goLog(sys, `probing ${ip}`);
  if (!sys.container.capable("NET_RAW"))
    return fail(`listen ip:tcp ${ips[0]}: socket: operation not permitted`);
  return { listener: sys.listen(port, "t"), open: [] };
}

const program: Program<BoomState> = {
  name: "e2e-boom-server",
  storedNames: { fields: { exitCode: "x", listener: "l", open: "o" } },
  start,
  step(sys, state) {
    const { listener } = state;
    if (listener === undefined) return { exit: state.exitCode ?? 0 };
    for (let taken = accept(sys, listener); taken; taken = accept(sys, listener)) {
      tellHandshake(sys, taken.from);
      state.open.push([taken.fd, sys.now + closeMs]);
    }
    for (const [fd, dueMs] of state.open) if (sys.now >= dueMs) sys.close(fd);
    state.open = state.open.filter(([, dueMs]) => sys.now < dueMs);
    const untilMs = state.open[0]?.[1];
    return { wait: { readable: [listener], ...(untilMs === undefined ? {} : { untilMs }) } };
  },
  memoryBytes: () => 6_000_000,
};

export const boomServer: ImageDefinition = {
  repositories: ["registry.k8s.io/e2e-test-images/regression-issue-74839"],
  resolveTag: (tag) => (/^\d+\.\d+$/.test(tag) ? tag : undefined),
  version: (version) => ({
    version,
    entrypoint: ["/boom-server"],
    cmd: [],
    env: {},
    layer: buildLayer(
      busyboxFiles,
      { "/boom-server": { program: "e2e-boom-server" } },
      runtimeFiles,
    ),
    sizeBytes: 1_500_000,
  }),
  programs: [program],
};
