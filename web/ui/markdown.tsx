import { Lexer, type Token, type Tokens } from "marked";
import { createContext, type ComponentChildren, type VNode } from "preact";
import { useContext } from "preact/hooks";

interface Props {
  text: string;
  title: string;
  /** Types a command of the text into a terminal. */
  type?: ((command: string) => void) | undefined;
}

/** Somebody's Markdown as nodes of the page: no HTML of theirs is ever parsed, and links go nowhere but to the web. */
export function Markdown({ text, title, type }: Props) {
  const tokens = Lexer.lex(text);
  const [first] = tokens;
  // The page says its title already.
  const isTitle = first?.type === "heading" && first["text"] === title;
  return (
    <Typing.Provider value={type}>
      <div class="prose">{nodesOf(isTitle ? tokens.slice(1) : tokens)}</div>
    </Typing.Provider>
  );
}

const Typing = createContext<Props["type"]>(undefined);

const nodesOf = (tokens: readonly Token[] | undefined): ComponentChildren =>
  (tokens ?? []).map((token) => nodeOf(token));

function nodeOf(token: Token): ComponentChildren {
  const make = makers[token.type];
  // HTML among it is shown as it was typed.
  return make ? make(token as never) : token.raw;
}

/** The page has one h1, its title. */
const headings = ["h2", "h2", "h3", "h4", "h5", "h6"] as const;

const makers: Record<string, (token: never) => ComponentChildren> = {
  space: () => null,
  def: () => null,
  br: () => <br />,
  hr: () => <hr />,
  heading: ({ depth, tokens }: Tokens.Heading) => {
    const Heading = headings[depth - 1] ?? "h6";
    return <Heading>{nodesOf(tokens)}</Heading>;
  },
  paragraph: ({ tokens }: Tokens.Paragraph) => <p>{nodesOf(tokens)}</p>,
  text: (token: Tokens.Text) => (token.tokens ? nodesOf(token.tokens) : plain(token.text)),
  escape: ({ text }: Tokens.Escape) => plain(text),
  strong: ({ tokens }: Tokens.Strong) => <strong>{nodesOf(tokens)}</strong>,
  em: ({ tokens }: Tokens.Em) => <em>{nodesOf(tokens)}</em>,
  del: ({ tokens }: Tokens.Del) => <del>{nodesOf(tokens)}</del>,
  codespan: ({ text }: Tokens.Codespan) => <code>{text}</code>,
  code: ({ text, lang }: Tokens.Code) => <CodeBlock text={text} lang={lang ?? ""} />,
  blockquote: ({ tokens }: Tokens.Blockquote) => <blockquote>{nodesOf(tokens)}</blockquote>,
  list: listOf,
  table: tableOf,
  link: ({ href, tokens }: Tokens.Link) => {
    const to = safe(href);
    return to === undefined ? (
      nodesOf(tokens)
    ) : (
      <a href={to} rel="noopener noreferrer nofollow">
        {nodesOf(tokens)}
      </a>
    );
  },
  // Pictures would tell another site who reads here.
  image: ({ text }: Tokens.Image) => <span class="quiet">[{text}]</span>,
};

/** What a block is written in, where it is for a shell. */
const shells = ["", "sh", "bash", "shell", "console"];

function CodeBlock({ text, lang }: { text: string; lang: string }) {
  const type = useContext(Typing);
  const code = (
    <pre tabIndex={0}>
      <code>{text}</code>
    </pre>
  );
  if (!type || !shells.includes(lang)) return code;
  // A prompt is no part of the command.
  const command = text.replace(/^\$ /gm, "").trimEnd();
  return (
    <div class="typed">
      {code}
      <button type="button" aria-label={`Type ${command}`} onClick={() => type(command)}>
        Type it
      </button>
    </div>
  );
}

function listOf({ ordered, start, items }: Tokens.List): VNode {
  const inside = items.map((item, at) => <li key={at}>{nodesOf(item.tokens)}</li>);
  return ordered ? <ol start={start === "" ? 1 : start}>{inside}</ol> : <ul>{inside}</ul>;
}

function tableOf({ header, rows }: Tokens.Table): VNode {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead>
          <tr>
            {header.map((cell, at) => (
              <th key={at} scope="col">
                {nodesOf(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) => (
                <td key={column}>{nodesOf(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** To the web, a mailbox, or within this page and site; never to a script. */
export function safe(href: string): string | undefined {
  try {
    const { protocol } = new URL(href, "https://here.invalid");
    return ["https:", "http:", "mailto:"].includes(protocol) ? href : undefined;
  } catch {
    return undefined;
  }
}

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
const plain = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name]!);
