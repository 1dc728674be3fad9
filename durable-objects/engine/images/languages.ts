/** What languages' images have in common: their files, their version, and the words for what is not simulated. */
import { encodeUtf8 } from "../runtime/bytes.ts";
import { buildLayer } from "../runtime/fs/layer.ts";
import type { ImageVersion } from "../runtime/image/image.ts";
import {
  alpineFiles,
  debianFiles,
  debianReleases,
  runtimeFiles,
  type FileTable,
} from "../runtime/image/base-files.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import type { ImageDefinition } from "./define.ts";
import { resolveVersion, type TagRule } from "./tags.ts";

/** Where images of a language say its version, and a recent one. */
const versions: Record<string, [variable: string, recent: string]> = {
  python: ["PYTHON_VERSION", "3.14.0"],
  node: ["NODE_VERSION", "24.11.1"],
  perl: ["", "5.40.1"],
  ruby: ["RUBY_VERSION", "3.4.7"],
  php: ["PHP_VERSION", "8.4.14"],
};

/** The version of an image of that language; another has a recent one. */
export function languageVersion(sys: Sys, language: string): string {
  const [variable, recent] = versions[language] ?? ["", ""];
  const own = /^\d+\.\d+\.\d+/.exec(sys.container.image.version)?.[0];
  return (
    sys.env[variable] ??
    (sys.container.image.entrypoint.includes("/entrypoint") ? recent : (own ?? recent))
  );
}

/** The error of a program that uses more than is simulated. */
export function refuse(sys: Sys, language: string, what: string): void {
  sys.complain(
    `${language}: this sandbox simulates one-liners only (printing, counting, variables, loops, sleeping, the environment); it cannot run: ${encodeUtf8(what.slice(0, 200))}\n`,
  );
}

/** Its prompt, which nobody may type at. */
export function prompt(sys: Sys, language: string, hint: string): { exitCode: number } {
  const typed = sys.terminal(0);
  if (typed)
    sys.complain(
      `${language}: this sandbox has no interactive interpreter; try ${language} ${hint}\n`,
    );
  return { exitCode: typed ? 1 : 0 };
}

/** A path of the command line, from the root. */
export const fullPath = (sys: Sys, path: string): string =>
  path.startsWith("/") ? path : `${sys.cwd.replace(/\/$/, "")}/${path}`;

/** What images have that are built on buildpack-deps: those that are neither slim nor alpine's. */
const fullFiles: FileTable = {
  "/usr/bin/curl": { program: "curl" },
  "/usr/bin/wget": { program: "wget" },
  "/usr/bin/git": { program: "git" },
};

const registries = ["docker.io", "public.ecr.aws/docker", "mirror.gcr.io"];
const variants = /^(lts-)?(slim|alpine|bookworm|trixie|bullseye|buster|stretch)[\d.]*(-slim)?$/;

export function languageImage(
  name: string,
  tags: Omit<TagRule, "variants">,
  files: (version: string) => FileTable,
  settings: (version: string) => Pick<ImageVersion, "entrypoint" | "cmd" | "env" | "sizeBytes">,
  programs: Program[],
): ImageDefinition {
  const known = new Map<string, ImageVersion>();
  return {
    repositories: registries.map((registry) => `${registry}/library/${name}`),
    resolveTag: (tag) => resolveVersion({ ...tags, variants }, tag),
    version(version, tag) {
      const alpine = tag.includes("alpine");
      const slim = alpine || tag.includes("slim");
      const key = `${version} ${alpine} ${slim}`;
      let found = known.get(key);
      if (!found) {
        const base = alpine ? alpineFiles("3.22.2") : debianFiles(debianReleases.trixie!);
        found = {
          version,
          ...settings(version),
          layer: buildLayer(base, slim ? {} : fullFiles, files(version), runtimeFiles),
        };
        known.set(key, found);
      }
      return found;
    },
    programs,
  };
}
