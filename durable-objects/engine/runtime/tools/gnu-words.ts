/** GNU's words for what busybox' tools say, where an image has no busybox. */

type Rule = [pattern: RegExp, words: string];

const any: Rule[] = [
  [/^can't open '(.*)': /s, "$1: "],
  [/^can't (stat|remove|create directory|create) /, "cannot $1 "],
];

const rules: Record<string, Rule[]> = {
  ls: [
    [/^can't open '(.*)': /s, "cannot open directory '$1': "],
    [/^(.*): /s, "cannot access '$1': "],
  ],
  touch: [[/^(.*): /s, "cannot touch '$1': "]],
  rm: [[/^'(.*)' is a directory$/s, "cannot remove '$1': Is a directory"]],
  rmdir: [[/^'(.*)': /s, "failed to remove '$1': "]],
  cp: [
    [/^omitting directory/, "-r not specified; omitting directory"],
    [/^can't create '(.*)': /s, "cannot create regular file '$1': "],
  ],
  mv: [[/^can't rename '(.*)': /s, "cannot stat '$1': "]],
  head: [[/^(.*): No such/s, "cannot open '$1' for reading: No such"]],
  tail: [[/^(.*): No such/s, "cannot open '$1' for reading: No such"]],
  stat: [[/^can't stat /, "cannot statx "]],
  chmod: [[/^(.*): No such/s, "cannot access '$1': No such"]],
  chown: [[/^(.*): No such/s, "cannot access '$1': No such"]],
  find: [[/^(.*): No such/s, "'$1': No such"]],
  sed: [[/^(.*): No such/s, "can't read $1: No such"]],
  tar: [
    [/^removing leading '(.*)' from/s, "Removing leading `$1' from"],
    [
      /^error exit delayed from previous errors$/,
      "Exiting with failure status due to previous errors",
    ],
    [/^can't open '(.*)': /s, "$1: Cannot open: "],
    [/^can't make dir '(.*)': /s, "$1: Cannot mkdir: "],
    [/^(.*): not found in archive$/s, "$1: Not found in archive"],
    [/^empty archive$/, "Cowardly refusing to create an empty archive"],
    [/^(.*): No such/s, "$1: Cannot stat: No such"],
  ],
};

export function gnuWords(tool: string, text: string): string {
  for (const [pattern, words] of [...(rules[tool] ?? []), ...any])
    if (pattern.test(text)) return text.replace(pattern, words);
  return text;
}
