/** What each operation does. */
import { lookup } from "../../core/lookup.ts";
import { unary } from "./arithmetic.ts";
import type { Machine } from "./runner.ts";
import { keysOf } from "./properties.ts";
import {
  isFn,
  isNil,
  keyOf,
  Obj,
  textOf,
  typeName,
  type Frame,
  type Iteration,
  type Scope,
  type Slot,
  type Value,
} from "./values.ts";

type Operation = (machine: Machine, frame: Frame, a: unknown) => void;

const pop = (frame: Frame): Value => frame.stack.pop() as Value;
const peek = (frame: Frame, back = 1): Slot => frame.stack[frame.stack.length - back];

function holder(scope: Scope, name: string): Scope | undefined {
  for (let one: Scope | undefined = scope; one; one = one.up) if (one.names.has(name)) return one;
  return undefined;
}

/** The values that a loop goes through. */
export function valuesOf(machine: Machine, value: Value): Value[] {
  if (typeof value === "string") return [...value];
  if (value instanceof Obj) {
    if (value.kind === "array") return [...value.items];
    if (value.kind === "set") return [...(value.table?.keys() ?? [])];
    if (value.kind === "map")
      return [...(value.table ?? [])].map(([key, item]) => machine.list([key, item]));
  }
  return machine.throw("TypeError", `${value instanceof Obj ? "object" : textOf(value)} is not iterable`); // prettier-ignore
}

const jumpIf =
  (test: (value: Slot) => boolean, keeps: boolean): Operation =>
  (_machine, frame, a) => {
    if (test(peek(frame))) {
      if (!keeps) frame.stack.pop();
      frame.at = a as number;
    } else frame.stack.pop();
  };

const values: Record<string, Operation> = {
  value: (_m, frame, a) => frame.stack.push(a as Value),
  undefined: (_m, frame) => frame.stack.push(undefined),
  drop: (_m, frame) => void frame.stack.pop(),
  copy: (_m, frame) => frame.stack.push(peek(frame)),
  copyTwo: (_m, frame) => frame.stack.push(peek(frame, 2), peek(frame)),
  /** Puts a copy below the two under it. */
  tuck: (_m, frame) => void frame.stack.splice(-3, 0, peek(frame)),
  dropTwoUnder: (_m, frame) => void frame.stack.splice(-3, 2),
  /** The third becomes the first. */
  rotate: (_m, frame) => frame.stack.push(...frame.stack.splice(-3, 1)),
  text: (_m, frame) => frame.stack.push(textOf(pop(frame))),
  list: (machine, frame) => frame.stack.push(machine.list([])),
  args: (_m, frame) => frame.stack.push([]),
  push(machine, frame) {
    const value = pop(frame);
    const list = peek(frame) as Value[] | Obj;
    (list instanceof Obj ? list.items : list).push(value);
    machine.steps++;
  },
  spread(machine, frame) {
    const value = pop(frame);
    const list = peek(frame) as Value[] | Obj;
    const items = valuesOf(machine, value);
    machine.steps += items.length;
    for (const item of items) (list instanceof Obj ? list.items : list).push(item);
  },
  object: (machine, frame) => frame.stack.push(machine.object()),
  define(machine, frame) {
    const value = pop(frame);
    const key = keyOf(pop(frame));
    const on = peek(frame) as Obj;
    machine.set(on, key, value);
    if (isFn(value) && !value.home && value.unit) value.home = on;
  },
  copyAll(machine, frame) {
    const from = pop(frame);
    const on = peek(frame) as Obj;
    for (const key of keysOf(from)) machine.set(on, key, machine.get(from, key));
  },
  regex(machine, frame, a) {
    const made = machine.object("regex", machine.proto("RegExp"));
    made.data = a;
    frame.stack.push(made);
  },
  binary(machine, frame, a) {
    const r = pop(frame);
    frame.stack.push(machine.binary(a as string, pop(frame), r));
  },
  unary: (_m, frame, a) => frame.stack.push(unary(a as string, pop(frame))),
};

const jumps: Record<string, Operation> = {
  jump: (_m, frame, a) => void (frame.at = a as number),
  if: jumpIf(Boolean, false),
  unless: jumpIf((value) => !value, false),
  keepIf: jumpIf(Boolean, true),
  keepUnless: jumpIf((value) => !value, true),
  keepKnown: jumpIf((value) => !isNil(value), true),
  keepDefined: jumpIf((value) => value !== undefined, true),
  orUndefined(_m, frame, a) {
    if (!isNil(peek(frame))) return;
    frame.stack.pop();
    frame.stack.push(undefined);
    frame.at = a as number;
  },
  orUndefinedTwo(_m, frame, a) {
    if (!isNil(peek(frame))) return;
    frame.stack.splice(-2, 2, undefined);
    frame.at = a as number;
  },
  guard: (_m, { guards, stack, scope }, a) =>
    void guards.push({ at: a as number, height: stack.length, scope }),
  guardEnd: (_m, frame) => void frame.guards.pop(),
  throw: (machine, frame) => machine.raise(pop(frame)),
  return: (machine, frame) => machine.finish(pop(frame)),
  await: (machine, frame) => machine.wait(pop(frame)),
  iterate(machine, frame) {
    const list = valuesOf(machine, pop(frame));
    machine.steps += list.length;
    frame.stack.push({ list, at: 0 });
  },
  iterateKeys: (_m, frame) => frame.stack.push({ list: keysOf(pop(frame)), at: 0 }),
  next(_m, frame, a) {
    const iteration = peek(frame) as Iteration;
    if (iteration.at < iteration.list.length) {
      frame.stack.push(iteration.list[iteration.at++]);
      return;
    }
    frame.stack.pop();
    frame.at = a as number;
  },
  itemAt: (_m, frame, a) => frame.stack.push((peek(frame) as Iteration).list[a as number]),
  itemsFrom: (machine, frame, a) =>
    frame.stack.push(machine.list((peek(frame) as Iteration).list.slice(a as number))),
};

const names: Record<string, Operation> = {
  name(machine, frame, a) {
    const found = holder(frame.scope, a as string);
    if (found) frame.stack.push(found.names.get(a as string));
    else machine.throw("ReferenceError", `${String(a)} is not defined`);
  },
  typeofName: (_m, frame, a) =>
    frame.stack.push(typeName(holder(frame.scope, a as string)?.names.get(a as string))),
  set(machine, frame, a) {
    const found = holder(frame.scope, a as string) ?? machine.globals;
    if (found.constants?.has(a as string)) machine.throw("TypeError", "Assignment to constant variable."); // prettier-ignore
    machine.touched(found);
    found.names.set(a as string, peek(frame) as Value);
  },
  let(machine, frame, a) {
    machine.touched(frame.scope);
    frame.scope.names.set(a as string, pop(frame));
  },
  const(machine, frame, a) {
    machine.touched(frame.scope);
    frame.scope.names.set(a as string, pop(frame));
    (frame.scope.constants ??= new Set()).add(a as string);
  },
  var(_m, frame, a) {
    if (!frame.scope.names.has(a as string)) frame.scope.names.set(a as string, undefined);
  },
  parameter: (_m, frame, a) => frame.stack.push((frame.stack[0] as Value[])[a as number]),
  parametersFrom: (machine, frame, a) =>
    frame.stack.push(machine.list((frame.stack[0] as Value[]).slice(a as number))),
  names: (machine, frame) => void (frame.scope = machine.scope(frame.scope)),
  namesEnd: (_m, frame) => void (frame.scope = frame.scope.up as Scope),
  namesCopy(machine, frame) {
    const { names: known, constants, up } = frame.scope;
    frame.scope = machine.scope(up);
    for (const [name, value] of known) frame.scope.names.set(name, value);
    if (constants) frame.scope.constants = constants;
  },
};

const objects: Record<string, Operation> = {
  get(machine, frame) {
    const key = pop(frame);
    frame.stack.push(machine.get(pop(frame), key));
  },
  put(machine, frame) {
    const value = pop(frame);
    const key = pop(frame);
    machine.set(pop(frame), key, value);
    frame.stack.push(value);
  },
  putUnder(machine, frame) {
    const value = peek(frame) as Value;
    machine.set(peek(frame, 3) as Value, peek(frame, 2) as Value, value);
  },
  delete(machine, frame) {
    const key = keyOf(pop(frame));
    const on = pop(frame);
    if (on instanceof Obj) {
      machine.touched(on);
      on.props.delete(key);
      if (on.kind === "array" && /^\d+$/.test(key)) on.items[Number(key)] = undefined;
    }
    frame.stack.push(true);
  },
  someObject(machine, frame) {
    const value = peek(frame);
    if (isNil(value)) machine.throw("TypeError", `Cannot destructure '${String(value)}' as it is ${String(value)}.`); // prettier-ignore
  },
  othersOf(machine, frame, a) {
    const from = pop(frame);
    const made = machine.object();
    for (const key of keysOf(from))
      if (!(a as unknown[]).includes(key)) made.props.set(key, machine.get(from, key));
    frame.stack.push(made);
  },
};

const functions: Record<string, Operation> = {
  fn(machine, frame, a) {
    const code = machine.units.get(frame.unit)?.codes[a as number];
    const made = machine.object("function", machine.proto("Function"));
    made.unit = frame.unit;
    made.code = a as number;
    made.scope = frame.scope;
    machine.hide(made, "name", code?.name ?? "");
    machine.hide(made, "length", code?.length ?? 0);
    frame.stack.push(made);
  },
  call(machine, frame, a) {
    const args = frame.stack.pop() as Value[];
    const fn = frame.stack.pop();
    machine.call(fn, pop(frame), args, a as string);
  },
  new(machine, frame) {
    const args = frame.stack.pop() as Value[];
    const fn = pop(frame);
    machine.construct(fn, args, isFn(fn) ? "" : textOf(fn));
  },
  class(machine, frame, a) {
    const [code, kind] = a as [number, string];
    const parent = kind === "derived" ? pop(frame) : undefined;
    functions["fn"]?.(machine, frame, code);
    const made = peek(frame) as Obj;
    const proto = machine.object("object", machine.proto("Object"));
    if (kind === "derived") {
      if (!isFn(parent)) machine.throw("TypeError", `Class extends value ${textOf(parent)} is not a constructor or null`); // prettier-ignore
      made.proto = parent as Obj;
      const above = machine.get(parent, "prototype");
      if (above instanceof Obj) proto.proto = above;
    }
    machine.hide(proto, "constructor", made);
    machine.hide(made, "prototype", proto);
    made.home = proto;
  },
  classMember(machine, frame, a) {
    const [isStatic, isField] = a as [boolean, boolean];
    const fn = pop(frame) as Obj;
    const key = keyOf(pop(frame));
    const made = peek(frame) as Obj;
    const on = isStatic ? made : (made.props.get("prototype") as Obj);
    fn.home = on;
    if (!isField) machine.hide(on, key, fn);
    else if (!isStatic) (made.fields ??= []).push([key, fn]);
    else {
      machine.call(fn, made, []);
      (machine.frames.at(-1) as Frame).field = [made, key];
    }
  },
  superHome(machine, frame) {
    const home = homeOf(machine, frame);
    frame.stack.push(home?.proto ?? undefined);
  },
  superCall(machine, frame) {
    const args = frame.stack.pop() as Value[];
    // In an arrow function it is the constructor around it that is meant.
    const owner = [...machine.frames].reverse().find((one) => one.made && one.fn);
    const { made, fn } = owner ?? frame;
    if (!made || !fn) return machine.throw("SyntaxError", "'super' keyword unexpected here");
    holder(frame.scope, "this")?.names.set("this", made);
    if (isFn(fn.proto)) machine.call(fn.proto, made, args, "super", made);
    const at = machine.frames.length;
    machine.fillFields(fn, made);
    // Fields are filled once the parent's own constructor is done.
    const fields = machine.frames.splice(at);
    machine.frames.splice(machine.frames.indexOf(frame) + 1, 0, ...fields);
  },
};

/** The object whose method runs. */
function homeOf(machine: Machine, frame: Frame): Obj | undefined {
  if (frame.fn?.home) return frame.fn.home;
  return [...machine.frames].reverse().find((one) => one.fn?.home)?.fn?.home;
}

export const operations: Record<string, Operation> = lookup({
  ...values,
  ...jumps,
  ...names,
  ...objects,
  ...functions,
});
