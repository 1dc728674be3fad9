/** What a plain scalar is. yaml: go.yaml.in/yaml/v4 resolve.go */

/** Tag of a plain scalar. */
export function tagOf(text: string): string {
  if (/^(|~|null|Null|NULL)$/.test(text)) return "!!null";
  if (/^(true|True|TRUE|false|False|FALSE)$/.test(text)) return "!!bool";
  if (text === "<<") return "!!merge";
  if (/^[-+]?(0b[01_]+|0o?[0-7_]+|0x[\da-fA-F_]+|[1-9][\d_]*|0)$/.test(text)) return "!!int";
  if (/^[-+]?(\.\d+|\d[\d_]*(\.\d*)?)([eE][-+]?\d+)?$/.test(text)) return "!!float";
  if (/^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/.test(text)) return "!!float";
  if (/^\d{4}-\d\d?-\d\d?([Tt ]\d\d?:\d\d:\d\d(\.\d+)?( ?Z|[-+]\d\d:\d\d)?)?$/.test(text))
    return "!!timestamp";
  return "!!str";
}
