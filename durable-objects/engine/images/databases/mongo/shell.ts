/** mongosh, mongo, mongoimport, mongodump and the like: the language's machine with a library of their own (shell-data.ts). */
import { decodeUtf8, encodeUtf8 } from "../../../runtime/bytes.ts";
import type { Program } from "../../../runtime/kernel/types.ts";
import type { OwnLibrary } from "../../javascript/node-host.ts";
import { runNode, takeNode, type NodeState } from "../../javascript/node-script.ts";
import type { Machine, Native, NodeHost } from "../../javascript/runner.ts";
import { numberOf, textOf, type Obj, type Value } from "../../javascript/values.ts";
import { fromBson, intAt, message, opened, toBson, type Doc } from "./bson.ts";
import { newId } from "./commands.ts";
import { shellLibrary } from "./shell-data.ts";

const patienceMs = 10_000;

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
  $mongo(machine, _s, [host, port, text]) {
    const docs = JSON.parse(textOf(text)) as Doc[];
    hostOf(machine).ask({ host: textOf(host), port: numberOf(port), path: "", frame: docs.map((one) => message(one)).join(""), answers: docs.length, patienceMs }, undefined); // prettier-ignore
    return undefined;
  },
  $reply: (_m, _s, [bytes]) => JSON.stringify(opened(textOf(bytes))?.doc ?? {}),
  $line(machine) {
    hostOf(machine).ask({ host: "", port: 0, path: "", line: true, patienceMs }, undefined);
    return undefined;
  },
  $typed: (machine, _s, [text]) => hostOf(machine).typed(textOf(text)),
  $let(machine, _s, [name, value]) {
    machine.touched(machine.globals);
    machine.globals.names.set(textOf(name), value);
    return undefined;
  },
  $oid: (machine) => newId(hostOf(machine).sys),
  $utf8: (_m, _s, [bytes]) => decodeUtf8(textOf(bytes)),
  $bson: (_m, _s, [text]) => (JSON.parse(textOf(text)) as Doc[]).map((one) => toBson(one)).join(""),
  $unbson(_m, _s, [bytes]) {
    const all = textOf(bytes);
    const out: Doc[] = [];
    for (let at = 0; at < all.length; at += Math.max(5, intAt(all, at)))
      out.push(fromBson(all, at));
    return JSON.stringify(out);
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
const ping = /^db\.(adminCommand|runCommand)\((\{['"]?ping['"]?:1\}|['"]ping['"])\)(\.ok)?;?$/;

function pinged(argv: readonly string[]): string | undefined {
  const words = argv.slice(1).filter((word) => !/^(--quiet|--norc|localhost(:27017)?(\/\w+)?)$/.test(word)); // prettier-ignore
  const text = words.length === 2 && words[0] === "--eval" ? words[1] : words.length === 1 && words[0]?.startsWith("--eval=") ? words[0].slice(7) : undefined; // prettier-ignore
  const found = text === undefined ? null : ping.exec(text.replaceAll(/\s/g, ""));
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
