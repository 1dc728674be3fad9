/** The title, the help lines and the questions of nano. */
import { lengthAt, plain, reverse, widthOf, widthOfText } from "../screen/paint.ts";
import { current, isModified, type NanoState } from "./state.ts";

export const branding = "GNU nano 8.4";

function cutTo(text: string, cols: number): string {
  let at = 0;
  let width = 0;
  while (at < text.length) {
    const length = lengthAt(text, at);
    width += widthOf(text.slice(at, at + length));
    if (width > cols) break;
    at += length;
  }
  return text.slice(0, at);
}

const filled = (text: string, cols: number): string =>
  text + " ".repeat(Math.max(0, cols - widthOfText(text)));

export function titleBar(state: NanoState): string {
  const { cols, buffers, at, options } = state;
  const buffer = current(state);
  const inHelp = state.help !== undefined;
  const left = inHelp ? "" : state.several ? `[${at + 1}/${buffers.length}]` : branding;
  const name = inHelp ? "Main nano help text" : buffer.name || "New Buffer";
  const said = inHelp ? "" : isModified(buffer) ? "Modified" : options.view ? "View" : "";
  const leftWidth = left === "" ? 0 : left.length + 3;
  const rightWidth = inHelp ? 0 : (said === "" ? "Modified" : said).length + 2;
  const width = widthOfText(name) + (inHelp ? 0 : 1);
  let row = "";
  if (leftWidth + width + rightWidth <= cols) {
    const from = leftWidth + Math.floor((cols - leftWidth - rightWidth - width) / 2);
    row = filled(filled(left === "" ? "" : `  ${left}`, from) + name, cols - rightWidth) + said;
  } else {
    const from = Math.max(0, Math.floor((cols - width - rightWidth) / 2) + 1);
    const most = Math.max(4, cols - (said === "" ? 0 : rightWidth));
    const short = width > most ? `...${name.slice(3 - most)}` : name;
    row = filled(filled("", from) + short, cols - rightWidth) + (width > most ? "" : said);
  }
  return reverse + filled(cutTo(row, cols), cols) + plain;
}

type Item = [key: string, tag: string];

const items = (text: string): Item[] =>
  text.split("|").map((item): Item => {
    const [key = "", tag = ""] = item.split(/ (.*)/s);
    return [key, tag];
  });

const main = items(
  "^G Help|^X Exit|^O Write Out|^R Read File|^F Where Is|^\\ Replace|^K Cut|^U Paste|^T Execute|^J Justify|^C Location|^/ Go To Line|M-U Undo|M-E Redo|M-A Set Mark|M-6 Copy|M-] To Bracket|^B Where Was|M-B Previous|M-F Next|\xe2\x97\x82 Back|\xe2\x96\xb8 Forward|^\xe2\x97\x82 Prev Word|^\xe2\x96\xb8 Next Word|^A Home|^E End|^P Prev Line|^N Next Line",
);
const severalMain = main.map((item): Item => (item[0] === "^X" ? ["^X", "Close"] : item));
const menus = {
  write: items(
    "^G Help|^C Cancel|M-D DOS Format|M-M Mac Format|M-A Append|M-P Prepend|M-B Backup File|^T Browse",
  ),
  insert: items("^G Help|^C Cancel|M-F New Buffer|M-N No Conversion|^X Execute Command|^T Browse"),
  search: items(
    "^G Help|^C Cancel|M-C Case Sens|M-R Reg.exp.|M-B Backwards|^R Replace|^P Older|^N Newer|^T Go To Line",
  ),
  replace: items(
    "^G Help|^C Cancel|M-C Case Sens|M-R Reg.exp.|M-B Backwards|^R No Replace|^P Older|^N Newer",
  ),
  with: items("^G Help|^C Cancel|^P Older|^N Newer"),
  goto: items(
    "^G Help|^C Cancel|^W Begin of Paragr.|^O End of Paragraph|^Y First Line|^V Last Line|^T Go To Text",
  ),
  execute: items(
    "^G Help|^C Cancel|^P Older|^N Newer|M-F New Buffer|M-\\ Pipe Text|^S Spell Check|^Y Linter|^J Full Justify|^O Formatter|^V Cut Till End|^Z Suspend",
  ),
};
const helpMenu = items(
  "^L Refresh|^X Close|^F Where Is|^B Where Was|M-B Previous|M-F Next|^P Prev Line|^N Next Line|^Y Prev Page|^V Next Page|^\\ First Line|^/ Last Line",
);

/** Key and what it does in so many columns. */
function cell(item: Item, width: number): string {
  const bare = cutTo(`${item[0]} ${item[1]}`, width);
  const pad = " ".repeat(Math.max(0, width - widthOfText(bare)));
  return `${reverse}${item[0]}${plain}${bare.slice(item[0].length)}${pad}`;
}

/** nano: bottombars */
function bars(list: readonly Item[], cols: number): [string, string] {
  const number = Math.min(list.length, Math.floor((cols + 40) / 20) * 2);
  const width = Math.floor(cols / Math.floor((number + 1) / 2));
  const rows: [string, string] = ["", ""];
  for (let i = 0; i < number; i++) {
    const isWide = number % 2 === 1 && i + 2 === number;
    const slack = i + 2 >= number ? cols % width : 0;
    rows[i % 2] += cell(list[i] as Item, (isWide ? 2 : 1) * width + slack);
  }
  return rows;
}

export function helpLines(state: NanoState): [string, string] {
  const { cols, question } = state;
  if (question) {
    const width = cols < 32 ? Math.floor(cols / 2) : 16;
    const more: Item[] = question.kind === "replace" ? [[" A", "All"]] : [];
    return [
      [[" Y", "Yes"] as Item, ...more].map((item) => cell(item, width)).join(""),
      [[" N", "No"] as Item, ["^C", "Cancel"] as Item].map((item) => cell(item, width)).join(""),
    ];
  }
  if (state.prompt) return bars(menus[state.prompt.kind], cols);
  if (state.help !== undefined) return bars(helpMenu, cols);
  return bars(state.buffers.length > 1 ? severalMain : main, cols);
}

/** The text before what is typed. */
export function promptText(state: NanoState): string {
  const { prompt, options } = state;
  const buffer = current(state);
  if (!prompt) return "";
  const searches =
    (options.casesensitive ? " [Case Sensitive]" : "") +
    (options.regexp ? " [Regexp]" : "") +
    (options.backwards ? " [Backwards]" : "");
  const before =
    state.sought === undefined ? "" : ` [${cutTo(state.sought, Math.floor(state.cols / 3))}]`;
  const format =
    buffer.format === "dos" ? " [DOS Format]" : buffer.format === "mac" ? " [Mac Format]" : "";
  switch (prompt.kind) {
    case "search":
      return `Search${searches}${before}: `;
    case "replace":
      return `Search${searches} (to replace)${before}: `;
    case "with":
      return "Replace with: ";
    case "goto":
      return "Enter line number, column number: ";
    case "execute":
      return `Command to execute${options.multibuffer ? " in new buffer" : ""}: `;
    case "insert":
      return `File to ${options.multibuffer ? "read into new buffer" : "insert"} [from ./]: `;
    case "write": {
      const verb =
        prompt.how === "append" ? "Append" : prompt.how === "prepend" ? "Prepend" : "Write";
      const marked = buffer.mark && !prompt.closes ? " Selection" : "";
      return `${verb}${marked} to File${format}${options.backup ? " [Backup]" : ""}: `;
    }
  }
}

/** The row above the help lines: what is asked or said, and the cursor's column where it stands there. */
export function statusRow(state: NanoState): [string, number | undefined] {
  const { cols, prompt, question, status } = state;
  if (question) {
    const text = cutTo(question.text, cols - 1);
    return [reverse + filled(text, cols) + plain, Math.min(cols - 1, widthOfText(text) + 0)];
  }
  if (prompt) {
    const head = promptText(state);
    const room = Math.max(4, cols - widthOfText(head) - 1);
    const until = widthOfText(prompt.text.slice(0, prompt.column));
    const skip = until > room ? until - room : 0;
    const text = head + cutTo(prompt.text.slice(skip), room);
    return [
      reverse + filled(text, cols) + plain,
      Math.min(cols - 1, widthOfText(head) + until - skip),
    ];
  }
  if (status === undefined) return ["", undefined];
  const text = cutTo(status, Math.max(0, cols - 4));
  const from = Math.max(0, Math.floor((cols - widthOfText(text) - 4) / 2));
  return [`${" ".repeat(from)}${reverse}[ ${text} ]${plain}`, undefined];
}
