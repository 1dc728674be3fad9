/** A variable's value in a file of assignments: `NAME='text'`, nothing else. k8s: pkg/kubelet/util/env ParseEnv */

/** The value, "" where the name is absent; undefined: the file is not well-formed. */
export function envFileValue(text: string, key: string): string | undefined {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] ?? "").replace(/\r$/, "").replace(/^[ \t]+/, "");
    if (line === "" || line.startsWith("#")) continue;
    const assignment = /^([^=]*[^= \t])=(.*)$/s.exec(line);
    if (!assignment) return undefined;
    const [, name, given = ""] = assignment;
    if (/^[ \t]/.test(given)) {
      if (name === key) return "";
      continue;
    }
    if (!given.startsWith("'")) return undefined;
    let value = given.slice(1);
    while (!value.includes("'")) {
      i++;
      if (i >= lines.length) return undefined;
      value += `\n${lines[i]}`;
    }
    const end = value.indexOf("'");
    const rest = value.slice(end + 1).replace(/^[ \t]+/, "");
    if (rest !== "" && !rest.startsWith("#")) return undefined;
    if (name === key) return value.slice(0, end);
  }
  return "";
}
