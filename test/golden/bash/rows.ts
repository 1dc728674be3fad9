/** A script and what bash made of it. Texts are bytes, a character each. */
export interface Row {
  run: string;
  /** It is a file, run by its name; else the word behind -c. */
  file?: true;
  /** Words behind it. */
  args?: string[];
  stdin?: string;
  out?: string;
  err?: string;
  code?: number;
  /** Why Podyard's bash does not do the same, and what it does. */
  differs?: string;
  ours?: { out: string; err: string; code: number };
}

/** Where scripts run. */
export const lab = "/tmp/lab";
