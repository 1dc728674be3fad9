/** A Node.js process: its program, what it waits for, and what it is written down as. */
import { decodeUtf8, encodeUtf8 } from "../../runtime/bytes.ts";
import { Errno } from "../../runtime/errno.ts";
import type { HttpRequest, HttpResponse, Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { pushAsk, type HttpAsk } from "../serving/http-ask.ts";
import { httpDate } from "../../runtime/logs/times.ts";
import { readTyped, readUnit } from "./compile.ts";
import { library } from "./library-data.ts";
import { Interpreter } from "./machine.ts";
import { encoded, hostNatives, type Headers } from "./natives-host.ts";
import { listNatives } from "./natives-lists.ts";
import { textNatives } from "./natives-text.ts";
import type { Native, NodeHost, Timer } from "./runner.ts";
import { Reader, storeMachine, type StoredMachine } from "./stored.ts";
import { Refused } from "./tokens.ts";
import { Obj, type Kept, type Value } from "./values.ts";

const natives = { ...textNatives, ...listNatives, ...hostNatives };

interface Pending {
  id: number;
  request?: HttpRequest;
  response?: HttpResponse;
}

interface Question {
  ask: HttpAsk;
  /** None: the program stands still until it is answered. */
  fn: Obj | undefined;
}

/** What a program brings beside Node.js' own: MongoDB's shell. */
export interface OwnLibrary {
  natives: Record<string, Native>;
  text: string;
}

const typedPath = "REPL";

/** What is stored of a process beside its machine. */
export interface StoredNode {
  /** Texts that it has read, by path; the first is its own. */
  units: Record<string, string>;
  machine?: StoredMachine;
  servers: number[];
  pending: Pending[];
  heard: string[];
  busy?: number;
  exit?: number;
}

interface Roots {
  timers: unknown[];
  count: number;
  servers: Record<string, unknown>;
  asks: [ask: HttpAsk, fn: unknown][];
}

/** A question's end as Node.js tells it. */
function askError(machine: Interpreter, { host, port, ip, error }: HttpAsk): Value {
  if (error === undefined) return null;
  const codes: Record<string, string> = { refused: "ECONNREFUSED", timeout: "ETIMEDOUT", unreachable: "EHOSTUNREACH", reset: "ECONNRESET" }; // prettier-ignore
  const code = codes[error] ?? "ENOTFOUND";
  if (error === "name")
    return machine.record({ message: `getaddrinfo ENOTFOUND ${host}`, code, errno: -3008, syscall: "getaddrinfo", hostname: host }); // prettier-ignore
  const message = error === "reset" ? "socket hang up" : `connect ${code} ${ip ?? host}:${port}`;
  return machine.record({ message, code, errno: -111, syscall: "connect", address: ip ?? host, port }); // prettier-ignore
}

export class NodeProcess implements NodeHost {
  sys: Sys;
  readonly machine: Interpreter;
  readonly argv: readonly string[];
  readonly version: string;
  timers: Timer[] = [];
  timerCount = 0;
  readonly heard = new Set<string>();
  exit: number | undefined;
  /** Operations since it last waited. */
  busy = 0;
  readonly units: Record<string, string>;
  readonly servers = new Map<number, Obj>();
  pending: Pending[] = [];
  asks: Question[] = [];
  /** Objects and scopes of the library by number. */
  readonly #library = new Map<number, Kept>();

  constructor(
    sys: Sys,
    argv: readonly string[],
    version: string,
    units: Record<string, string>,
    own?: OwnLibrary,
  ) {
    // prettier-ignore
    this.sys = sys;
    this.argv = argv;
    this.version = version;
    this.units = units;
    const all = own ? { ...natives, ...own.natives } : natives;
    this.machine = new Interpreter(all);
    this.machine.host = this;
    this.machine.matching = sys.matching;
    this.machine.made = (what) => void this.#library.set(what.id, what);
    this.machine.made(this.machine.globals);
    for (const name of Object.keys(all))
      if (name.startsWith("$")) this.machine.globals.names.set(name, this.machine.native(name));
    this.#run("library", library);
    if (own) this.#run("own", own.text);
    delete this.machine.made;
    this.machine.libraryEnds = this.machine.nextId;
    this.machine.steps = 0;
    for (const [path, text] of Object.entries(units)) this.#take(path, text);
  }

  #take(path: string, text: string): void {
    const unit = path.startsWith(typedPath) ? readTyped(text) : readUnit(text);
    if (!(unit instanceof Refused)) this.machine.units.set(path, unit);
  }

  #run(name: string, text: string): void {
    const { machine } = this;
    const unit = readUnit(text);
    if (unit instanceof Refused) throw unit;
    machine.units.set(name, { codes: unit.codes.map((code, i) => (i === 0 ? { ...code, async: undefined } : code)) as typeof unit.codes }); // prettier-ignore
    machine.jobs.push({ fn: this.#whole(name), args: [] });
    machine.run(1_000_000);
    if (machine.failure) throw new Error(`the library's line ${machine.failure.line}: ${machine.failure.value instanceof Obj ? String(machine.failure.value.props.get("message")) : ""}`); // prettier-ignore
  }

  #whole(unit: string): Obj {
    const { machine } = this;
    const made = machine.object("function", machine.proto("Function"));
    made.unit = unit;
    made.code = 0;
    made.scope = machine.globals;
    return made;
  }

  load(path: string, text: string): Obj {
    this.units[path] = text;
    const unit = readUnit(text);
    if (unit instanceof Refused) return this.machine.throw("SyntaxError", unit.message);
    this.machine.units.set(path, unit);
    return this.#whole(path);
  }

  typed(text: string): Obj | string {
    const unit = readTyped(text);
    if (unit instanceof Refused) return unit.message;
    const path = typedPath + Object.keys(this.units).length;
    this.units[path] = text;
    this.machine.units.set(path, unit);
    return this.#whole(path);
  }

  /** Begins the program. */
  begin(path: string): void {
    const fn = this.machine.globals.names.get("$main") as Obj;
    this.machine.jobs.push({ fn, args: [path, this.#whole(path)] });
  }

  write(fd: number, text: string): undefined {
    this.sys.write(fd === 2 ? 2 : 1, encodeUtf8(text));
    return undefined;
  }

  listen(port: number, address: string, fn: Obj): string | undefined {
    try {
      const own = /^(localhost|127\.0\.0\.1|::1)$/.test(address) ? { address: "127.0.0.1" } : {};
      this.sys.listen(port, "h", own);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return error.code;
    }
    this.servers.set(port, fn);
    return undefined;
  }

  unlisten(port: number): undefined {
    delete this.sys.kernel.pod.listeners[`tcp/${port}`];
    this.servers.delete(port);
    return undefined;
  }

  respond(id: number, status: number, headers: Headers, body: string): void {
    const known = this.pending.find((one) => one.id === id);
    if (!known) return;
    known.response = { status, headers: { ...encoded(headers), date: httpDate(this.sys.now) }, body: encodeUtf8(body) }; // prettier-ignore
    this.sys.kernel.touch();
  }

  ask(ask: HttpAsk, fn: Obj | undefined): void {
    this.asks.push({ ask, fn });
    if (!fn) this.machine.blocked = true;
  }

  /** Gives the program what has happened: one thing. False: nothing has. */
  happen(): boolean {
    const { machine, sys } = this;
    const asked = this.pending.find((one) => one.request);
    if (asked) {
      this.#deliver(asked);
      return true;
    }
    const over = this.asks.findIndex(({ ask }) => pushAsk(sys, ask) === undefined);
    const [done] = over < 0 ? [] : this.asks.splice(over, 1);
    if (done) {
      const { status, keep, reply } = done.ask;
      if (!done.fn) {
        machine.blocked = false;
        const failed = askError(machine, done.ask);
        machine.push(machine.record({ failed, reply: reply ?? null }));
        return true;
      }
      const headers = machine.record(typeof keep === "object" ? keep : {});
      machine.jobs.push({ fn: done.fn, args: [askError(machine, done.ask), status, headers, decodeUtf8(reply ?? "")] }); // prettier-ignore
      return true;
    }
    const due = this.timers.reduce<Timer | undefined>((best, one) => (one.at <= sys.now && (!best || one.at < best.at) ? one : best), undefined); // prettier-ignore
    if (!due) return false;
    if (due.every === undefined) this.timers = this.timers.filter((one) => one !== due);
    else due.at = Math.max(sys.now, due.at + due.every);
    machine.jobs.push({ fn: due.fn, args: due.args });
    return true;
  }

  #deliver(asked: Pending): void {
    const { machine } = this;
    const { method, path, headers, body, clientIp, port } = asked.request as HttpRequest;
    delete asked.request;
    const fn = this.servers.get(port) ?? [...this.servers.values()][0];
    if (!fn) return;
    const shown = machine.record({ method, url: path, ip: clientIp, body: decodeUtf8(body), headers: machine.record(headers) }); // prettier-ignore
    machine.jobs.push({ fn, args: [asked.id, shown] });
  }

  /** What it waits for; undefined: nothing, and it ends. */
  wait(): Wait | undefined {
    const bound = this.timers.filter((one) => !one.loose);
    if (bound.length === 0 && this.servers.size === 0 && this.asks.length === 0) return undefined;
    const waits = this.asks
      .map(({ ask }) => pushAsk(this.sys, ask))
      .filter((one) => one !== undefined);
    const untilMs = Math.min(...this.timers.map((one) => one.at), ...waits.map((one) => one.untilMs ?? Infinity)); // prettier-ignore
    const answer = waits.flatMap((one) => one.answer ?? []).join(" ");
    const readable = waits.flatMap((one) => one.readable ?? []);
    return { ...(untilMs === Infinity ? {} : { untilMs }), ...(answer === "" ? {} : { answer }), ...(readable.length ? { readable } : {}) }; // prettier-ignore
  }

  store(): StoredNode {
    const machine = storeMachine(this.machine, (value): Roots => ({
      timers: this.timers.map(({ fn, args, ...rest }) => ({ ...rest, fn: value(fn), args: args.map(value) })), // prettier-ignore
      count: this.timerCount,
      servers: Object.fromEntries([...this.servers].map(([port, fn]) => [port, value(fn)])),
      asks: this.asks.map(({ ask, fn }) => [ask, value(fn)]),
    }));
    return {
      units: this.units,
      machine,
      servers: [...this.servers.keys()],
      pending: this.pending,
      heard: [...this.heard],
      ...(this.busy ? { busy: this.busy } : {}),
      ...(this.exit === undefined ? {} : { exit: this.exit }),
    };
  }

  restore(stored: StoredNode): void {
    this.pending = stored.pending;
    for (const name of stored.heard) this.heard.add(name);
    this.exit = stored.exit;
    this.busy = stored.busy ?? 0;
    if (!stored.machine) return;
    const reader = new Reader(this.#library, stored.machine);
    reader.fill(this.machine);
    const roots = stored.machine.roots as Roots;
    this.timerCount = roots.count;
    this.timers = roots.timers.map((one) => {
      const { fn, args, ...rest } = one as Omit<Timer, "fn" | "args"> & { fn: unknown; args: unknown[] }; // prettier-ignore
      return { ...rest, fn: reader.value(fn) as Obj, args: args.map((arg) => reader.value(arg)) };
    });
    for (const [port, fn] of Object.entries(roots.servers)) this.servers.set(Number(port), reader.value(fn) as Obj); // prettier-ignore
    this.asks = roots.asks.map(([ask, fn]) => ({ ask: { ...ask }, fn: reader.value(fn) as Obj | undefined })); // prettier-ignore
    this.machine.blocked = this.asks.some((one) => !one.fn);
  }
}
