/** A command line of yq and what yq made of it: its output, and the file a.yaml where it was changed. */
export interface YqRow {
  args: string[];
  stdin?: string;
  out?: string;
  err?: string;
  code?: number;
  /** a.yaml afterwards, where it is not what it was. */
  file?: string;
}

/** Files beside which every command line runs. */
export const files: Readonly<Record<string, string>> = {
  "a.yaml": `# head
apiVersion: v1 # line

# about kind
kind: Pod
metadata:
    name: "web"   # the name
    labels: {app: web, tier: 'x'}
spec: # spec
  containers:
  - name: a
    image: nginx:1.2

  # second
  - name: b
    args: ["a", b]
    script: |
      echo 1
      echo 2
  n: 0x10
  f: 1.50
  t: yes
  nul:
  z: ~
# foot
`,
  "docs.yaml": "# one\na: 1\nb: [3, 1, 2]\n---\na: 2\nb: {c: 5}\n---\nplain\n",
  "b.yaml": "metadata:\n  labels: {env: prod}\n  name: other\nspec:\n  containers:\n    - name: c\n",
  "list.yaml": "- {n: b, v: 2, g: x}\n- {n: a, v: 10, g: y}\n- {n: c, v: 2, g: x}\n",
  "anchors.yaml": "base: &b\n  x: 1\n  y: 2\nuse: *b\nmore:\n  <<: *b\n  y: 3\n",
  "a.json": '{"a":[1,{"b":null}],"c":"x","d":1.5,"e":true}\n',
  "bad.yaml": "a: [1\nb: 2\n",
  "p.properties": "# note\na.b = 1\na.c = two words\n",
};
