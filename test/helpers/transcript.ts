/**
 * Recorded sessions with real kubectl: a text of `$ kubectl ...` lines and what they printed, with what differs from run to
 * run (ages, addresses, suffixes) replaced. `% kubectl ...` runs unheard, `# ...` is a remark.
 */
import type { Kubectl } from "./kubectl.ts";

const replacements: [RegExp, string][] = [
  // Older ones colour even what goes into a file.
  // oxlint-disable-next-line no-control-regex
  [/\x1b\[[\d;]*m/g, ""],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "UID"],
  [/\bkube-api-access-[a-z0-9]{5}\b/g, "kube-api-access-XXXXX"],
  [/\b[a-z]{3}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+\d{4}/gi, "DATE"],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+ \+\d{4}|Z)/g, "DATE"],
  [/containerd:\/\/[0-9a-f]{64}/g, "containerd://ID"],
  [/@sha256:[0-9a-f]{64}/g, "@sha256:DIGEST"],
  [/\b10\.(244|96|97|98|99|1[01]\d)\.\d+\.\d+\b/g, "10.X.X.X"],
  // ReplicaSet and Pod names: hash, suffix.
  [
    /\b([a-z][a-z0-9-]*?)-([bcdf-hj-np-tv-xz24-9]{8,10})(-[bcdf-hj-np-tv-xz24-9]{5})?\b/g,
    "$1-HASH$3",
  ],
  [/-HASH-[bcdf-hj-np-tv-xz24-9]{5}\b/g, "-HASH-XXXXX"],
  [/\bkube-proxy-[a-z0-9]{5}\b/g, "kube-proxy-XXXXX"],
  [/pod-template-hash=\w+/g, "pod-template-hash=HASH"],
  [/in [\d.]+m?s \([\d.]+m?s including waiting\)/g, "in TIME (TIME including waiting)"],
  [/\/(LIVE|MERGED)-\d+\//g, "/$1/"],
  [/http:\/\/[^\s"/]+\/sandboxes\/[^\s"]*?\/k\/[\w-]+/g, "SERVER"],
  [/https:\/\/(localhost|127\.0\.0\.1):\d+/g, "SERVER"],
  [/\b172\.18\.0\.\d+\b/g, "172.18.0.N"],
  [/\bnode-[1-9]\b/g, "node-N"],
  // What kubectl 1.36 says and earlier ones do not.
  [/(?<=^.* deleted) from \S+ namespace$/gm, ""],
  [/(?<= )spec\.(initContainers|containers|ephemeralContainers)\{[^}]+\}: /g, ""],
  [/^Flag --\S+ has been deprecated, .*\n/gm, ""],
  [/"(resourceVersion|generation)": "?\d+"?/g, '"$1": N'],
  [/\b(resourceVersion|generation): "?\d+"?/g, "$1: N"],
];

/** Ages stand alone between spaces or at a line's end. */
const age = /(?<= )(\d+d)?(\d+h)?(\d+m)?(\d+s)?(?= |$)/gm;

/** The data of `describe configmap`, up to what follows, or of `describe secret`. */
const data =
  /(?<=^(?:Binary)?Data\n====\n)(?:[-.\w]+:\n----\n[^]*?\n\n(?=\nBinaryData\n)|(?:[-.\w]+: +\d+ bytes\n)+)/gm;
/** Where an entry begins. */
const entry = /(?=^[-.\w]+:(?:\n----| +\d+ bytes)$)/m;

/** Before 1.36 kubectl prints data in the order of Go's maps, by chance; since then by name, which a recording keeps. */
const inOrder = (text: string): string =>
  text.replace(data, (all) => all.split(entry).sort().join(""));

/** What a golden keeps of an output. Columns keep their order, not their widths. */
export function normalised(text: string): string {
  let out = inOrder(text);
  for (const [pattern, by] of replacements) out = out.replace(pattern, by);
  return out
    .replace(age, (found) => (found ? "AGE" : found))
    .split("\n")
    .map((line) =>
      line
        .replace(/(?<=\S) {2,}/g, "  ")
        .replace(/-{4,}/g, "----")
        .trimEnd(),
    )
    .join("\n")
    .trimEnd();
}

/** Words of a command line, with single and double quotes as a shell takes them. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double),
  );
}

/** Plays a transcript's commands again and writes down what they print now. */
export async function replay(transcript: string, kubectl: Kubectl): Promise<string> {
  const written: string[] = [];
  for (const line of transcript.split("\n")) {
    if (line.startsWith("#")) written.push(line);
    const command = /^([$%]) kubectl (.*)$/.exec(line);
    if (!command) continue;
    const [, mark, rest = ""] = command;
    const { code, stdout, stderr } = await kubectl.run(wordsOf(rest));
    if (mark === "%" && code !== 0)
      throw new Error(`${line}: exit code ${code}\n${stdout}${stderr}`);
    written.push(line);
    if (mark === "%") continue;
    const output = normalised(`${stdout}${stderr}`);
    if (output) written.push(output);
    if (code !== 0) written.push(`(exit code ${code})`);
    written.push("");
  }
  return `${written.join("\n").trimEnd()}\n`;
}
