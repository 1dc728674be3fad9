/** What print, puts and echo write. */
import type { Expr } from "./expressions.ts";
import type { Runner } from "./host.ts";
import { callFunction } from "./library.ts";
import type { Op } from "./statements.ts";
import { Unsupported } from "./tokens.ts";
import { inspect, joined, text, type Value } from "./values.ts";

interface Printer extends Runner {
  readonly vars: ReadonlyMap<string, Value>;
  value(e: Expr): Value;
}

export function printValues(run: Printer, { how, args, named }: Op & { k: "print" }): void {
  const { language, host } = run;
  const values = args
    .map((arg) => run.value(arg))
    .flatMap((one) => (language === "perl" && Array.isArray(one) ? one : [one]));
  if (values.length === 0 && language === "perl") values.push(run.vars.get("$_"));
  const together = (by: string): string =>
    joined(
      values.map((value) => text(language, value)),
      by,
    );
  const option = (name: string, otherwise: string): string =>
    named[name] ? text(language, run.value(named[name])) : otherwise;
  switch (how) {
    case "print": {
      const err = named["file"] ? option("file", "") === "<stderr>" : false;
      return host.write(err ? 2 : 1, together(option("sep", " ")) + option("end", "\n"));
    }
    case "out":
      return host.write(1, together("") + (language === "perl" && host.lineEnds ? "\n" : ""));
    case "err":
      return host.write(2, together(""));
    case "line":
      return host.write(1, `${together("")}\n`);
    case "puts":
    case "putserr": {
      const lines = values.flatMap((value) => (Array.isArray(value) ? value : [value]));
      const shown = lines.map((value) => `${text(language, value).replace(/\n$/, "")}\n`);
      return host.write(how === "puts" ? 1 : 2, joined(shown, "") || "\n");
    }
    case "inspect":
      return host.write(
        1,
        joined(
          values.map((value) => `${inspect(language, value)}\n`),
          "",
        ),
      );
    case "format":
      return host.write(1, text(language, callFunction(run, "sprintf", values)));
  }
  throw new Unsupported(how);
}
