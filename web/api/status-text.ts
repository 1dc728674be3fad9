/** The message of a Status that is told in YAML; other texts as they are. */
export function messageIn(answer: string): string {
  const lines = answer.split("\n");
  const at = lines.findIndex((line) => line.startsWith("message: "));
  if (at < 0) return answer;
  const text = lines[at]!.slice("message: ".length);
  const after = lines.slice(at + 1);
  const end = after.findIndex((line) => !line.startsWith("  "));
  const more = after.slice(0, end < 0 ? after.length : end).map((line) => line.slice(2));
  if (/^[|>]/.test(text)) return more.join(text.startsWith("|") ? "\n" : " ").trim();
  // A long line is folded.
  const whole = [text, ...more].join(" ");
  if (whole.startsWith('"')) return unquoted(whole);
  if (whole.startsWith("'")) return whole.slice(1, -1).replaceAll("''", "'");
  return whole;
}

/** YAML knows escapes that JSON does not. */
function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}
