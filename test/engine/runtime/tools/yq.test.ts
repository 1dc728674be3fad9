/**
 * Every command line of test/golden/yq does what yq 4 did (recorded by record.ts there); and yq is bounded and survives a loss of
 * memory.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { imageCatalog } from "../../../../durable-objects/engine/images/index.ts";
import type {
  ImageCatalog,
  Program,
} from "../../../../durable-objects/engine/runtime/kernel/types.ts";
import { files, type YqRow } from "../../../golden/yq/rows.ts";
import { FilterLab, quoted } from "./filter-lab.ts";

const folder = join(import.meta.dirname, "../../../golden/yq");
const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
const rowsOf = (name: string): YqRow[] => JSON.parse(readFileSync(join(folder, name), "utf8"));

const commandOf = ({ args }: YqRow): string =>
  `cd /lab; cat > a.yaml.new <<'END'\n${files["a.yaml"]!}END\ncp a.yaml.new a.yaml; export WHO=me NUM=3; exec yq ${args.map(quoted).join(" ")}`;

function check(lab: FilterLab, row: YqRow): void {
  const { out = "", err = "", code = 0, stdin } = row;
  expect(lab.run(commandOf(row), stdin ?? "")).toEqual({ out, err, code });
  if (row.file !== undefined) expect(lab.run("cat /lab/a.yaml").out).toBe(row.file);
}

test("there are at least 130 command lines, a quarter of them errors", () => {
  const rows = names.flatMap(rowsOf);
  expect(rows.length).toBeGreaterThanOrEqual(130);
  expect(rows.filter((row) => row.code !== 0).length).toBeGreaterThanOrEqual(rows.length / 4);
});

describe.each(names)("%s", (name) => {
  const lab = new FilterLab(files, "alpine/k8s");
  test.each(rowsOf(name).map((row) => [row.args.join(" ").slice(0, 70), row] as const))(
    "%s",
    (_, row) => check(lab, row),
  );
});

/** yq whose memory is nothing but what is written down, at each of its steps. */
function forgetful(): ImageCatalog {
  const yq = imageCatalog.programs.get("yq")!;
  const step: Program["step"] = (sys, state) => {
    sys.process.state = JSON.parse(JSON.stringify(state));
    return yq.step(sys, sys.process.state);
  };
  return {
    programs: new Map([...imageCatalog.programs, ["yq", { ...yq, step }]]),
    find: (image) => imageCatalog.find(image),
    repository: (name) => imageCatalog.repository(name),
    bootLines: (image, at) => imageCatalog.bootLines(image, at),
  };
}

test("a loss of memory before every step changes no byte", () => {
  const lab = new FilterLab(files, "alpine/k8s", forgetful());
  for (const row of rowsOf("results.json").slice(0, 20)) check(lab, row);
});

test("what has no end is bounded and leaves the others alone", () => {
  const lab = new FilterLab(files, "alpine/k8s");
  const doubling = `[1] ${"| . + . ".repeat(40)}`;
  expect(lab.run(`timeout 2 yq -n ${quoted(doubling)}; echo $?`).out).toMatch(/^(124|143)\n$/);
  const nested = `${"(".repeat(1000)}1${")".repeat(1000)}`;
  expect(lab.run(`yq -n '${nested}'`).code).toBe(1);
});
