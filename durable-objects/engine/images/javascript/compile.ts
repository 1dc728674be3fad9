/** A program's tree as operations of a machine of one stack, so that where it stands is a number. */
import { StatementCompiler } from "./compile-statements.ts";
import { ProgramReader } from "./statements.ts";
import { memo } from "../../core/memo.ts";
import { scriptBytesMax, scriptsKeptMax } from "../../core/limits.ts";
import { Refused } from "./tokens.ts";
import type { Unit } from "./code.ts";
import type { Fn, Statement } from "./tree.ts";

function bodyOf(source: string): Statement[] {
  if (source.length > scriptBytesMax * 4) throw new Refused("a text of that length", 1, true);
  return new ProgramReader(source).read();
}

/** A line typed at a prompt: its last expression is its value. */
export function readTyped(source: string): Unit | Refused {
  try {
    const body = bodyOf(source);
    const last = body.at(-1);
    if (last?.s === "expression") body[body.length - 1] = { s: "return", e: last.e };
    const unit: Unit = { codes: [] };
    new StatementCompiler(unit).fn({ name: "", params: [], body, line: 1, ...(source.includes("await") ? { async: true } : {}) }); // prettier-ignore
    unit.codes[0]!.typed = true;
    return unit;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error;
  }
}

export const readUnit = memo(scriptsKeptMax, (source: string): Unit | Refused => {
  try {
    const body = bodyOf(source);
    const unit: Unit = { codes: [] };
    const whole: Fn = { name: "", params: ["exports", "require", "module", "__filename", "__dirname"].map((n) => ({ t: "name", n, line: 1 })), body, line: 1, ...(source.includes("await") ? { async: true } : {}) }; // prettier-ignore
    new StatementCompiler(unit).fn(whole);
    return unit;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error;
  }
});
