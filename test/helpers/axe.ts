import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const file = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

interface AxeResults {
  violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
}

/** What axe finds in a page, in light and in dark. */
export async function faultsIn(page: Page): Promise<string[]> {
  const faults: string[] = [];
  await page.evaluate(readFileSync(file, "utf8"));
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const found = await page.evaluate(async () => {
      const { run } = (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe;
      const { violations } = await run();
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
      );
    });
    faults.push(...found.map((one) => `${colorScheme}: ${one}`));
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  return faults;
}
