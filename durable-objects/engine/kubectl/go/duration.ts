/** time.ParseDuration. */
const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds; undefined: it is no duration. */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith("-") ? -1 : 1;
  let rest = text.replace(/^[-+]/, "");
  if (rest === "0") return 0;
  if (rest === "") return undefined;
  let ms = 0;
  while (rest !== "") {
    const part = /^(\d+(?:\.\d*)?|\.\d+)([a-zµ]+)/.exec(rest);
    const unit = unitMs[part?.[2] ?? ""];
    if (!part || unit === undefined) return undefined;
    ms += Number(part[1]) * unit;
    rest = rest.slice(part[0].length);
  }
  return sign * ms;
}
