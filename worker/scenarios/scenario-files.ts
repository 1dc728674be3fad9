import { strToU8, zipSync, type Zippable } from "fflate";
import * as v from "valibot";
import { StatusError } from "../../durable-objects/engine/machinery/status.ts";
import { parseYaml } from "../../durable-objects/engine/schema/yaml.ts";
import { EdgeError } from "../errors.ts";
import {
  scenarioAboutBytesMax,
  scenarioBytesMax,
  scenarioChapterCharsMax,
  scenarioDescriptionCharsMax,
  scenarioFileBytesMax,
  scenarioFilesMax,
  scenarioMinutesMax,
  scenarioZipEntriesMax,
} from "../limits.ts";
import { line, nodes, seed, title } from "../schemas.ts";
import { idShape } from "../secrets.ts";
import { readZip, textOf } from "./zip.ts";

/**
 * A scenario as a folder: `scenario.yaml` says what it is, `README.md` is its text, `manifests/` is what its cluster begins
 * with, unless `scenario.yaml` names a snapshot.
 */

/** Content by path. */
export type Files = Record<string, string>;

export const scenarioFile = "scenario.yaml";
export const readmeFile = "README.md";
const manifestPath = /^manifests\/[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.(?:yaml|yml|json)$/;
const knownPaths = `${scenarioFile}, ${readmeFile} and manifests/NAME.yaml`;

const levels = ["beginner", "intermediate", "advanced"] as const;
const minutesRule = `minutes must be a whole number from 1 to ${scenarioMinutesMax}`;

/** What `scenario.yaml` may say. */
const scenario = v.strictObject({
  title,
  description: v.optional(line("description", scenarioDescriptionCharsMax)),
  level: v.optional(v.picklist(levels, `level must be one of ${levels.join(", ")}`)),
  minutes: v.optional(
    v.pipe(
      v.number(minutesRule),
      v.integer(minutesRule),
      v.minValue(1, minutesRule),
      v.maxValue(scenarioMinutesMax, minutesRule),
    ),
  ),
  chapter: v.optional(line("chapter", scenarioChapterCharsMax)),
  nodes: v.optional(nodes),
  seed: v.optional(seed),
  snapshot: v.optional(
    v.pipe(
      v.string("snapshot must be a snapshot's id"),
      v.regex(idShape, "snapshot must be a snapshot's id"),
    ),
  ),
});

export type About = v.InferOutput<typeof scenario>;

/** Words of what is to come: a version that had them now would mean something else later, and may never change. */
const reserved = new Set(["steps", "checks"]);

export interface Fault {
  file: string;
  /** Of `scenario.yaml`. */
  field?: string;
  message: string;
}

/** All that is wrong with a folder, the first of it in words. */
export function refuseFiles(faults: Fault[]): never {
  const [{ file, message }] = faults as [Fault];
  const error = new EdgeError(422, `${file}: ${message}`, "files");
  error.more = { errors: faults };
  throw error;
}

/** What the folder's `scenario.yaml` says; throws 422 with each thing that is wrong with the folder. */
export function readFiles(files: Files, nodesMax: number): About {
  const faults = faultsOfFolder(files);
  const text = files[scenarioFile];
  if (text === undefined) {
    faults.push({ file: scenarioFile, message: "is missing: it says the title at least" });
  }
  if (text === undefined || faults.length > 0) refuseFiles(faults);
  const { about, faults: others } = readAbout(text, nodesMax);
  if (about?.snapshot !== undefined) others.push(...faultsBesideSnapshot(files, about));
  if (!about || others.length > 0) refuseFiles(others);
  return about;
}

function faultsOfFolder(files: Files): Fault[] {
  const faults: Fault[] = [];
  const entries = Object.entries(files);
  if (entries.length > scenarioFilesMax) {
    faults.push({ file: "", message: `there are more than ${scenarioFilesMax} files` });
  }
  let total = 0;
  for (const [path, text] of entries.slice(0, scenarioFilesMax)) {
    const bytes = strToU8(text).length;
    total += bytes;
    const problem = problemOfPath(path) ?? problemOfText(path, text, bytes);
    if (problem !== undefined) faults.push({ file: path.slice(0, 200), message: problem });
  }
  if (total > scenarioBytesMax) {
    faults.push({
      file: "",
      message: `the files have ${total} bytes; ${scenarioBytesMax} are the most`,
    });
  }
  return faults;
}

function problemOfPath(path: string): string | undefined {
  if (path === scenarioFile || path === readmeFile || manifestPath.test(path)) return undefined;
  const parts = path.split("/");
  if (path.startsWith("/") || path.includes("\\") || parts.includes("..")) {
    return "leads out of the folder";
  }
  const [first = ""] = parts;
  if (reserved.has(first)) return `${first} are not supported yet`;
  return `does not belong into a scenario; known are ${knownPaths}`;
}

function problemOfText(path: string, text: string, bytes: number): string | undefined {
  const bytesMax = path === scenarioFile ? scenarioAboutBytesMax : scenarioFileBytesMax;
  if (bytes > bytesMax) return `has ${bytes} bytes; ${bytesMax} are the most`;
  // They make a text six times as long where it is stored, and no editor shows them.
  return /[^\P{Cc}\t\n\r]/u.test(text) ? "holds control characters" : undefined;
}

/** What a `scenario.yaml` says, or all that is wrong with it. */
export function readAbout(text: string, nodesMax: number): { about?: About; faults: Fault[] } {
  const file = scenarioFile;
  let value: unknown;
  try {
    ({ value } = parseYaml(text));
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { faults: [{ file, message: error.message }] };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { faults: [{ file, message: "must be a mapping, with a title at least" }] };
  }
  const parsed = v.safeParse(scenario, value);
  const faults = (parsed.issues ?? []).map((issue): Fault => {
    const field = v.getDotPath(issue) ?? "";
    return { file, field, message: inWords(issue, field) };
  });
  const about = parsed.success ? parsed.output : undefined;
  const workers = about?.nodes;
  if (
    workers !== undefined &&
    !(Number.isInteger(workers) && workers >= 1 && workers <= nodesMax)
  ) {
    const message = `nodes must be a whole number from 1 to ${nodesMax}`;
    faults.push({ file, field: "nodes", message });
  }
  return { ...(about && { about }), faults };
}

function inWords(issue: v.BaseIssue<unknown>, field: string): string {
  if (reserved.has(field)) return `${field} are not supported yet`;
  if (issue.type === "strict_object" && issue.expected === "never") {
    return `unknown field "${field}"; known are ${Object.keys(scenario.entries).join(", ")}`;
  }
  if (issue.received === "undefined") return `${field} is missing`;
  return issue.message;
}

/** A snapshot brings its whole cluster. */
function faultsBesideSnapshot(files: Files, about: About): Fault[] {
  const faults: Fault[] = [];
  for (const field of ["nodes", "seed"] as const) {
    if (about[field] === undefined) continue;
    faults.push({ file: scenarioFile, field, message: `${field} is the snapshot's to say` });
  }
  for (const file of manifestsOf(files)) {
    faults.push({ file, message: `a scenario begins with manifests or a snapshot, not with both` });
  }
  return faults;
}

const manifestsOf = (files: Files): string[] =>
  Object.keys(files)
    .filter((path) => path.startsWith("manifests/"))
    .sort();

/** All manifests as one text, in the order of their names; undefined: there are none. */
export function manifestText(files: Files): string | undefined {
  const paths = manifestsOf(files);
  if (paths.length === 0) return undefined;
  return paths.map((path) => (files[path] as string).replace(/\n?$/, "\n")).join("---\n");
}

/** The folder of who brings none. */
export function firstFiles(title: string, snapshot: string | undefined): Files {
  const reference = snapshot === undefined ? "" : `snapshot: ${snapshot}\n`;
  return {
    [scenarioFile]: `title: ${JSON.stringify(title)}\n${reference}`,
    [readmeFile]: `# ${title}\n`,
  };
}

/** The same folder gives the same bytes. */
export function zipOf(files: Files, at: number): Uint8Array {
  const entries: Zippable = {};
  for (const path of Object.keys(files).sort()) entries[path] = strToU8(files[path] as string);
  return zipSync(entries, { mtime: at });
}

/** The folder in a zip, whether its files lie at the top or all in one folder; throws 422 where it is not sound. */
export function filesOfZip(zip: Uint8Array): Files {
  const bounds = {
    entriesMax: scenarioZipEntriesMax,
    entryBytesMax: scenarioFileBytesMax,
    bytesMax: scenarioBytesMax,
  };
  const found = readZip(zip, bounds, (name) => !leftByFileManagers(name));
  const names = [...found.keys()];
  const top = names[0]?.split("/", 1)[0] ?? "";
  const wrapped = !found.has(scenarioFile) && names.every((name) => name.startsWith(`${top}/`));
  const cut = wrapped ? top.length + 1 : 0;
  // A name such as __proto__ is one like all others.
  return Object.fromEntries(
    names.map((name) => [
      name.slice(cut),
      textOf(found.get(name) as Uint8Array, JSON.stringify(name.slice(0, 100))),
    ]),
  );
}

/** Not the author's, and in many a zip. */
const leftByFileManagers = (name: string): boolean =>
  name.startsWith("__MACOSX/") || /(?:^|\/)(?:\.DS_Store|Thumbs\.db)$/.test(name);
