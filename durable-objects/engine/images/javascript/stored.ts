/** A machine as JSON: what the program has made and changed; the library is made anew. */
import type { Job, Machine } from "./runner.ts";
import {
  type Kept, Obj, Scope, type Frame, type Iteration, type ObjKind, type Slot, type Value } from "./values.ts"; // prettier-ignore

type Json = unknown;
type Entries = [key: Json, value: Json][];

interface StoredObject {
  k?: ObjKind;
  p?: Json;
  m?: Entries;
  h?: string[];
  i?: Json[];
  t?: Entries;
  un?: string;
  c?: number;
  s?: number;
  ho?: Json;
  f?: [string, Json][];
  nv?: string;
  d?: Json;
}

interface StoredScope {
  /** The one around it. */
  up: number;
  m: Entries;
  c?: string[];
}

export interface StoredMachine {
  next: number;
  heap: Record<string, StoredObject | StoredScope>;
  frames: Json[];
  jobs: Json[];
  /** What its host keeps: timers, handlers. */
  roots: Json;
}

class Writer {
  readonly #machine: Machine;
  readonly heap: StoredMachine["heap"] = {};
  readonly #queue: Kept[] = [];

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  reference(what: Kept): number {
    const { id } = what;
    const own = id >= this.#machine.libraryEnds || this.#machine.changed.has(what as Obj);
    if (own && !(id in this.heap)) {
      this.heap[id] = {};
      this.#queue.push(what);
    }
    return id;
  }

  value(value: Value): Json {
    if (value instanceof Obj) return { r: this.reference(value) };
    if (value === undefined) return { u: 1 };
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
      return { n: Object.is(value, -0) ? "-0" : String(value) };
    return value;
  }

  slot(slot: Slot): Json {
    if (Array.isArray(slot)) return { a: slot.map((one) => this.value(one)) };
    if (typeof slot === "object" && slot !== null && !(slot instanceof Obj))
      return { l: slot.list.map((one) => this.value(one)), at: slot.at };
    return this.value(slot);
  }

  frame(frame: Frame): Json {
    const { unit, code, at, stack, scope, guards, fn, made, settle, forgets, field } = frame;
    return {
      unit,
      code,
      at,
      stack: stack.map((one) => this.slot(one)),
      scope: this.reference(scope),
      guards: guards.map((one) => [one.at, one.height, this.reference(one.scope)]),
      ...(fn ? { fn: this.reference(fn) } : {}),
      ...(made ? { made: this.reference(made) } : {}),
      ...(settle ? { settle: this.reference(settle) } : {}),
      ...(forgets ? { forgets } : {}),
      ...(field ? { field: [this.reference(field[0]), field[1]] } : {}),
    };
  }

  job({ fn, self, args, late }: Job): Json {
    return [
      this.reference(fn),
      this.value(self),
      args.map((one) => this.value(one)),
      late === true,
    ];
  }

  drain(): void {
    for (let what = this.#queue.shift(); what; what = this.#queue.shift())
      this.heap[what.id] = what instanceof Scope ? this.#scope(what) : this.#object(what as Obj);
  }

  #entries(from: Iterable<[Value, Value]>): Entries {
    return [...from].map(([key, value]) => [this.value(key), this.value(value)]);
  }

  #scope({ up, names, constants }: Scope): StoredScope {
    return {
      up: up ? this.reference(up) : 0,
      m: this.#entries(names),
      ...(constants ? { c: [...constants] } : {}),
    };
  }

  #object(what: Obj): StoredObject {
    const { kind, proto, props, hidden, items, table, unit, code, scope, home, fields } = what;
    return {
      k: kind,
      p: this.value(proto),
      ...(props.size ? { m: this.#entries(props) } : {}),
      ...(hidden?.size ? { h: [...hidden] } : {}),
      ...(items.length ? { i: items.map((one) => this.value(one)) } : {}),
      ...(table ? { t: this.#entries(table) } : {}),
      ...(unit === undefined ? {} : { un: unit, c: code as number }),
      ...(scope ? { s: this.reference(scope) } : {}),
      ...(home ? { ho: this.value(home) } : {}),
      ...(fields ? { f: fields.map(([key, make]) => [key, this.value(make)]) } : {}),
      ...(what.native === undefined ? {} : { nv: what.native }),
      ...(what.data === undefined ? {} : { d: this.#data(what) }),
    };
  }

  #data({ native, data }: Obj): Json {
    if (native === "@bound") return this.job(data as Job);
    if (native?.startsWith("@")) return this.frame(data as Frame);
    return native === undefined && typeof data !== "number" ? data : this.value(data as Value);
  }
}

/** Writes a machine down, with what its host holds of it. */
export function storeMachine(
  machine: Machine,
  roots: (value: (one: Value) => Json) => Json,
): StoredMachine {
  // prettier-ignore
  const writer = new Writer(machine);
  for (const what of machine.changed) writer.reference(what);
  const frames = machine.frames.map((one) => writer.frame(one));
  const jobs = machine.jobs.map((one) => writer.job(one));
  const held = roots((one) => writer.value(one));
  writer.drain();
  return { next: machine.nextId, heap: writer.heap, frames, jobs, roots: held };
}

export class Reader {
  readonly #known: Map<number, Kept>;
  readonly #stored: StoredMachine;

  /** `library`: what a new machine's library has made, by number. */
  constructor(library: ReadonlyMap<number, Kept>, stored: StoredMachine) {
    this.#stored = stored;
    this.#known = new Map(library);
  }

  fill(machine: Machine): void {
    const { heap, next, frames, jobs } = this.#stored;
    for (const [id, one] of Object.entries(heap)) {
      const number = Number(id);
      const known = this.#known.get(number);
      if (known) machine.changed.add(known as Obj);
      else if ("up" in one) this.#known.set(number, new Scope(number, undefined));
      else this.#known.set(number, new Obj(number, one.k ?? "object", null));
    }
    for (const [id, one] of Object.entries(heap)) {
      const what = this.#known.get(Number(id));
      if (what instanceof Scope) this.#scope(what, one as StoredScope);
      else this.#object(what as Obj, one as StoredObject);
    }
    machine.nextId = next;
    machine.frames = frames.map((one) => this.frame(one));
    machine.jobs = jobs.map((one) => this.job(one));
  }

  #scope(what: Scope, { up, m, c }: StoredScope): void {
    what.names.clear();
    for (const [key, value] of m) what.names.set(key as string, this.value(value));
    if (c) what.constants = new Set(c);
    if (up) (what as { up: Scope | undefined }).up = this.#known.get(up) as Scope;
  }

  #object(what: Obj, { p, m, h, i, t, un, c, s, ho, f, nv, d }: StoredObject): void {
    what.proto = (this.value(p) as Obj | null | undefined) ?? null;
    what.props.clear();
    for (const [key, value] of m ?? []) what.props.set(key as string, this.value(value));
    if (h) what.hidden = new Set(h);
    what.items = (i ?? []).map((one) => this.value(one));
    if (t) what.table = new Map(t.map(([key, value]) => [this.value(key), this.value(value)]));
    if (un !== undefined) {
      what.unit = un;
      what.code = c as number;
    }
    if (s) what.scope = this.#known.get(s) as Scope;
    if (ho !== undefined) what.home = this.value(ho) as Obj;
    if (f) what.fields = f.map(([key, make]) => [key, this.value(make) as Obj]);
    if (nv !== undefined) what.native = nv;
    if (d === undefined) return;
    if (nv === "@bound") what.data = this.job(d);
    else if (nv?.startsWith("@")) what.data = this.frame(d);
    else what.data = nv === undefined && Array.isArray(d) ? d : this.value(d);
  }

  value(stored: Json): Value {
    if (typeof stored !== "object" || stored === null) return stored as Value;
    const { r, n } = stored as { r?: number; n?: string };
    if (r !== undefined) return this.#known.get(r) as Obj;
    return n === undefined ? undefined : Number(n);
  }

  #slot(stored: Json): Slot {
    const { a, l, at } = (stored ?? {}) as { a?: Json[]; l?: Json[]; at?: number };
    if (a) return a.map((one) => this.value(one));
    if (l) return { list: l.map((one) => this.value(one)), at: at ?? 0 } satisfies Iteration;
    return this.value(stored);
  }

  frame(stored: Json): Frame {
    const one = stored as Record<string, number> & { unit: string; stack: Json[]; guards: number[][]; field?: [number, string]; forgets?: boolean }; // prettier-ignore
    const object = (id: number | undefined): Obj | undefined => id === undefined ? undefined : (this.#known.get(id) as Obj); // prettier-ignore
    const made = object(one["made"]);
    const settle = object(one["settle"]);
    const frame: Frame = {
      unit: one.unit,
      code: one["code"] as number,
      at: one["at"] as number,
      stack: one.stack.map((slot) => this.#slot(slot)),
      scope: this.#known.get(one["scope"] as number) as Scope,
      guards: one.guards.map(([at = 0, height = 0, scope = 0]) => ({ at, height, scope: this.#known.get(scope) as Scope })), // prettier-ignore
      fn: object(one["fn"]),
      ...(made ? { made } : {}),
      ...(settle ? { settle } : {}),
      ...(one.forgets ? { forgets: true } : {}),
    };
    if (one.field) frame.field = [object(one.field[0]) as Obj, one.field[1]];
    return frame;
  }

  job(stored: Json): Job {
    const [fn, self, args, late] = stored as [number, Json, Json[], boolean];
    return { fn: this.#known.get(fn) as Obj, self: this.value(self), args: args.map((one) => this.value(one)), ...(late ? { late } : {}) }; // prettier-ignore
  }
}
