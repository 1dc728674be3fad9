/** Rows of what kinds cost. */
import type { Bench } from "./hosted.ts";
import type { Compared, Costs, Each } from "./kinds.ts";

const whole = (n: number): string => n.toLocaleString("en-US", { maximumFractionDigits: 0 });
const fine = (n: number): string => n.toLocaleString("en-US", { maximumFractionDigits: 2 });

/** Beside a tenth of as many: larger, and cost does not follow what changes. */
function one({ add }: Bench, what: string, { small, large }: Compared, key: keyof Costs): void {
  const now = large[key] as Each;
  const { us } = small[key] as Each;
  add(`${what}: CPU each, beside fewer`, `${whole(now.us)} us, x${fine(now.us / us)}`);
  const { steps, rows, bytes, alarms } = now;
  const work = [steps, rows, bytes, alarms];
  if (work.some((part) => part > 0))
    add(
      `${what}: steps, rows, bytes, alarms`,
      `${fine(steps)}, ${fine(rows)}, ${whole(bytes)}, ${fine(alarms)}`,
    );
}

const tables: Record<string, Record<string, string>> = {
  job: { atOnce: "a Pod of a Job of 1,000 at once", byFifty: "a Pod of a Job of 1,000 by fifty" },
  statefulSet: { ordered: "a Pod of a StatefulSet of 100" },
  customResources: {
    made: "1,000 custom objects: made, watched",
    changed: "1,000 custom objects: changed, watched",
    listed: "1,000 custom objects: listed",
    shown: "1,000 custom objects: listed as a Table",
    deleted: "1,000 custom objects: deleted, watched",
  },
  policied: { plain: "1,000 writes", asked: "1,000 writes that a policy looks at" },
  hooked: { plain: "1,000 writes beside a webhook", asked: "1,000 writes that a webhook looks at" },
  routes: {
    made: "100 HTTPRoutes of a Gateway: made",
    routed: "a request through a Gateway of 100 routes",
    direct: "a request from a Pod by a Service",
  },
};

export function kinds(bench: Bench): void {
  const { add, child, seen } = bench;
  for (const [name, figures] of Object.entries(tables)) {
    const found = child<Compared>("test/bench/kinds.ts", name);
    seen[name] = found;
    for (const [key, what] of Object.entries(figures)) one(bench, what, found, key);
    const { unit } = found.large;
    if (unit) add("expressions: CPU of a million units of cost", `${whole(unit.us * 1_000)} ms`);
  }
}
