/**
 * Replica sets: the configuration, who is primary, what members tell each other. The first member with the highest priority
 * is primary while it lasts: no other is elected in its place. The primary hands each changed collection to the others.
 */
import type { Wait } from "../../../runtime/kernel/state.ts";
import type { Sys } from "../../../runtime/kernel/types.ts";
import { pushAsk } from "../../serving/http-ask.ts";
import { message, type Doc, type Json } from "./bson.ts";
import type { Asked, Command, Here } from "./files.ts";
import { Fault } from "./query.ts";

const configs = "local.system.replset";

interface Member {
  _id: number;
  host: string;
  priority?: number;
}

const setName = (sys: Sys): string | undefined =>
  /--replSet[= ](\S+)/.exec(sys.argv.join(" "))?.[1];

/** Configuration and members: this one, the primary. */
function setOf({ sys, files }: Here) {
  const config = setName(sys) === undefined ? undefined : files.read(configs)[0];
  const members = (config?.members ?? []) as unknown as Member[];
  const [first] = members.toSorted((a, b) => (b.priority ?? 1) - (a.priority ?? 1));
  return { config, members, first: first?.host, me: members.find((one) => isMe(sys, one))?.host };
}

const isMe = (sys: Sys, { host }: Member): boolean =>
  [sys.container.hostname, "localhost"].includes(host.split(/[.:]/)[0]!) ||
  [sys.kernel.pod.pod.ip, "127.0.0.1"].includes(host.split(":")[0]!);

const isPrimary = (here: Here): boolean => {
  const { first, me } = setOf(here);
  return first !== undefined && first === me;
};

export const hello: Command = (asked) => {
  const { sys } = asked;
  const { config, members, first, me } = setOf(asked);
  const name = setName(sys);
  const primary = name === undefined || isPrimary(asked);
  return {
    helloOk: true,
    isWritablePrimary: primary,
    ismaster: primary,
    ...(config && { setName: name!, secondary: !primary, hosts: members.map((one) => one.host), primary: first!, me: me ?? "" }), // prettier-ignore
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: { $date: sys.now },
    minWireVersion: 0,
    maxWireVersion: 21,
    readOnly: false,
  };
};

export function mayWrite(asked: Asked): void {
  if (setName(asked.sys) !== undefined && !isPrimary(asked) && asked.db !== "local")
    throw new Fault(10_107, "NotWritablePrimary", "not primary");
}

function send({ kept }: Here, hosts: readonly string[], names: readonly string[]): void {
  for (const host of hosts)
    for (const name of names)
      if (!kept.errands?.some((one) => one.host === host && one.name === name && !one.ask))
        (kept.errands ??= []).push({ host, name });
}

/** What the others are to be told after a command that wrote. */
export function toMembers(here: Here, names: readonly string[]): void {
  const { members, me } = setOf(here);
  if (isPrimary(here)) send(here, members.flatMap(({ host }) => (host === me ? [] : host)), names); // prettier-ignore
}

/** A member that begins asks for all that it missed. */
export function askPrimary(here: Here): void {
  const { first, me } = setOf(here);
  if (first !== undefined && first !== me) send(here, [first], [""]);
}

/** Pushes the first errand on: what to wait for. */
export function runErrands(here: Here): Wait {
  const { sys, files, kept } = here;
  for (let one = kept.errands?.[0]; one; one = kept.errands?.[0]) {
    const { host, name } = one;
    const [address = "", port = 27_017] = host.split(":");
    const told: Doc = name ? { $copy: name, documents: files.has(name) ? files.read(name) : null } : { $resync: setOf(here).me ?? "" }; // prettier-ignore
    one.ask ??= { host: address, port: Number(port), path: "", frame: message(told), patienceMs: 10_000 }; // prettier-ignore
    const wait = pushAsk(sys, one.ask);
    if (wait) return wait;
    kept.lost = (kept.lost ?? []).filter((lost) => lost !== host);
    if (one.ask.error) kept.lost.push(host);
    kept.errands?.shift();
  }
  delete kept.errands;
  return {};
}

function configure(asked: Asked, config: Doc): Doc {
  asked.files.write(configs, [config]);
  toMembers(asked, asked.files.names());
  return {};
}

const off = (text: string): Fault => new Fault(76, "NoReplicationEnabled", text);

function known(asked: Asked): Doc {
  if (setName(asked.sys) === undefined) throw off("not running with --replSet");
  const { config } = setOf(asked);
  if (!config) throw new Fault(94, "NotYetInitialized", "no replset config has been received");
  return config;
}

export const replicaCommands: Record<string, Command> = {
  replsetinitiate(asked, value) {
    const { sys } = asked;
    const name = setName(sys);
    if (name === undefined) throw off("This node was not started with replication enabled.");
    if (setOf(asked).config) throw new Fault(23, "AlreadyInitialized", "already initialized");
    const { _id, members } = value as unknown as { _id?: string; members?: Member[] };
    if (members && _id !== name) throw new Fault(93, "InvalidReplicaSetConfig", `Rejecting initiate with a set name that differs from command line set name, initiate set name: ${_id}, command line set name: ${name}`); // prettier-ignore
    if (members && !members.some((one) => isMe(sys, one))) throw new Fault(74, "NodeNotFound", `No host described in new configuration with {version: 1, term: 0} for replica set ${name} maps to this node`); // prettier-ignore
    const own = [{ _id: 0, host: `${sys.container.hostname}:27017` }];
    return configure(asked, { _id: name, version: 1, term: 1, members: (members ?? own) as unknown as Json }); // prettier-ignore
  },
  replsetreconfig(asked, value) {
    known(asked);
    return configure(asked, value as Doc);
  },
  replsetgetconfig: (asked) => ({ config: known(asked) }),
  replsetgetstatus(asked) {
    const { _id: set = "" } = known(asked);
    const { members, first, me } = setOf(asked);
    const list = members.map(({ _id, host: name }) => {
      const lost = asked.kept.lost?.includes(name);
      const [state, stateStr] = lost ? [8, "(not reachable/healthy)"] : name === first ? [1, "PRIMARY"] : [2, "SECONDARY"]; // prettier-ignore
      return { _id, name, health: lost ? 0 : 1, state: state as number, stateStr: stateStr as string, ...(name === me && { self: true }) }; // prettier-ignore
    });
    const { state: myState = 0 } = list.find((one) => one.name === me) ?? {};
    return { set, date: { $date: asked.sys.now }, myState, term: 1, heartbeatIntervalMillis: 2000, members: list }; // prettier-ignore
  },
};

export const betweenMembers: Record<string, Command> = {
  $copy({ files, doc }, value) {
    const name = String(value);
    if (Array.isArray(doc.documents)) files.write(name, doc.documents as Doc[]);
    else if (files.has(name)) files.drop(name);
    return {};
  },
  $resync(asked, host) {
    if (isPrimary(asked)) send(asked, [String(host)], asked.files.names());
    return {};
  },
};
