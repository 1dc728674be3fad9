/** What a browser calls itself, in two words. */
export function browserOf(userAgent: string): string {
  const name = /(Edg|OPR|Firefox|Chrome|Safari|curl)\//.exec(userAgent)?.[1];
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(userAgent)?.[1];
  const known = name === undefined ? "A program" : (names[name] ?? name);
  return system === undefined ? known : `${known} on ${system}`;
}
