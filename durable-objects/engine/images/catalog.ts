/** Finds an image by its reference. */
import { parseReference, type ImageReference } from "../machinery/image-reference.ts";
import type { BootLine, FoundImage, ImageVersion } from "../runtime/image/image.ts";
import type { ImageCatalog, Program } from "../runtime/kernel/types.ts";
import type { ImageDefinition } from "./define.ts";

type Entry = FoundImage & { definition?: ImageDefinition };

/** Places that hold what another registry has, by the same names. */
const mirrors: [place: RegExp, original: string][] = [
  [/^mirror\.gcr\.io\/(?:library\/)?(?=[^/]+$)/, "docker.io/library/"],
  [/^mirror\.gcr\.io\//, "docker.io/"],
  [/^public\.ecr\.aws\/docker\/library\//, "docker.io/library/"],
  [/^(?:k8s\.gcr\.io|gcr\.io\/google[-_]containers)\//, "registry.k8s.io/"],
];

/** The repository that a mirror's stands for; itself where it is none. */
function originalOf(name: string): string {
  for (const [place, original] of mirrors)
    if (place.test(name)) return name.replace(place, original);
  return name;
}

function unmirrored(reference: ImageReference): ImageReference {
  const name = originalOf(`${reference.domain}/${reference.path}`);
  const slash = name.indexOf("/");
  return { ...reference, domain: name.slice(0, slash), path: name.slice(slash + 1) };
}

/** The images of a list of definitions, and all programs; versions and the table of programs are built at first use. */
export class Catalog implements ImageCatalog {
  readonly #repositories = new Map<string, ImageDefinition>();
  readonly #unknown: (reference?: ImageReference) => ImageVersion;
  readonly #found = new Map<string, Entry>();
  readonly #listPrograms: () => Program[];
  #programs: Map<string, Program> | undefined;

  /** `unknown` makes the version of a reference that no definition has. */
  constructor(
    definitions: readonly ImageDefinition[],
    unknown: (reference?: ImageReference) => ImageVersion,
    programs: () => Program[],
  ) {
    for (const definition of definitions) {
      for (const name of definition.repositories) this.#repositories.set(name, definition);
    }
    this.#unknown = unknown;
    this.#listPrograms = programs;
  }

  get programs(): Map<string, Program> {
    this.#programs ??= new Map(this.#listPrograms().map((program) => [program.name, program]));
    return this.#programs;
  }

  repository(name: string): ImageDefinition | undefined {
    return this.#repositories.get(name) ?? this.#repositories.get(originalOf(name));
  }

  find(image: string): Entry {
    let entry = this.#found.get(image);
    if (!entry) {
      entry = this.#lookUp(image);
      this.#found.set(image, entry);
    }
    return entry;
  }

  bootLines(image: string, startedAtMs: number): BootLine[] {
    const { definition, version } = this.find(image);
    return definition?.bootLog?.(version.version, startedAtMs) ?? [];
  }

  #lookUp(image: string): Entry {
    const reference = parseReference(image);
    if ("error" in reference) return { known: false, version: this.#unknown() };
    const definition = this.repository(`${reference.domain}/${reference.path}`);
    if (!definition) {
      const version = this.#unknown(unmirrored(reference));
      return { known: version.complete === true, version };
    }
    const tag = reference.tag ?? "latest";
    const version = definition.resolveTag(tag) ?? definition.resolveTag("latest") ?? tag;
    return { known: true, definition, version: definition.version(version, tag) };
  }
}
