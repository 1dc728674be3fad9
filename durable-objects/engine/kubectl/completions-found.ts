/** What may stand in the place of a word, and what the shell may make of it. cobra: ShellCompDirective */

export interface Found {
  words: string[];
  directive: number;
}

export const [files, noSpace, noFiles, ofExtension] = [0, 2, 4, 8];

export const nothing: Found = { words: [], directive: noFiles };
