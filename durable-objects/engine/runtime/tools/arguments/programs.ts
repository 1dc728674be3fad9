/** echo, printf and test as programs of their own; the shell has each as a builtin. */
import type { Program } from "../../kernel/types.ts";
import { echoText } from "./echo.ts";
import { formatPrintf } from "./printf.ts";
import { TestProblem, testExpression } from "./test.ts";
import { tool } from "../tool.ts";

const test = (name: string): Program =>
  tool(name, (io) => {
    const words = [...io.args];
    if (name !== "test" && words.pop() !== (name === "[" ? "]" : "]]"))
      return io.fail(`missing ${name === "[" ? "]" : "]]"}`, 2);
    try {
      return testExpression(words, io.sys, name === "[[") ? 0 : 1;
    } catch (error) {
      if (!(error instanceof TestProblem)) throw error;
      return io.fail(error.message, 2);
    }
  });

export const argumentTools: Program[] = [
  test("test"),
  test("["),
  test("[["),
  tool("echo", (io) => io.out(echoText(io.args))),
  tool("printf", (io) => {
    const { out, errors, status } = formatPrintf(io.args);
    io.out(out);
    for (const error of errors) io.say(error);
    return status;
  }),
];
