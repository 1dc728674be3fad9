/** yq: cmd/root.go */
export const versionText = "yq (https://github.com/mikefarah/yq/) version v4.54.3\n";

export const helpText = `Usage:
  yq [flags]
  yq [command]

Commands:
  eval       evaluates the expression for each document of each file, one after the other (the default)
  eval-all   reads all documents of all files and evaluates the expression once

Flags:
  -e, --exit-status            exit 1 where nothing matches, or all is null or false
  -I, --indent int             spaces of indentation (default 2)
  -i, --inplace                write the result into the first file
  -p, --input-format string    auto, yaml, json, props, csv, tsv (default "auto")
  -N, --no-doc                 no separators (---) between documents
  -0, --nul-output             end values with a NUL character
  -n, --null-input             read nothing
  -o, --output-format string   auto, yaml, json, props, csv, tsv (default "auto")
  -P, --prettyPrint            short for '... style = ""'
  -s, --split-exp string       write each result into a file that this expression names; $index counts them
  -r, --unwrapScalar           texts without quotes (default true)
  -V, --version                print the version and quit
`;
