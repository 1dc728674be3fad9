/** The machine as its parts and natives see it, and the process around it. */
import type { MatchWork } from "../../runtime/match-work.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import type { HttpAsk } from "../serving/http-ask.ts";
import type { Unit } from "./code.ts";
import type { Frame, Obj, ObjKind, Scope, Slot, Value } from "./values.ts";

export type Native = (machine: Machine, self: Value, args: Value[]) => Value;

/** Something that runs as soon as the stack is empty. */
export interface Job {
  fn: Obj;
  self?: Value;
  args: Value[];
  /** When there is no other. */
  late?: boolean;
}

export interface Machine {
  nextId: number;
  frames: Frame[];
  jobs: Job[];
  readonly globals: Scope;
  /** Objects and scopes of the library that the program has changed. */
  readonly changed: Set<Obj | Scope>;
  /** Numbers below are the library's. */
  libraryEnds: number;
  /** Operations so far. */
  steps: number;
  /** What runs waits for its host; a value will be pushed. */
  blocked: boolean;
  /** What an uncaught error was, and where. */
  failure: { value: Value; unit: string; line: number } | undefined;
  readonly units: Map<string, Unit>;
  readonly natives: Readonly<Record<string, Native>>;
  matching: MatchWork;
  host: NodeHost | undefined;
  object(kind?: ObjKind, proto?: Obj | null): Obj;
  scope(up: Scope | undefined): Scope;
  list(items: Value[]): Obj;
  /** An object out of names and values. */
  record(values: Record<string, Value>): Obj;
  native(name: string, shown?: string): Obj;
  /** Sets a property that is not listed. */
  hide(on: Obj, key: string, value: Value): void;
  /** What objects of a class are made after. */
  proto(name: string): Obj | null;
  touched(what: Obj | Scope): void;
  error(name: string, message: string): Obj;
  throw(name: string, message: string): never;
  throwValue(value: Value): never;
  get(from: Value, key: Value): Value;
  set(on: Value, key: Value, value: Value): void;
  call(fn: Slot, self: Value, args: Value[], what?: string, made?: Obj): void;
  construct(fn: Slot, args: Value[], what?: string): void;
  fillFields(fn: Obj, made: Obj): void;
  wait(value: Value): void;
  finish(value: Value): void;
  raise(value: Value): void;
  binary(op: string, l: Value, r: Value): Value;
}

export interface Timer {
  id: number;
  at: number;
  every?: number;
  fn: Obj;
  args: Value[];
  /** It keeps nothing alive. */
  loose?: true;
}

/** The process around a program. */
export interface NodeHost {
  readonly sys: Sys;
  readonly machine: Machine;
  readonly argv: readonly string[];
  readonly version: string;
  timers: Timer[];
  timerCount: number;
  /** Signals that the program has handlers for. */
  readonly heard: Set<string>;
  exit: number | undefined;
  write(fd: number, text: string): undefined;
  /** Why it cannot listen; undefined: it does. */
  listen(port: number, address: string, fn: Obj): string | undefined;
  unlisten(port: number): undefined;
  respond(id: number, status: number, headers: [string, string][], body: string): void;
  /** Without a function the program stands still until it is answered, and goes on with that. */
  ask(ask: HttpAsk, fn: Obj | undefined): void;
  /** Reads a module's text: the function that runs it. */
  load(path: string, text: string): Obj;
  /** The same of a line typed at a prompt; what is wrong with it. */
  typed(text: string): Obj | string;
}
