import {
  autocompletion,
  completionKeymap,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { forceLinting, linter, lintGutter, lintKeymap, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, StateEffect } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Mark } from "../yaml/check.ts";

/** An editor of YAML texts. Loaded when the first is seen. */

export interface Suggestions {
  /** Where what is typed begins. */
  from: number;
  options: { label: string; detail: string; info: string; apply: string }[];
}

export interface EditorOptions {
  parent: HTMLElement;
  text: string;
  label: string;
  readOnly: boolean;
  changed: (text: string) => void;
  suggest: (text: string, offset: number, asked: boolean) => Promise<Suggestions | undefined>;
  check: (text: string) => Promise<Mark[]>;
}

export interface CodeEditor {
  /** Another text; what was typed is gone. */
  set: (text: string) => void;
  setReadOnly: (is: boolean) => void;
  /** What the server says of the text, until it is changed. */
  mark: (marks: Mark[]) => void;
  /** Selects lines, from 0, up to one that is left out, and brings them into view. */
  select: (from: number, to: number) => void;
  focus: () => void;
  destroy: () => void;
}

/** What the server says of the text is another than before. */
const toldAnew = StateEffect.define<void>();

export function codeEditor(options: EditorOptions): CodeEditor {
  const writable = new Compartment();
  let told: Mark[] = [];
  const view = new EditorView({
    parent: options.parent,
    doc: options.text,
    extensions: [
      ...surface(options.label),
      writable.of(EditorState.readOnly.of(options.readOnly)),
      autocompletion({ override: [completer(options)], icons: false }),
      linter(
        async ({ state }) =>
          diagnostics(state, [...told, ...(await options.check(state.doc.toString()))]),
        {
          delay: 300,
          needsRefresh: ({ transactions }) =>
            transactions.some(({ effects }) => effects.some((effect) => effect.is(toldAnew))),
        },
      ),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (!docChanged) return;
        told = [];
        options.changed(state.doc.toString());
      }),
    ],
  });
  return {
    set: (text) => {
      if (text === view.state.doc.toString()) return;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    setReadOnly: (is) =>
      view.dispatch({ effects: writable.reconfigure(EditorState.readOnly.of(is)) }),
    mark: (marks) => {
      told = marks;
      // A text that was checked already is checked again only if it needs it.
      view.dispatch({ effects: toldAnew.of() });
      forceLinting(view);
      const [first] = marks;
      if (first) view.dispatch({ effects: EditorView.scrollIntoView(first.from, { y: "center" }) });
    },
    select: (from, to) => {
      const { doc } = view.state;
      const [anchor, head] = [doc.line(from + 1).from, doc.line(to).to];
      view.dispatch({
        selection: { anchor, head },
        effects: EditorView.scrollIntoView(anchor, { y: "center" }),
      });
      view.focus();
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

const surface = (label: string) => [
  lineNumbers(),
  history(),
  drawSelection(),
  indentOnInput(),
  bracketMatching(),
  highlightActiveLine(),
  highlightSelectionMatches(),
  search({ top: true }),
  lintGutter(),
  yaml(),
  syntaxHighlighting(colours),
  theme,
  EditorState.tabSize.of(2),
  EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
  // Tab goes on to the next control, as everywhere in the page.
  keymap.of([
    ...completionKeymap,
    ...lintKeymap,
    ...searchKeymap,
    ...historyKeymap,
    ...defaultKeymap,
  ]),
];

const completer =
  ({ suggest }: EditorOptions) =>
  async ({ state, pos, explicit }: CompletionContext): Promise<CompletionResult | null> => {
    const found = await suggest(state.doc.toString(), pos, explicit);
    if (!found || found.options.length === 0) return null;
    return {
      from: found.from,
      validFor: /^[\w./-]*$/,
      options: found.options.map(({ label, detail, info, apply }): Completion => ({
        label,
        detail,
        apply,
        ...(info !== "" && { info }),
      })),
    };
  };

const diagnostics = ({ doc }: EditorState, marks: Mark[]): Diagnostic[] =>
  marks.map(({ from, to, message }) => {
    const start = Math.min(from, doc.length);
    return {
      from: start,
      to: Math.max(start, Math.min(to, doc.length)),
      message,
      severity: "error",
    };
  });

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--ink)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--moving)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.meta], color: "var(--soft)" },
]);

const theme = EditorView.theme({
  "&": {
    border: "1px solid var(--line)",
    borderRadius: "6px",
    backgroundColor: "var(--code)",
    color: "var(--ink)",
    fontSize: "0.82rem",
    height: "100%",
  },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--soft)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": {
    backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)",
  },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    {
      backgroundColor: "color-mix(in srgb, var(--accent) 25%, transparent)",
    },
  ".cm-tooltip": {
    border: "1px solid var(--line)",
    borderRadius: "6px",
    backgroundColor: "var(--card)",
    color: "var(--ink)",
    maxWidth: "min(26rem, 90vw)",
  },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent)",
    color: "var(--on-accent)",
  },
  ".cm-completionDetail": { color: "var(--soft)", fontStyle: "normal" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-completionInfo": { padding: "0.4rem 0.6rem", maxHeight: "12rem", overflow: "auto" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
    textUnderlineOffset: "0.2em",
  },
  ".cm-panels": { backgroundColor: "var(--card)", color: "var(--ink)", borderColor: "var(--line)" },
});
