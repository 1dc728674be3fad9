/**
 * /proc/net/nf_conntrack: what a node's kernel knows of connections, as far as they are open here. The kernel keeps entries of
 * closed ones and of datagrams for a while too. Format: Linux net/netfilter/nf_conntrack_standalone.c ct_seq_show
 */
import { internalIp } from "../../kinds/node-machine.ts";
import type { Node } from "../../kinds/node.ts";
import type { PodRecord } from "../kernel/state.ts";
import type { Kernel, RuntimeContext } from "../kernel/types.ts";
import { clientHolds } from "../net/open-connections.ts";
import { closeWaitMs, networkTable, type Stream } from "../net/stream.ts";

/** k8s: pkg/proxy/apis/config/v1alpha1/defaults.go SetDefaults_KubeProxyConfiguration, conntrack.tcpEstablishedTimeout */
const establishedMs = 86_400_000;

interface Way {
  from: string;
  to: string;
}

const podOf = ({ records }: RuntimeContext, key: string | undefined): PodRecord | undefined =>
  records.get<PodRecord>("runtime", key ?? "");

const split = (end: string): [ip: string, port: string] => {
  const at = end.lastIndexOf(":");
  return [end.slice(0, at), end.slice(at + 1)];
};

/** The node that has an address. */
const nodeAt = ({ reader }: RuntimeContext, ip: string): string | undefined =>
  reader.list<Node>("nodes").find((node) => internalIp(node) === ip)?.metadata.name;

/** A connection's packets as a node sees them, there and back; undefined: they do not pass it. */
function seen(context: RuntimeContext, stream: Stream, node: string): [Way, Way] | undefined {
  const target = podOf(context, stream.to)?.pod;
  const local = stream.at.startsWith("127.");
  if (!target || local || (stream.from.node !== node && target.node !== node)) return undefined;
  const server = `${target.ip}:${stream.port}`;
  const asked = stream.asked ?? server;
  const client = `${stream.from.ip}:${split(stream.at)[1]}`;
  // Who leads it on: the node whose port was asked for, else the client's own.
  const translates = nodeAt(context, split(asked)[0]) ?? stream.from.node ?? target.node;
  if (translates === node)
    return [
      { from: client, to: asked },
      { from: server, to: stream.at },
    ];
  const [from, to] = stream.from.node === node ? [client, asked] : [stream.at, server];
  return [
    { from, to },
    { from: to, to: from },
  ];
}

function tuple({ from, to }: Way): string {
  const [[source, sport], [target, dport]] = [split(from), split(to)];
  return `src=${source} dst=${target} sport=${sport} dport=${dport}`;
}

/** The client's end, where it is a socket of its own; else the server's. */
const isOpen = (context: RuntimeContext, stream: Stream): boolean =>
  stream.clientConnection === undefined ? stream.downEnd !== true : clientHolds(context, stream);

/** The table of a node. */
export function conntrack({ context, pod }: Kernel): string {
  const lines: string[] = [];
  for (const id of context.records.keys(networkTable)) {
    const stream = id.startsWith("s") && context.records.get<Stream>(networkTable, id);
    if (!stream || stream.gone || !isOpen(context, stream)) continue;
    const ways = seen(context, stream, pod.pod.node);
    if (!ways) continue;
    const closing = stream.upEnd === true || stream.downEnd === true;
    const passed = context.now - (stream.movedAtMs ?? context.now);
    const left = Math.ceil(((closing ? closeWaitMs : establishedMs) - passed) / 1000);
    if (left <= 0) continue;
    lines.push(
      `ipv4     2 tcp      6 ${left} ${closing ? "CLOSE_WAIT" : "ESTABLISHED"} ${ways.map(tuple).join(" ")} [ASSURED] mark=0 zone=0 use=2\n`,
    );
  }
  return lines.join("");
}
