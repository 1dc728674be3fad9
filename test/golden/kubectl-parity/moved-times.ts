/**
 * Real kubectl reckons ages by the machine's clock, and the cluster's stands at a moment of its own: while it is recorded, times
 * in what it is sent are moved so that both clocks show the same, and times in what it sends or prints are moved back.
 */
const stamp = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const date = /\w{3}, \d\d \w{3} 20\d\d \d\d:\d\d:\d\d \+0000/g;
const plain = /20\d\d-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC/g;

/** Times as JSON has them, moved by whole seconds. */
export const moved = (text: string, ms: number): string =>
  text.replace(stamp, (time, fraction: string | undefined) => {
    const whole = new Date(Date.parse(`${time.slice(0, 19)}Z`) + ms).toISOString().slice(0, 19);
    return `${whole}${fraction ?? ""}Z`;
  });

/** A body of JSON; any other as it is. */
export function movedBody<T extends string | Uint8Array>(
  body: T,
  headers: Record<string, string | string[] | undefined>,
  ms: number,
): string | T {
  const [, type = ""] =
    Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type") ?? [];
  if (!/json|yaml/.test(String(type))) return body;
  return moved(typeof body === "string" ? body : new TextDecoder().decode(body), ms);
}

/** What was printed, in the cluster's time. */
export const shown = (text: string, ms: number): string =>
  moved(text, -ms)
    .replace(date, (time) =>
      new Date(Date.parse(time) - ms).toUTCString().replace("GMT", "+0000"),
    )
    .replace(plain, (time) => {
      const at = new Date(Date.parse(`${time.slice(0, 19).replace(" ", "T")}Z`) - ms);
      return `${at.toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
    });
