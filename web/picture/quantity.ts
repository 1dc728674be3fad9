const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** `250m`, `1.5Gi`, `1e3` as a number, for a bar's length; 0: it is none. k8s: apimachinery resource.Quantity */
export function quantity(text: string | undefined): number {
  const parts = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z]{0,2})$/.exec(text ?? "");
  const factor = factors[parts?.[2] ?? "?"];
  return factor === undefined ? 0 : Number(parts![1]) * factor || 0;
}
