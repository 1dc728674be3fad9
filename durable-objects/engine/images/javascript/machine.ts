/**
 * Runs operations: one at a time, so that a program stops anywhere and goes on later. It knows the language; what Node.js
 * brings is the library's (library-data.ts) and the natives'.
 */
import { callDepthMax, scriptValueMax } from "../../core/limits.ts";
import { binary } from "./arithmetic.ts";
import type { Code, Op, Unit } from "./code.ts";
import type { Job, Machine, Native, NodeHost } from "./runner.ts";
import { operations } from "./operations.ts";
import { MatchWork } from "../../runtime/match-work.ts";
import { setProperty, getProperty } from "./properties.ts";
import {
  isFn,
  Obj,
  Scope,
  textOf,
  Thrown,
  type Frame,
  type ObjKind,
  type Slot,
  type Value,
} from "./values.ts";

export class Interpreter implements Machine {
  nextId = 1;
  frames: Frame[] = [];
  jobs: Job[] = [];
  readonly globals: Scope;
  /** Objects and scopes of the library that the program has changed. */
  readonly changed = new Set<Obj | Scope>();
  /** Numbers below are the library's. */
  libraryEnds = 0;
  /** Operations so far. */
  steps = 0;
  /** What runs waits for its host; a value will be pushed. */
  blocked = false;
  /** What an uncaught error was, and where: `unit:line`. */
  failure: { value: Value; unit: string; line: number } | undefined;
  readonly units = new Map<string, Unit>();
  readonly natives: Readonly<Record<string, Native>>;
  matching = new MatchWork();
  host: NodeHost | undefined;
  /** Told of each object and scope that is made. */
  made?: (what: Obj | Scope) => void;

  constructor(natives: Readonly<Record<string, Native>>) {
    this.natives = natives;
    this.globals = new Scope(this.nextId++, undefined);
  }

  object(kind: ObjKind = "object", proto: Obj | null = this.proto("Object")): Obj {
    const made = new Obj(this.nextId++, kind, proto);
    this.made?.(made);
    return made;
  }

  scope(up: Scope | undefined): Scope {
    const made = new Scope(this.nextId++, up);
    this.made?.(made);
    return made;
  }

  list(items: Value[]): Obj {
    if (items.length > scriptValueMax) this.throw("RangeError", "Invalid array length");
    const made = this.object("array", this.proto("Array"));
    made.items = items;
    return made;
  }

  /** An object out of names and values. */
  record(values: Record<string, Value>): Obj {
    const made = this.object();
    for (const [key, value] of Object.entries(values)) made.props.set(key, value);
    return made;
  }

  native(name: string, shown = name): Obj {
    const made = this.object("function", this.proto("Function"));
    made.native = name;
    this.hide(made, "name", shown.replace(/^.*\./, ""));
    return made;
  }

  hide(on: Obj, key: string, value: Value): void {
    on.props.set(key, value);
    (on.hidden ??= new Set()).add(key);
  }

  /** What objects of a class are made after; null before the library has made it. */
  proto(name: string): Obj | null {
    const made = this.globals.names.get(name);
    const proto = made instanceof Obj ? made.props.get("prototype") : undefined;
    return proto instanceof Obj ? proto : null;
  }

  touched(what: Obj | Scope): void {
    if (what.id < this.libraryEnds) this.changed.add(what);
  }

  error(name: string, message: string): Obj {
    const made = this.object("error", this.proto(name) ?? this.proto("Error"));
    this.hide(made, "message", message);
    this.hide(made, "stack", `${name}: ${message}\n    at <anonymous>`);
    return made;
  }

  throw(name: string, message: string): never {
    throw new Thrown(this.error(name, message));
  }

  throwValue(value: Value): never {
    throw new Thrown(value);
  }

  codeOf(frame: Frame): Code {
    return this.units.get(frame.unit)?.codes[frame.code] as Code;
  }

  get(from: Value, key: Value): Value {
    return getProperty(this, from, key);
  }

  set(on: Value, key: Value, value: Value): void {
    setProperty(this, on, key, value);
  }

  /** Begins a call: a native is over at once, its value on the stack; another gets a frame. */
  call(fn: Slot, self: Value, args: Value[], what = "value", made?: Obj): void {
    if (!isFn(fn)) this.throw("TypeError", `${what} is not a function`);
    if (fn.native !== undefined) return this.#callNative(fn, self, args, made);
    if (this.frames.length > callDepthMax)
      this.throw("RangeError", "Maximum call stack size exceeded");
    const unit = fn.unit as string;
    const code = this.units.get(unit)?.codes[fn.code as number] as Code;
    if (code.constructs && !made) this.throw("TypeError", `Class constructor ${code.name} cannot be invoked without 'new'`); // prettier-ignore
    const scope = code.typed ? this.globals : this.scope(fn.scope);
    if (!code.arrow) scope.names.set("this", code.constructs === "derived" ? undefined : self);
    if (!code.arrow) scope.names.set("arguments", this.list([...args]));
    const frame: Frame = { unit, code: fn.code as number, at: 0, stack: [args], scope, guards: [], fn }; // prettier-ignore
    if (made) frame.made = made;
    if (code.async) {
      const settle = this.#deferred();
      this.push(settle.props.get("promise"));
      frame.settle = settle;
      frame.forgets = true;
    }
    this.frames.push(frame);
    // Fields come before what the constructor does.
    if (made && code.constructs !== "derived") this.fillFields(fn, made);
  }

  #callNative(fn: Obj, self: Value, args: Value[], made?: Obj): void {
    const name = fn.native as string;
    if (name.startsWith("@")) return this.#special(name, fn, self, args);
    const value = this.natives[name]?.(this, made ?? self, fn.data === undefined ? args : [fn.data as Value, ...args]); // prettier-ignore
    if (!this.blocked) this.push(made && !(value instanceof Obj) ? made : value);
  }

  /** Natives that begin calls themselves. */
  #special(name: string, fn: Obj, self: Value, args: Value[]): void {
    if (name === "@call") return this.call(self, args[0], args.slice(1), textOf(self));
    if (name === "@apply") {
      const list = args[1];
      return this.call(self, args[0], list instanceof Obj ? [...list.items] : [], textOf(self));
    }
    if (name === "@bound") {
      const { fn: bound, self: own, args: first } = fn.data as unknown as Job;
      return this.call(bound, own, [...first, ...args]);
    }
    // A function that was waiting goes on: `@resume` with a value, `@fail` with an error.
    const frame = fn.data as unknown as Frame;
    this.push(undefined);
    this.frames.push(frame);
    if (name === "@resume") frame.stack.push(args[0]);
    else this.raise(args[0]);
  }

  construct(fn: Slot, args: Value[], what = "value"): void {
    if (!isFn(fn)) this.throw("TypeError", `${what} is not a constructor`);
    const proto = fn.props.get("prototype");
    const kind = this.#kindOf(fn);
    const made = this.object(kind, proto instanceof Obj ? proto : this.proto("Object"));
    this.call(fn, made, args, what, made);
  }

  /** What `new` makes: those that stem of a class of the machine's are of its kind. */
  #kindOf(fn: Obj): ObjKind {
    const kinds: Record<string, ObjKind> = { Error: "error", Map: "map", Set: "set", Array: "array", Date: "date", RegExp: "regex" }; // prettier-ignore
    for (let one: Obj | null = fn; one; one = one.proto) {
      const name = one.props.get("name");
      if (one.id < this.libraryEnds && typeof name === "string" && Object.hasOwn(kinds, name))
        return kinds[name] as ObjKind;
    }
    return "object";
  }

  fillFields(fn: Obj, made: Obj): void {
    for (const [key, make] of [...(fn.fields ?? [])].reverse()) {
      this.call(make, made, []);
      const frame = this.frames.at(-1) as Frame;
      frame.fn = undefined;
      frame.field = [made, key];
    }
  }

  #deferred(): Obj {
    const settle = this.object();
    const promise = this.object("object", this.proto("Promise"));
    this.hide(promise, "state", 0);
    this.hide(promise, "value", undefined);
    this.hide(promise, "waiting", this.list([]));
    settle.props.set("promise", promise);
    return settle;
  }

  /** Tells a promise how it ends, by the library's function. */
  settle(settle: Obj, failed: boolean, value: Value): void {
    const fn = this.globals.names.get(failed ? "$reject" : "$resolve") as Obj;
    this.jobs.push({ fn, args: [settle.props.get("promise"), value] });
  }

  /** The function that runs waits for a value; who called it goes on. */
  wait(value: Value): void {
    const frame = this.frames.pop() as Frame;
    const resume = this.native("@resume");
    const fail = this.native("@fail");
    resume.data = frame;
    fail.data = frame;
    this.jobs.push({ fn: this.globals.names.get("$await") as Obj, args: [value, resume, fail] });
  }

  push(value: Slot): void {
    this.frames.at(-1)?.stack.push(value);
  }

  /** The function that runs is over. */
  finish(value: Value): void {
    const frame = this.frames.pop() as Frame;
    if (frame.field) {
      frame.field[0].props.set(frame.field[1], value);
      return;
    }
    if (frame.settle) this.settle(frame.settle, false, value);
    if (frame.forgets) return;
    const own = frame.scope.names.get("this");
    this.push(frame.made ? (value instanceof Obj ? value : own instanceof Obj ? own : frame.made) : value); // prettier-ignore
  }

  /** An error goes up to who catches it. */
  raise(value: Value): void {
    const top = this.frames.at(-1);
    const at = top && {
      unit: top.unit,
      line: this.codeOf(top).lines[Math.max(0, top.at - 1)] ?? 1,
    };
    for (let frame = top; frame; frame = this.frames.at(-1)) {
      const guard = frame.guards.pop();
      if (guard) {
        frame.at = guard.at;
        frame.stack.length = guard.height;
        frame.scope = guard.scope;
        frame.stack.push(value);
        return;
      }
      this.frames.pop();
      if (!frame.settle) continue;
      this.settle(frame.settle, true, value);
      return;
    }
    this.failure = { value, unit: at?.unit ?? "", line: at?.line ?? 1 };
  }

  /** Runs until nothing is left to be done, or so many operations are made. True: nothing is left. */
  run(most: number): boolean {
    const end = this.steps + most;
    while (!this.failure && !this.blocked) {
      if (this.frames.length === 0 && !this.#nextJob()) return true;
      if (this.steps >= end) return false;
      this.#step();
    }
    return true;
  }

  #nextJob(): boolean {
    const at = this.jobs.findIndex((one) => !one.late);
    const [job] = this.jobs.splice(Math.max(0, at), 1);
    if (!job) return false;
    this.guarded(() => this.call(job.fn, job.self, job.args));
    return true;
  }

  /** Does something in which a value may be thrown. */
  guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Thrown)) throw error;
      this.raise(error.value);
    }
  }

  #step(): void {
    const frame = this.frames.at(-1);
    if (!frame) return;
    const code = this.codeOf(frame);
    const op = code.ops[frame.at++] as Op;
    this.steps++;
    this.guarded(() => operations[op[0]]?.(this, frame, op[1]));
  }

  binary(op: string, l: Value, r: Value): Value {
    this.steps += typeof l === "string" ? l.length >> 8 : 0;
    return binary(this, op, l, r);
  }
}
