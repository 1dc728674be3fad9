import { expect, test } from "vitest";

/** What the desk works out without a browser. */

interface ViewModule {
  viewIn(search: string, panels: string[]): string | undefined;
  withView(search: string, view: string, usual: string): string;
  partsOf(view: string, hasTerminal: boolean): object;
  share(percent: number): number;
}
interface ControlKeyModule {
  controlOf(text: string): string;
}
interface FuzzyModule {
  best(query: string, of: string[], nameOf: (one: string) => string): string[];
}
// The page's types are another project's.
const load = (file: string): Promise<unknown> =>
  import(new URL(`../../web/desk/${file}`, import.meta.url).href);
const { viewIn, withView, partsOf, share } = (await load("view.ts")) as ViewModule;
const { controlOf } = (await load("control-key.ts")) as ControlKeyModule;
const { best } = (await load("fuzzy.ts")) as FuzzyModule;

test("the address says what is seen; what there is not it does not say", () => {
  expect(viewIn("?view=objects", ["objects"])).toBe("objects");
  expect(viewIn("?a=1&view=terminal", [])).toBe("terminal");
  expect(viewIn("?view=__proto__", ["objects"])).toBeUndefined();
  expect(viewIn("?view=picture", ["objects"])).toBeUndefined();
  expect(viewIn("", ["objects"])).toBeUndefined();
  expect(withView("?a=1", "objects", "split")).toBe("?a=1&view=objects");
  expect(withView("?view=objects", "split", "split")).toBe("");
});

test("panels and terminal are seen together or alone; without a terminal there are panels", () => {
  expect(partsOf("split", true)).toEqual({ panels: true, terminal: true });
  expect(partsOf("terminal", true)).toEqual({ panels: false, terminal: true });
  expect(partsOf("objects", true)).toEqual({ panels: true, terminal: false });
  expect(partsOf("terminal", false)).toEqual({ panels: true, terminal: false });
  expect([-20, 50.4, 200].map(share)).toEqual([15, 50, 85]);
});

test("a letter with Ctrl is what a terminal sends for it", () => {
  expect([controlOf("c"), controlOf("D"), controlOf("["), controlOf("é"), controlOf("ab")]).toEqual(
    ["\x03", "\x04", "\x1b", "é", "ab"],
  );
});

test("names are found by some of their letters, beginnings of words first", () => {
  const names = [
    "Fork the sandbox",
    "Go to Objects",
    "Deployment default/web",
    "Show Objects alone",
  ];
  const found = (query: string): string[] => best(query, names, (name) => name);
  expect(found("")).toEqual(names);
  expect(found("obj")).toEqual(["Go to Objects", "Show Objects alone"]);
  expect(found("dweb")[0]).toBe("Deployment default/web");
  expect(found("zzz")).toEqual([]);
});
