/** Quantities as scenarios use them, read independently of the engine. */
const units: Record<string, number> = { m: 1e-3, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

export function parseQuantity(text: string | number): number {
  const split = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(String(text));
  const factor = split?.[2] ? units[split[2]] : 1;
  if (!split || factor === undefined) throw new Error(`quantity ${text}`);
  // CPU in whole thousandths, so that sums are exact.
  return Math.round(Number(split[1]) * factor * 1000);
}
