/** Functions that have any number of outputs, and what they ask of outside. */
import { deletePaths, getPath, setPath, typed } from "./access.ts";
import { toText } from "./json-text.ts";
import { Halt, type At, type Filter, type Machine, type Native } from "./native.ts";
import { intact, stepEach, stepPath } from "./paths.ts";
import { forward, pathOf } from "./running.ts";
import { fail, isTrue, JqError, type Value } from "./values.ts";

/** The same for values and for places. */
interface Flow<T> {
  run(filter: Filter, item: T): Generator<T>;
  value(item: T): Value;
  at(item: T): At;
}

const values: Flow<Value> = {
  run: (filter, item) => filter.run(item),
  value: (item) => item,
  at: (value) => ({ path: undefined, value }),
};
const places: Flow<At> = {
  run: (filter, item) => filter.paths(item),
  value: (item) => item.value,
  at: (item) => item,
};

type Body = <T>(flow: Flow<T>, machine: Machine, item: T, args: Filter[]) => Generator<T>;

const flowing = (body: Body): Native => ({
  many: (machine, value, args) => body(values, machine, value, args),
  paths: (machine, at, args) => body(places, machine, at, args),
});

function* first<T>(made: Generator<T>): Generator<T> {
  let done = false;
  yield* forward(made, function* (item) {
    if (done) return;
    done = true;
    yield item;
    made.return(undefined);
  });
}

function* limited<T>(made: Generator<T>, n: number): Generator<T> {
  if (n < 0) {
    yield* made;
    return;
  }
  let left = n;
  for (const item of made) {
    left--;
    yield item;
    if (left <= 0) return;
  }
}

const numbers = (value: Value): number =>
  typeof value === "number" ? value : fail("Range bounds must be numeric");

function* range(machine: Machine, from: Value, to: Value, by: number): Generator<Value> {
  const end = numbers(to);
  for (let n = numbers(from); by > 0 ? n < end : n > end; n += by) {
    machine.spend(1);
    yield n;
  }
}

function* each(filters: Filter[], value: Value, made: Value[] = []): Generator<Value[]> {
  const filter = filters[made.length];
  if (!filter) yield made;
  else for (const one of filter.run(value)) yield* each(filters, value, [...made, one]);
}

function* recursed<T>(flow: Flow<T>, machine: Machine, item: T, filter: Filter): Generator<T> {
  // What is left to do, so that depth costs no stack.
  const open: Generator<T>[] = [];
  yield item;
  open.push(flow.run(filter, item));
  while (open.length > 0) {
    machine.spend(1);
    const next = open.at(-1)!.next();
    if (next.done) open.pop();
    else {
      yield next.value;
      open.push(flow.run(filter, next.value));
    }
  }
}

const loop = (kind: "while" | "until"): Body =>
  function* (flow, machine, item, [cond, update]) {
    const open = [[item].values() as Iterator<typeof item>];
    while (open.length > 0) {
      machine.spend(1);
      const next = open.at(-1)!.next();
      if (next.done) {
        open.pop();
        continue;
      }
      for (const test of cond!.run(flow.value(next.value))) {
        if (kind === "while") {
          if (!isTrue(test)) continue;
          yield next.value;
        } else if (isTrue(test)) {
          yield next.value;
          continue;
        }
        open.push(flow.run(update!, next.value));
      }
    }
  };

const quantified = (all: boolean): Native => ({
  *many(machine, value, [generator, condition]) {
    for (const item of generator!.run(value))
      for (const test of condition!.run(item)) {
        machine.spend(1);
        if (isTrue(test) !== all) {
          yield !all;
          return;
        }
      }
    yield all;
  },
});

/** Places in their order: below each other, the outer first. */
function* allPaths(machine: Machine, at: At): Generator<At> {
  for (const one of stepEach(at, true)) {
    machine.spend(1);
    yield one;
    yield* allPaths(machine, one);
  }
}

function* streamed(machine: Machine, value: Value, path: Value[], top: boolean): Generator<Value> {
  machine.spend(1);
  const entries: [Value, Value][] = Array.isArray(value)
    ? value.map((one, i) => [i, one])
    : value instanceof Map
      ? [...value]
      : [];
  if (entries.length === 0) {
    yield [path, value];
    return;
  }
  for (const [key, inner] of entries) yield* streamed(machine, inner, [...path, key], false);
  yield [[...path, entries.at(-1)![0]]];
  if (top) return;
}

const halted = (value: Value, code: Value): never => {
  if (typeof code !== "number") fail(`${typed(value)} halt_error/1: number required`);
  const said = value === null ? "" : typeof value === "string" ? value : `${toText(value)}\n`;
  throw new Halt(code as number, said);
};

export const generators: Record<string, Native> = {
  "empty/0": { *many() {}, *paths() {} },
  "error/1": {
    *many(_, value, [what]) {
      for (const one of what!.run(value)) if (one !== null) throw new JqError(one);
    },
    *paths(_, at, [what]) {
      for (const one of what!.run(at.value)) if (one !== null) throw new JqError(one);
    },
  },
  "select/1": flowing(function* (flow, _, item, [filter]) {
    for (const test of filter!.run(flow.value(item))) if (isTrue(test)) yield item;
  }),
  "recurse/1": flowing((flow, machine, item, [filter]) => recursed(flow, machine, item, filter!)),
  "first/1": flowing((flow, _, item, [filter]) => first(flow.run(filter!, item))),
  "limit/2": flowing(function* (flow, _, item, [n, filter]) {
    for (const count of n!.run(flow.value(item))) {
      const left = typeof count === "number" ? count : Infinity;
      yield* limited(flow.run(filter!, item), left);
    }
  }),
  "last/1": {
    *many(machine, value, [filter]) {
      let out: Value = null;
      for (const one of filter!.run(value)) {
        machine.spend(1);
        out = one;
      }
      yield out;
    },
  },
  "nth/2": {
    *many(_, value, [n, filter]) {
      for (const count of n!.run(value)) {
        if (typeof count !== "number" || count < 0) fail("nth doesn't support negative indices");
        let out: Value = null;
        for (const one of limited(filter!.run(value), (count as number) + 1)) out = one;
        yield out;
      }
    },
  },
  "isempty/1": {
    *many(_, value, [filter]) {
      for (const _one of filter!.run(value)) {
        yield false;
        return;
      }
      yield true;
    },
  },
  "repeat/1": flowing(function* (flow, machine, item, [filter]) {
    for (;;) {
      machine.spend(1);
      yield* flow.run(filter!, item);
    }
  }),
  "while/2": flowing(loop("while")),
  "until/2": flowing(loop("until")),
  "range/1": {
    *many(machine, value, args) {
      for (const [to] of each(args, value)) yield* range(machine, 0, to!, 1);
    },
  },
  "range/2": {
    *many(machine, value, args) {
      for (const [from, to] of each(args, value)) yield* range(machine, from!, to!, 1);
    },
  },
  "range/3": {
    *many(machine, value, args) {
      for (const [from, to, by] of each(args, value))
        if (by !== 0) yield* range(machine, from!, to!, numbers(by!));
    },
  },
  "any/2": quantified(false),
  "all/2": quantified(true),
  "path/1": {
    *many(_, value, [filter]) {
      for (const at of filter!.paths({ path: undefined, value })) yield pathOf(intact(at));
    },
  },
  "paths/0": {
    *many(machine, value) {
      for (const at of allPaths(machine, { path: undefined, value })) yield pathOf(at);
    },
  },
  "getpath/1": {
    *many(machine, value, [path]) {
      for (const one of path!.run(value)) yield getPath(value, one, machine);
    },
    *paths(machine, at, [path]) {
      for (const one of path!.run(at.value)) yield* stepPath(at, one, machine);
    },
  },
  "setpath/2": {
    one: (machine, value, [path, to]) =>
      Array.isArray(path)
        ? setPath(value, path, to!, machine)
        : fail("Path must be specified as an array"),
  },
  "delpaths/1": { one: (machine, value, [paths]) => deletePaths(value, paths!, machine) },
  "tostream/0": {
    many: (machine, value) => streamed(machine, value, [], true),
  },
  "input/0": {
    *many(machine) {
      const value = machine.outside.input();
      if (value === undefined) throw new JqError("break");
      yield value;
    },
  },
  "inputs/0": {
    *many(machine) {
      for (
        let value = machine.outside.input();
        value !== undefined;
        value = machine.outside.input()
      )
        yield value;
    },
  },
  "debug/0": {
    one(machine, value) {
      machine.outside.err(`${toText(["DEBUG:", value])}\n`);
      return value;
    },
  },
  "stderr/0": {
    one(machine, value) {
      machine.outside.err(toText(value));
      return value;
    },
  },
  "halt/0": {
    one() {
      throw new Halt(0, "");
    },
  },
  "halt_error/1": { one: (_, value, [code]) => halted(value, code!) },
  "input_filename/0": { one: (machine) => machine.outside.file },
  "input_line_number/0": { one: (machine) => machine.outside.line },
  "env/0": { one: (machine) => machine.outside.env },
  "get_search_list/0": { one: () => ["~/.jq", "$ORIGIN/../lib/jq", "$ORIGIN/lib"] },
};
