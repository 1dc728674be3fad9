/** `:set`: what vi knows, and what it begins with. */
type Value = boolean | number | string;

interface Option {
  name: string;
  short?: string;
  value: Value;
}

/** Those that change something here. Values as Debian's vim begins (debian.vim). */
const options: Option[] = [
  { name: "autoindent", short: "ai", value: false },
  { name: "autowrite", short: "aw", value: false },
  { name: "expandtab", short: "et", value: false },
  { name: "gdefault", short: "gd", value: false },
  { name: "hlsearch", short: "hls", value: false },
  { name: "ignorecase", short: "ic", value: false },
  { name: "incsearch", short: "is", value: false },
  { name: "list", value: false },
  { name: "number", short: "nu", value: false },
  { name: "paste", value: false },
  { name: "readonly", short: "ro", value: false },
  { name: "relativenumber", short: "rnu", value: false },
  { name: "ruler", short: "ru", value: true },
  { name: "scroll", short: "scr", value: 0 },
  { name: "scrolloff", short: "so", value: 0 },
  { name: "shiftround", short: "sr", value: false },
  { name: "shiftwidth", short: "sw", value: 8 },
  { name: "showcmd", short: "sc", value: false },
  { name: "showmode", short: "smd", value: true },
  { name: "smartcase", short: "scs", value: false },
  { name: "smartindent", short: "si", value: false },
  { name: "smarttab", short: "sta", value: false },
  { name: "softtabstop", short: "sts", value: 0 },
  { name: "startofline", short: "sol", value: true },
  { name: "tabstop", short: "ts", value: 8 },
  { name: "textwidth", short: "tw", value: 0 },
  { name: "tildeop", short: "top", value: false },
  { name: "wrap", value: true },
  { name: "wrapscan", short: "ws", value: true },
  { name: "display", short: "dy", value: "" },
  { name: "fileformat", short: "ff", value: "unix" },
  { name: "filetype", short: "ft", value: "" },
  { name: "nrformats", short: "nf", value: "bin,octal,hex" },
];

/** Known words that change nothing here. */
const accepted: Option[] = [
  ..."autoread:ar backup:bk cindent:cin compatible:cp confirm:cf copyindent:ci cursorcolumn:cuc cursorline:cul digraph errorbells:eb exrc:ex foldenable:fen hidden:hid insertmode:im joinspaces:js lazyredraw:lz linebreak:lbr magic modeline:ml modifiable:ma more preserveindent:pi secure showmatch:sm spell splitbelow:sb splitright:spr swapfile:swf terse termguicolors:tgc title ttyfast:tf undofile:udf visualbell:vb warn wildmenu:wmnu wrapmargin writebackup:wb"
    .split(" ")
    .map((word): Option => withShort(word, false)),
  ..."cmdheight:ch cmdwinheight:cwh colorcolumn:cc conceallevel:cole foldlevel:fdl history:hi laststatus:ls matchtime:mat numberwidth:nuw pastetoggle:pt sidescroll:ss sidescrolloff:siso timeoutlen:tm ttimeoutlen:ttm undolevels:ul updatetime:ut"
    .split(" ")
    .map((word): Option => withShort(word, 0)),
  ..."background:bg backspace:bs backupdir:bdir clipboard:cb comments:com completeopt:cot directory:dir encoding:enc fileencoding:fenc fileencodings:fencs fileformats:ffs fillchars:fcs foldmethod:fdm formatoptions:fo guifont:gfn listchars:lcs matchpairs:mps mouse rulerformat:ruf runtimepath:rtp shell:sh shortmess:shm statusline:stl suffixes:su syntax:syn term viminfo:vi virtualedit:ve whichwrap:ww wildmode:wim wildignore:wig"
    .split(" ")
    .map((word): Option => withShort(word, "")),
];

function withShort(word: string, value: Value): Option {
  const [name = "", short] = word.split(":");
  return { name, value, ...(short ? { short } : {}) };
}

const byName = new Map<string, Option>();
for (const option of [...options, ...accepted]) {
  byName.set(option.name, option);
  if (option.short) byName.set(option.short, option);
}

export const optionOf = (name: string): Option | undefined => byName.get(name);

/** The default of a name as it is written out. */
export const defaultOf = (name: string): Value => byName.get(name)?.value ?? false;

/** What defaults.vim sets where the user has no file of their own. */
export const defaultsVim: Record<string, Value> = {
  showcmd: true,
  display: "truncate",
  scrolloff: 5,
  incsearch: true,
  nrformats: "bin,hex",
};

export interface Setting {
  name: string;
  value?: Value;
  /** Only to be shown. */
  asked?: true;
}

/** One word of `:set`: what it says, or the message against it. */
export function settingOf(word: string, now: (name: string) => Value): Setting | { error: string } {
  const found = /^([a-z_]+)([?!&]|<|vim)?(?:(\+|-|\^)?[=:](.*))?$/s.exec(word);
  if (!found) return { error: `E474: Invalid argument: ${word}` };
  const [, written = "", mark, sign, given] = found;
  let option = optionOf(written);
  let value: Value | undefined = true;
  if (!option && written.startsWith("no")) [option, value] = [optionOf(written.slice(2)), false];
  else if (!option && written.startsWith("inv")) {
    option = optionOf(written.slice(3));
    value = option && !now(option.name);
  }
  if (!option) return { error: `E518: Unknown option: ${word}` };
  const { name } = option;
  if (mark === "?") return { name, asked: true };
  if (mark === "&") return { name, value: option.value };
  if (typeof option.value === "boolean") {
    if (given !== undefined) return { error: `E474: Invalid argument: ${word}` };
    return { name, value: mark === "!" ? !now(name) : value! };
  }
  if (value === false || mark === "!") return { error: `E474: Invalid argument: ${word}` };
  if (given === undefined) return { name, asked: true };
  return assigned(option, now(name), sign, given, word);
}

function assigned(
  { name, value: standard }: Option,
  now: Value,
  sign: string | undefined,
  given: string,
  word: string,
): Setting | { error: string } {
  if (typeof standard === "number") {
    if (!/^-?\d+$/.test(given)) return { error: `E521: Number required after =: ${word}` };
    const number = Number(given);
    const value =
      sign === "+" ? Number(now) + number : sign === "-" ? Number(now) - number : number;
    const needsPositive = ["tabstop", "shiftwidth", "scrolloff", "textwidth"].includes(name);
    if (value < 0 && needsPositive) return { error: `E487: Argument must be positive: ${word}` };
    if (value === 0 && name === "tabstop")
      return { error: `E487: Argument must be positive: ${word}` };
    if (value > 9999 && name === "tabstop") return { error: `E474: Invalid argument: ${word}` };
    return { name, value: Math.min(value, 99_999_999) };
  }
  const old = String(now);
  if (sign === "+")
    return { name, value: old && standard !== "" ? `${old},${given}` : old + given };
  if (sign === "^") return { name, value: given + old };
  return { name, value: sign === "-" ? old.replace(given, "") : given };
}

/** How `:set` shows one. */
export const shownOption = (name: string, value: Value): string =>
  typeof value === "boolean" ? `${value ? "  " : "no"}${name}` : `  ${name}=${value}`;

export const optionNames = (): string[] => options.map(({ name }) => name).sort();
