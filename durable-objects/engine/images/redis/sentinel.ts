/**
 * What a sentinel answers of the masters that its configuration names. It fails nothing over, so what it knows of each is
 * what stands there. redis: src/sentinel.c sentinelCommand
 */
import { array, bulk, bulks, fault, integer, ok, simple } from "./protocol.ts";
import { settingOf, type Call, type RedisState, type WatchedMaster } from "./state.ts";
import { globbed } from "./store.ts";

/** A line of the configuration that begins with `sentinel`; false: it is none. */
export function applySentinel(state: RedisState, words: readonly string[]): boolean {
  const [what = "", name = "", ...rest] = words;
  if (what.toLowerCase() === "monitor") {
    const [host = "", port = "", quorum = ""] = rest;
    if (!/^\d+$/.test(port) || !/^\d+$/.test(quorum)) return false;
    state.masters = {
      ...state.masters,
      [name]: { host, port: Number(port), quorum: Number(quorum) },
    };
    return true;
  }
  if (what.toLowerCase() === "myid") state.conf = { ...state.conf, "sentinel-id": name };
  return what !== "";
}

const fieldsOf = (name: string, { host, port, quorum }: WatchedMaster): string =>
  bulks([
    ...["name", name, "ip", host, "port", String(port), "flags", "master"],
    ...["num-slaves", "0", "num-other-sentinels", "0", "quorum", String(quorum)],
  ]);

const noSuch = fault("ERR No such master with that name");

/** `SENTINEL ...` */
export function sentinel({ args, state, sys }: Call): string {
  const [what = "", name = ""] = args;
  const masters = state.masters ?? {};
  const names = Object.keys(masters);
  const master = Object.hasOwn(masters, name) ? masters[name] : undefined;
  switch (what.toLowerCase()) {
    case "myid":
      return bulk(settingOf(state, "sentinel-id") || "0".repeat(40));
    case "masters":
      return array(names.map((one) => fieldsOf(one, masters[one]!)));
    case "get-master-addr-by-name":
      return master ? bulks([master.host, String(master.port)]) : "*-1\r\n";
    case "reset":
      return integer(globbed(names, name, sys.matching).length);
    case "monitor":
      if (master) return fault("ERR Duplicate master name");
      return applySentinel(state, args) ? ok : fault("ERR Invalid port number");
    case "set":
    case "flushconfig":
      return what.toLowerCase() === "set" && !master ? noSuch : ok;
    case "master":
      return master ? fieldsOf(name, master) : noSuch;
    case "replicas":
    case "slaves":
    case "sentinels":
      return master ? array([]) : noSuch;
    case "ckquorum":
      if (!master) return noSuch;
      return master.quorum > 1
        ? fault(
            "NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master",
          )
        : simple("OK 1 usable Sentinels. Quorum and failover authorization can be reached");
    case "failover":
      return master ? fault("NOGOODSLAVE No suitable replica to promote") : noSuch;
    case "remove":
      if (!master) return noSuch;
      state.masters = Object.fromEntries(Object.entries(masters).filter(([one]) => one !== name));
      return ok;
    default:
      return fault(`ERR unknown subcommand '${what}'. Try SENTINEL HELP.`);
  }
}
