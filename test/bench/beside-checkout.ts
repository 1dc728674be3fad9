/**
 * What clusters cost here and in another checkout, in turn: `npm run bench -- --only cluster --against DIR`. Each figure is of
 * a process of its own; shown are the best of all rounds, as the other rows are, and the median.
 */
import type { Figures } from "./clusters.ts";

const rounds = 9;
const cases: { file: string; args: (string | number)[]; figures: string[] }[] = [
  { file: "clusters", args: ["rollout", 100, 3], figures: ["cpuMs", "heapMb", "rowsPerPod"] },
  { file: "clusters", args: ["rollout", 1_000, 12], figures: ["cpuMs", "heapMb", "rowsPerPod"] },
  { file: "clusters", args: ["wakes", 1_000, 12], figures: ["nodesMs", "podsMs"] },
  { file: "clusters", args: ["update", 500, 6], figures: ["cpuMs", "rows", "alarms"] },
  // As many rounds as it takes until the moment at which code is compiled no longer decides.
  { file: "clusters", args: ["warm", 100, 3, 12], figures: ["cpuMs", "updateCpuMs"] },
  { file: "containers", args: ["requests"], figures: ["perSecond", "rowsPerRequest"] },
  { file: "containers", args: ["shell"], figures: ["perSecond"] },
];

interface Bench {
  add(figure: string, value: string, target?: string, holds?: boolean): void;
  child<T>(...args: string[]): T;
}

const median = (of: number[]): number => of.toSorted((a, b) => a - b)[of.length >> 1]!;
const share = (before: number, after: number): string =>
  before === 0 ? "0 %" : `${((after / before - 1) * 100).toFixed(1)} %`;

/** `bundles`: of a file, as each of the two has it. */
export function besideCheckout(
  { add, child }: Bench,
  bundles: (file: string) => { before: string; after: string },
): void {
  for (const { file, args, figures } of cases) {
    const both = bundles(`test/bench/${file}.ts`);
    const found: Record<"before" | "after", Figures[]> = { before: [], after: [] };
    for (let round = 0; round < rounds; round++)
      for (const side of round % 2
        ? (["after", "before"] as const)
        : (["before", "after"] as const))
        found[side].push(child<Figures>(both[side], ...args.map(String)));
    for (const figure of figures) {
      const [before, after] = [found.before, found.after].map((of) =>
        of.map((one) => one[figure]!),
      );
      if (!before || !after || before[0] === undefined || after[0] === undefined) continue;
      const best = figure === "perSecond" ? Math.max : Math.min;
      const [from, to] = [best(...before), best(...after)];
      add(
        `${file} ${args.join(" ")}: ${figure}`,
        `${from.toFixed(2)} -> ${to.toFixed(2)}`,
        `best ${share(from, to)}, median ${share(median(before), median(after))}`,
      );
    }
  }
}
