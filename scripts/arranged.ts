import { decode, encode, type SourceMapMappings } from "@jridgewell/sourcemap-codec";
import { similarOrder } from "./similar-order.ts";
import { statementsOf, type Statement } from "./statements.ts";

/** Of a source map, what changes when statements are moved. */
interface Mapped {
  mappings: string;
}

/**
 * A bundled module with similar statements beside one another: it does what it did, and deflate, which looks 32 kB back, makes a fiftieth
 * less of it. The bundler's comments that name files are needed here, and gone then.
 */
export function arranged<M extends Mapped>(code: string, map?: M): { code: string; map?: M } {
  const statements = statementsOf(code);
  const movable = statements.filter(({ kind }) => kind !== "import" && kind !== "export");
  const indices = new Map(movable.map((statement, index) => [statement, index]));
  const order = similarOrder(
    movable.map(({ text }) => text.replaceAll(/\n\s*| (?=\W)|(?<=\W) /g, "")),
    movable.map(({ after }) => after.map((other) => indices.get(statements[other]!)!)),
  );
  const moved = [
    ...statements.filter(({ kind }) => kind === "import"),
    ...order.map((index) => movable[index]!),
    ...statements.filter(({ kind }) => kind === "export"),
  ];
  const text = moved.map((statement) => `${statement.text}\n`).join("");
  return {
    code: text,
    ...(map && { map: { ...map, mappings: follow(map.mappings, code, moved) } }),
  };
}

/** The mappings of a text whose statements stand elsewhere now, each at the beginning of a line. */
function follow(mappings: string, code: string, moved: readonly Statement[]): string {
  const before = decode(mappings);
  const starts = [0, ...[...code.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const lineAt = (offset: number): number => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const after: SourceMapMappings = [];
  for (const { start, end, lead } of moved) {
    const last = lineAt(end);
    for (let line = lineAt(start); line <= last; line++) {
      const from = Math.max(start - starts[line]!, 0);
      const shift = from > 0 || starts[line] === start ? lead - from : 0;
      const kept = (before[line] ?? []).filter(
        ([column]) => column >= from && starts[line]! + column < end,
      );
      after.push(
        kept.map(([column, ...rest]) => [column + shift, ...rest] as (typeof kept)[number]),
      );
    }
  }
  return encode(after);
}
