/** What assignments do to nodes. yq: pkg/yqlib/candidate_node.go UpdateFrom */
import { isNull, wrong, type Style, type Work, type YqNode } from "./node.ts";

/** Gives a node a value; its comments and, where the kind of value stays, its style are kept. */
export function assign(target: YqNode, value: YqNode, work: Work): void {
  work.spend(1);
  target.attach();
  const same = target.tag === value.tag;
  if ((target.kind !== "scalar" && target.content.length === 0) || !same || target.style === "")
    target.style = value.style;
  target.kind = value.kind;
  if (target.tag === "" || target.tag.startsWith("!!")) target.tag = value.tag;
  target.value = value.value;
  target.target = value.target;
  target.anchor = value.anchor;
  const { content } = value;
  target.content = [];
  if (value.kind === "map")
    for (let i = 0; i + 1 < content.length; i += 2) target.add(content[i + 1]!, content[i]!);
  else for (const item of content) target.add(item);
  target.head = value.head || target.head;
  target.line = value.line || target.line;
  target.foot = value.foot || target.foot;
}

const styles = new Set(["double", "single", "literal", "folded", "flow", "tagged", ""]);

const written = (text: string): string =>
  text
    .split("\n")
    .map((line) => (line === "" || line.startsWith("#") ? line : `# ${line}`))
    .join("\n");

/** `style = "x"` and the like. YqError. */
export function setAttribute(target: YqNode, name: string, value: YqNode): void {
  const text = isNull(value) ? "" : value.value;
  const comment = text === "" ? "" : written(text);
  target.attach();
  const keyed =
    target.parent?.kind === "map" && target.key && !target.isKey ? target.key : undefined;
  switch (name) {
    case "style":
      if (!styles.has(text)) wrong(`unknown style ${text}`);
      target.style = text as Style;
      return;
    case "tag":
      target.tag = text;
      return;
    case "anchor":
      target.anchor = text;
      return;
    case "alias":
      target.kind = text === "" ? "scalar" : "alias";
      target.value = text;
      target.content = [];
      return;
    default: {
      const all = name === "comments";
      if (all || name === "line_comment") {
        target.line = comment;
        if (keyed && (all || target.kind !== "scalar"))
          keyed.line = target.kind === "scalar" ? "" : comment;
      }
      if (all || name === "head_comment") {
        if (keyed) keyed.head = comment;
        else target.head = comment;
      }
      if (all || name === "foot_comment") {
        if (keyed) keyed.foot = comment;
        target.foot = keyed ? "" : comment;
      }
    }
  }
}
