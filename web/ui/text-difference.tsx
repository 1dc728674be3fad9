import { lineDiff } from "./line-diff.ts";
import "./text-difference.css";

const classes = { "-": "removed", "+": "added", "@": "quiet", " ": "" };

/** What differs between two texts, as `diff -u` prints it. */
export function TextDifference({ before, after }: { before: string; after: string }) {
  return (
    <pre class="diff" tabIndex={0} aria-label="Difference">
      {lineDiff(before, after).map(({ sign, text }, at) => (
        <span key={at} class={classes[sign]}>
          {sign === "@" ? `@@ ${text} @@` : `${sign}${text}`}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
