/** Names of environment variables as kubectl's commands want them, stricter than the server. k8s: apimachinery/pkg/util/validation IsEnvVarName */
import { regexText } from "../../machinery/names.ts";

export function envVarProblems(name: string): string[] {
  const out: string[] = [];
  if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name))
    out.push(
      regexText(
        "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
        "[-._a-zA-Z][-._a-zA-Z0-9]*",
        "my.env-name",
        "MY_ENV.NAME",
        "MyEnvName1",
      ),
    );
  if (name === ".") out.push("must not be '.'");
  else if (name === "..") out.push("must not be '..'");
  else if (name.startsWith("..")) out.push("must not start with '..'");
  return out;
}
