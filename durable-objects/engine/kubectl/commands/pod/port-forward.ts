/** kubectl port-forward. k8s: kubectl/pkg/cmd/portforward/portforward.go, client-go/tools/portforward/portforward.go */
import { goQuote } from "../../../machinery/field.ts";
import { accept, connectForward } from "../../../runtime/net/socket.ts";
import { cloneJson } from "../../../runtime/bytes.ts";
import type { HttpResponse } from "../../../runtime/kernel/state.ts";
import type { Sys } from "../../../runtime/kernel/types.ts";
import type { Command, Kubectl } from "../../command.ts";
import { placeOf } from "../../config/client-config.ts";
import { klogHead } from "../../discovery.ts";
import { Failure } from "../../errors.ts";
import { carry, close, type Connection } from "../../forward/connections.ts";
import { hasAddress, listenAt, unavailable } from "../../forward/listening.ts";
import {
  hostPort,
  parseAddresses,
  parsePorts,
  resolvePorts,
  type ListenAddress,
  type PortPair,
} from "../../forward/ports.ts";
import type { PodObject } from "../../pods.ts";
import { ask, at, type Outcome, type Work } from "../../work.ts";
import { objectOf, podFor } from "./exec.ts";

type ForwardSession = NonNullable<HttpResponse["forward"]>;

interface Listening extends PortPair {
  fd: number;
}

/** What it carries: plain data, handed on after each connection that it tells of. */
interface Forwarding {
  session: ForwardSession;
  ports: Listening[];
  connections: Connection[];
}

function* forward(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  const [target = "", ...given] = args;
  if (args.length < 2) k.usage("TYPE/NAME and list of ports are required for port-forward");
  const { namespace } = placeOf(yield* k.access());
  const timeout = flags.duration("pod-running-timeout");
  if (timeout <= 0) k.usage("--pod-running-timeout must be higher than zero");
  const object = yield* objectOf(k, {
    names: { type: "pods", names: [target] },
    continueOnError: true,
  });
  const found = yield* podFor(k, object, timeout);
  const ports = resolvePorts(object, found, given);
  const client = yield* k.client();
  const path = `/api/v1/namespaces/${namespace}/pods/${found.metadata?.name}`;
  const { status } = yield* client.json<PodObject>({ path });
  if (status?.phase !== "Running")
    k.fail(
      `unable to forward port because pod is not running. Current status=${status?.phase ?? ""}`,
    );
  const addresses = parseAddresses(flags.list("address"));
  const wanted = parsePorts(ports);
  let session: ForwardSession | undefined;
  try {
    const opened = yield* client.ok({ path: `${path}/portforward`, stream: true, upgrade: true });
    session = opened.forward;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`error upgrading connection: ${error.message}`);
  }
  if (!session) throw new Failure("error upgrading connection: unable to upgrade connection");
  const listening = yield* listenOn(k, wanted, addresses);
  const data: Forwarding = { session, ports: listening, connections: [] };
  return k.continueAs("forward", data, { onInterrupt: 0 });
}

function* listenOn(
  k: Kubectl,
  wanted: readonly PortPair[],
  addresses: readonly ListenAddress[],
): Work<Listening[]> {
  const out: Listening[] = [];
  for (const pair of wanted) {
    const one = yield* at((sys) => bind(sys, pair, addresses));
    k.out(one.told);
    if (one.error !== undefined)
      k.err(
        `Unable to listen on port ${pair.local}: Listeners failed to create with the following errors: [${one.error}]\n`,
      );
    else out.push({ ...pair, local: one.port, fd: one.fd });
  }
  if (out.length > 0) return out;
  const all = wanted.map(({ local, remote }) => `{${local} ${remote}}`).join(" ");
  return k.fail(`unable to listen on any of the requested ports: [${all}]`);
}

/** Listens at all addresses with one port; `localhost` wants one of its two, every other address is wanted. */
function bind(
  sys: Sys,
  { local, remote }: PortPair,
  addresses: readonly ListenAddress[],
): { told: string; fd: number; port: number; error?: string } {
  const there = addresses.filter(({ address }) => hasAddress(sys, address));
  const bound =
    there.length > 0
      ? listenAt(
          sys,
          there.map(({ address }) => address),
          local,
        )
      : { error: unavailable };
  const errors = addresses
    .map((one) => ({
      one,
      why: there.includes(one) ? ("error" in bound ? bound.error : "") : unavailable,
    }))
    .filter(({ why }) => why !== "");
  const text = errors.map(
    ({ one, why }) =>
      `unable to create listener: Error listen ${one.network} ${hostPort(one.address, local)}: bind: ${why}`,
  );
  if ("error" in bound) return { told: "", fd: -1, port: 0, error: text.join(" ") };
  const told = there
    .map(({ address }) => `Forwarding from ${hostPort(address, bound.port)} -> ${remote}\n`)
    .join("");
  if (!errors.some(({ one }) => one.mode === "any")) return { told, ...bound };
  sys.close(bound.fd);
  return { told, fd: -1, port: 0, error: text.join(" ") };
}

interface Step {
  connections: Connection[];
  /** Ports whose connections were taken. */
  handled: number[];
  /** What the kubelet said. */
  error?: PortPair & { text: string };
}

/** Carries bytes until there is a connection to tell of. */
const step = ({ session, ports, connections: before }: Forwarding): Work<Step> =>
  ask<Step>({
    perform(sys, kept) {
      const connections = (kept["connections"] ??= cloneJson(before)) as Connection[];
      const handled: number[] = [];
      for (const { fd, local, remote } of ports) {
        for (let taken = accept(sys, fd); taken; taken = accept(sys, fd)) {
          handled.push(local);
          const opened = connectForward(sys, session, remote);
          if ("fd" in opened) {
            connections.push({ local: taken.fd, remote: opened.fd, up: "", down: "" });
            continue;
          }
          close(sys, { local: taken.fd, remote: taken.fd });
          return { answer: { connections, handled, error: { local, remote, text: opened.error } } };
        }
      }
      const wait = { readable: ports.map(({ fd }) => fd), writable: [] as number[] };
      const open = connections.length;
      const left = connections.filter((one) => !carry(sys, one, open, wait));
      kept["connections"] = left;
      return handled.length > 0 ? { answer: { connections: left, handled } } : { wait };
    },
  });

/** Goes on: the continuation `forward`. */
function* goOn(k: Kubectl, data: Forwarding): Work<Outcome> {
  const { connections, handled, error } = yield* step(data);
  for (const port of handled) k.out(`Handling connection for ${port}\n`);
  if (error) {
    const { local, remote, text } = error;
    const why = goQuote(`an error occurred forwarding ${local} -> ${remote}: ${text}`);
    k.err(`${yield* klogHead("portforward.go:522")} "Unhandled Error" err=${why}\n`);
    throw new Failure("lost connection to pod");
  }
  return k.continueAs("forward", { ...data, connections } satisfies Forwarding, { onInterrupt: 0 });
}

export const portForward: Command = {
  path: "port-forward",
  run: forward,
  continuations: { forward: goOn },
};
