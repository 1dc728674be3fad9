/** Arguments that name resources: `TYPE`, `TYPE NAME`, `TYPE/NAME`, `TYPE,TYPE`. k8s: cli-runtime/pkg/resource/builder.go */

/** Words between commas, each once. */
export const uniqueWords = (text: string): string[] => [...new Set(text.split(","))];

/** `a,b c d` as `a/c a/d b/c b/d`. */
export function typesAndNames(args: readonly string[]): string[] {
  const [first = "", ...names] = args;
  const types = uniqueWords(first);
  if (names.length === 0 || types.length < 2) return [...args];
  return types.flatMap((type) => names.map((name) => `${type}/${name}`));
}

/** Whether arguments are of the form TYPE/NAME, all of them. */
export function allWithSlash(args: readonly string[]): boolean | "mixed" {
  const count = args.filter((arg) => arg.includes("/")).length;
  return count === 0 ? false : count === args.length ? true : "mixed";
}

/** The parts of TYPE/NAME; undefined where there is no slash. */
export function splitTuple(
  text: string,
): { type: string; name: string } | { problem: string } | undefined {
  if (!text.includes("/")) return undefined;
  const [type = "", name = "", ...rest] = text.split("/");
  if (rest.length > 0)
    return { problem: "arguments in resource/name form may not have more than one slash" };
  if (type === "" || name === "" || uniqueWords(type).length !== 1)
    return { problem: "arguments in resource/name form must have a single resource and name" };
  return { type, name };
}
