/** mongosh, mongo, mongoimport, mongodump and the like: the language's machine with a library of their own (shell-data.ts). */
import { decodeUtf8, encodeUtf8 } from "../../../runtime/bytes.ts";
import type { Program } from "../../../runtime/kernel/types.ts";
import type { OwnLibrary } from "../../javascript/node-host.ts";
import { runNode, takeNode, type NodeState } from "../../javascript/node-script.ts";
import { keysOf } from "../../javascript/properties.ts";
import type { Machine, Native, NodeHost } from "../../javascript/runner.ts";
import { numberOf, Obj, textOf, type Value } from "../../javascript/values.ts";
import { fromBson, intAt, message, opened, tagOf, toBson, type Doc, type Json } from "./bson.ts";
import { newId } from "./commands.ts";
import { shellLibrary } from "./shell-data.ts";

const patienceMs = 10_000;

function jsonOf(value: Value, depth = 0): Json {
  if (!(value instanceof Obj)) return value ?? null;
  if (depth > 100 || value.kind === "function") return null;
  if (value.hidden?.has("$oid")) return { $oid: textOf(value.props.get("$oid")) };
  if (value.kind === "date") return { $date: numberOf(value) };
  if (value.kind === "regex") {
    const [pattern = "", options = ""] = value.data as string[];
    return { $regularExpression: { pattern, options } };
  }
  if (value.kind === "array") return value.items.map((one) => jsonOf(one, depth + 1));
  return Object.fromEntries(keysOf(value).map((key) => [key, jsonOf(value.props.get(key), depth + 1)])); // prettier-ignore
}

function valueOf(machine: Machine, json: Json): Value {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return machine.list(json.map((one) => valueOf(machine, one)));
  switch (tagOf(json)) {
    case "$oid": {
      const made = machine.object("object", machine.proto("ObjectId"));
      machine.hide(made, "$oid", String(json.$oid));
      return made;
    }
    case "$date": {
      const made = machine.object("date", machine.proto("Date"));
      made.data = Number(json.$date);
      return made;
    }
    case "$regularExpression": {
      const { pattern, options } = json.$regularExpression as Doc;
      const made = machine.object("regex", machine.proto("RegExp"));
      made.data = [String(pattern), String(options)];
      return made;
    }
    default:
      return machine.record(Object.fromEntries(Object.entries(json).map(([key, one]) => [key, valueOf(machine, one)]))); // prettier-ignore
  }
}

const hostOf = (machine: Machine): NodeHost => machine.host as NodeHost;

/** A database or a collection: each name that it does not know is a collection's. */
function named(machine: Machine, kind: string, names: Record<string, Value>): Obj {
  const made = machine.object("object", machine.proto(kind));
  for (const [name, value] of Object.entries({ ...names, $any: true })) machine.hide(made, name, value); // prettier-ignore
  return made;
}

const natives: Record<string, Native> = {
  $any(machine, self, [key]) {
    const { props } = self as Obj;
    const name = textOf(key);
    if (/^[_$]|^(then|toJSON)$/.test(name)) return undefined;
    const above = props.get("n");
    return named(machine, "$Collection", { d: props.get("d"), n: above === undefined ? name : `${textOf(above)}.${name}` }); // prettier-ignore
  },
  $use: (machine, _s, [name]) => named(machine, "$DB", { d: name }),
  $mongo(machine, _s, [host, port, docs]) {
    const list = jsonOf(docs) as Doc[];
    hostOf(machine).ask({ host: textOf(host), port: numberOf(port), path: "", frame: list.map((one) => message(one)).join(""), answers: list.length, patienceMs }, undefined); // prettier-ignore
    return undefined;
  },
  $reply: (machine, _s, [bytes]) => valueOf(machine, opened(textOf(bytes))?.doc ?? {}),
  $line(machine) {
    hostOf(machine).ask({ host: "", port: 0, path: "", line: true, patienceMs }, undefined);
    return undefined;
  },
  /** A datagram that nobody answers, and that is not sent. */
  $sleep(machine, _s, [ms]) {
    hostOf(machine).ask({ host: "127.0.0.1", port: 0, path: "", udp: "", silent: true, patienceMs: numberOf(ms) }, undefined); // prettier-ignore
    return undefined;
  },
  $typed: (machine, _s, [text]) => hostOf(machine).typed(textOf(text)),
  $let(machine, _s, [name, value]) {
    machine.touched(machine.globals);
    machine.globals.names.set(textOf(name), value);
    return undefined;
  },
  $oid(machine, _s, [hex]) {
    const text = hex === undefined ? newId(hostOf(machine).sys) : textOf(hex);
    if (!/^[\da-f]{24}$/i.test(text)) machine.throw("TypeError", "input must be a 24 character hex string, 12 byte Uint8Array, or an integer"); // prettier-ignore
    return valueOf(machine, { $oid: text.toLowerCase() });
  },
  $utf8: (_m, _s, [bytes]) => decodeUtf8(textOf(bytes)),
  $bson: (_m, _s, [docs]) => (jsonOf(docs) as Doc[]).map((one) => toBson(one)).join(""),
  $unbson(machine, _s, [bytes]) {
    const text = textOf(bytes);
    const out: Value[] = [];
    for (let at = 0; at < text.length; at += Math.max(5, intAt(text, at)))
      out.push(valueOf(machine, fromBson(text, at)));
    return machine.list(out);
  },
  /** A file as it is. */
  $raw(machine, _s, [path, bytes]) {
    const { sys } = hostOf(machine);
    const at = encodeUtf8(textOf(path));
    if (bytes === undefined) return sys.readFile(at);
    sys.writeFile(at, textOf(bytes));
    return undefined;
  },
};

const shell: OwnLibrary = { natives, text: shellLibrary };

interface State extends NodeState {
  exitCode?: number;
}

/** What probes ask of the server in this Pod; the machine need not be begun for that. */
const ping = /^\s*db\.(adminCommand|runCommand)\(\s*(\{\s*['"]?ping['"]?\s*:\s*1\s*\}|['"]ping['"])\s*\)(\.ok)?\s*;?\s*$/; // prettier-ignore

function pinged(argv: readonly string[]): string | undefined {
  const words = argv.slice(1).filter((word) => !/^(--quiet|--norc|localhost(:27017)?(\/\w+)?)$/.test(word)); // prettier-ignore
  const text = words.length === 2 && words[0] === "--eval" ? words[1] : words.length === 1 && words[0]?.startsWith("--eval=") ? words[0].slice(7) : undefined; // prettier-ignore
  const found = text === undefined ? null : ping.exec(text);
  return found ? (found[3] ? "1\n" : "{ ok: 1 }\n") : undefined;
}

export const mongoShell: Program<State> = {
  name: "mongosh",
  storedNames: { fields: { exitCode: "x" } },
  start(sys) {
    const fast = sys.argv[0] === "mongosh" ? pinged(sys.argv) : undefined;
    if (fast === undefined) return takeNode(sys, "[eval]", "$shell()", sys.argv, shell);
    const up = sys.kernel.pod.listeners["tcp/27017"] !== undefined;
    if (up) sys.write(1, fast);
    else sys.complain("MongoNetworkError: connect ECONNREFUSED 127.0.0.1:27017\n");
    return { exitCode: up ? 0 : 1 };
  },
  step: (sys, state) => (state.node ? runNode(sys, state, shell) : { exit: state.exitCode ?? 1 }),
  memoryBytes: () => 60_000_000,
};
