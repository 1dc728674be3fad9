/** Records what the machine's vim shows of keys.json: `node test/golden/vi/record.ts` writes screens.json. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Screen } from "../../helpers/screen.ts";

const folder = new URL("./", import.meta.url);
const text = readFileSync(new URL("keys.json", folder), "utf8");
const job = JSON.parse(text) as { cols: number; rows: number; rowsOf: { name: string }[] };
const run = spawnSync("python3", [new URL("record.py", folder).pathname], {
  input: text,
  encoding: "utf8",
  maxBuffer: 1 << 28,
});
if (run.status !== 0) throw new Error(run.stderr);
const printed = JSON.parse(run.stdout) as Record<string, string[]>;

/** Questions that vim asks a terminal at its start, and what it tells its window's frame. */
// eslint-disable-next-line no-control-regex
const questions = /\x1bPzz\x1b\\|\x1b\[0%m|\x1b\[[>?]?[\d;]*[tcn]|\x1b\][^\x07]*\x07/g;

const screens = Object.fromEntries(
  Object.entries(printed).map(([name, parts]) => {
    const screen = new Screen(job.cols, job.rows);
    return [
      name,
      parts.map((part) => {
        screen.write(part.replace(questions, ""));
        return String(screen);
      }),
    ];
  }),
);
writeFileSync(new URL("screens.json", folder), `${JSON.stringify(screens, undefined, 1)}\n`);
