/** Metrics as Prometheus reads them: its text format. */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  labels?: Labels;
  value: number;
  /** Of a histogram: `_bucket`, `_sum`, `_count`. */
  suffix?: string;
  /** When it was measured, ms; absent: now. */
  atMs?: number;
}

export interface Metric {
  name: string;
  /** With its stability in front, as Kubernetes has it: `[STABLE] ...`. */
  help: string;
  type: "counter" | "gauge" | "histogram";
  samples: readonly Sample[];
}

/** What a component was built from. k8s: component-base/metrics/prometheus/version */
export const buildInfo = (labels: Labels): Metric => ({
  name: "kubernetes_build_info",
  type: "gauge",
  help: "[ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
  samples: [{ labels, value: 1 }],
});

/** What the answer says of itself. */
export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

const escapes: Record<string, string> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };

const escaped = (text: string): string => text.replace(/[\\\n"]/g, (c) => escapes[c] as string);

/** The shortest form of a float. Go: strconv/ftoa.go FormatFloat 'g' */
export function goNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  const sign = power < 0 ? "-" : "+";
  return `${digits}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}

function labelsText(labels: Labels = {}): string {
  const names = Object.keys(labels).sort();
  if (names.length === 0) return "";
  return `{${names.map((name) => `${name}="${escaped(labels[name] as string)}"`).join(",")}}`;
}

/** In the order of their names; one without samples is left out. */
export function metricsText(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of [...metrics].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (samples.length === 0) continue;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const { labels, value, suffix = "", atMs } of samples) {
      const at = atMs === undefined ? "" : ` ${Math.round(atMs)}`;
      lines.push(`${name}${suffix}${labelsText(labels)} ${goNumber(value)}${at}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
