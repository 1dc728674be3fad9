import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { Panel } from "../ui/panel.tsx";
import { Snippet } from "../ui/snippet.tsx";

interface Embedded {
  /** `/embed/...` with the fragment, if it needs one. */
  path: string;
  title: string;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

/** For the very thing that is shared, ready to paste. */
function snippetsOf({ path, title }: Embedded): { place: string; says: string; text: string }[] {
  const src = location.origin + path;
  const named = escaped(title);
  const frame = `<iframe src="${escaped(src)}" title="${named}" width="100%" height="480" style="border: 0" loading="lazy" allow="clipboard-write"></iframe>`;
  const element = `<script type="module" src="${location.origin}/embed.js"></script>\n<podyard-sandbox src="${escaped(src)}" title="${named}"></podyard-sandbox>`;
  const mdx = `<iframe src=${JSON.stringify(src)} title=${JSON.stringify(title).includes("\\") ? `{${JSON.stringify(title)}}` : JSON.stringify(title)} width="100%" height="480" style={{ border: 0 }} loading="lazy" allow="clipboard-write" />`;
  const hugo = `<iframe src="{{ .Get "src" }}" title="{{ .Get "title" }}" width="100%" height="480" style="border: 0" loading="lazy" allow="clipboard-write"></iframe>`;
  return [
    { place: "HTML", says: "Into any page:", text: frame },
    {
      place: "Element",
      says: "With a script, it is as high as what it shows, and can be steered by the page:",
      text: element,
    },
    { place: "Docusaurus", says: "Into an .mdx page:", text: mdx },
    {
      place: "MkDocs",
      says: "Into a Markdown page, with an empty line before and behind:",
      text: frame,
    },
    {
      place: "Hugo",
      says: "As layouts/shortcodes/podyard.html, and then in a page:",
      text: `${hugo}\n\n{{< podyard src="${src}" title="${title.replaceAll('"', "'")}" >}}`,
    },
    {
      place: "Moodle",
      says: "In the editor of a page or label, switch to HTML (</>) and paste. The editor takes scripts away, so a frame it is:",
      text: frame,
    },
  ];
}

export function Embedding(thing: Embedded) {
  const id = useId();
  const place = useSignal("HTML");
  const snippets = snippetsOf(thing);
  const chosen = snippets.find((one) => one.place === place.value) ?? snippets[0]!;
  return (
    <Panel title="Embed">
      <p class="field">
        <label for={id}>Where to</label>
        <select id={id} onChange={(event) => (place.value = event.currentTarget.value)}>
          {snippets.map((one) => (
            <option key={one.place} selected={one === chosen}>
              {one.place}
            </option>
          ))}
        </select>
      </p>
      <p>{chosen.says}</p>
      <Snippet text={chosen.text} what={`the snippet for ${chosen.place}`} />
      <p class="quiet">
        The address takes <code>?theme=dark</code>, <code>view=picture</code> (or{" "}
        <code>objects</code>, <code>terminal</code>), <code>ctl=1</code> (starts when clicked) and{" "}
        <code>readonly=1</code>.
      </p>
    </Panel>
  );
}
