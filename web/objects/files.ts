import { stdinCharsMax } from "../api/object.ts";

/** Manifests in files, and in folders of them. */

export interface NamedFile {
  /** From the folder that was dropped on. */
  path: string;
  size: number;
  text: () => Promise<string>;
}

const filesMax = 200;
const manifest = /\.(ya?ml|json)$/i;

/** To be called while the event is handled; folders are read afterwards. */
export async function filesOf(dropped: DataTransfer): Promise<NamedFile[]> {
  const entries = [...dropped.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const found: NamedFile[] = [];
  for (const entry of entries) await gather(entry, found);
  return found;
}

async function gather(entry: FileSystemEntry, found: NamedFile[]): Promise<void> {
  if (found.length >= filesMax) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    found.push({
      path: entry.fullPath.replace(/^\//, ""),
      size: file.size,
      text: () => file.text(),
    });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives some of them at a time.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return;
    for (const one of some) await gather(one, found);
  }
}

/** One text of several documents, in the order of their names, as `kubectl apply -f FOLDER` takes them. Throws Error: too much, or nothing. */
export async function manifestsIn(files: readonly NamedFile[]): Promise<string> {
  const taken = files
    .filter(({ path }) => manifest.test(path))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  if (taken.length === 0) {
    throw new Error("there is no manifest among them: files end in .yaml, .yml or .json");
  }
  const chars = taken.reduce((sum, { size }) => sum + size, 0);
  if (chars > stdinCharsMax) {
    throw new Error(
      `the files are larger than ${stdinCharsMax / 1024} KiB together; apply them with kubectl from your own machine`,
    );
  }
  const texts = await Promise.all(taken.map(({ text }) => text()));
  return texts
    .map((text, at) => `# ${taken[at]!.path}\n${text.trim().replace(/^---\n/, "")}\n`)
    .join("---\n");
}
