/**
 * kubectl completion: scripts that ask `kubectl __complete`, as cobra's do, in as few lines as the shells need.
 * k8s: kubectl/pkg/cmd/completion
 */
import { goQuote } from "../../machinery/field.ts";
import type { Command } from "../command.ts";

const bash = `# bash completion for kubectl
__start_kubectl() {
    local cur="\${COMP_WORDS[COMP_CWORD]}" out directive line
    COMPREPLY=()
    out=$(kubectl __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
    directive=\${out##*:}
    out=\${out%:*}
    while IFS='' read -r line; do
        line=\${line%%$'\\t'*}
        if [[ -n $line && $line == "$cur"* ]]; then
            COMPREPLY+=("$line")
        fi
    done <<< "$out"
    if (( directive & 2 )); then
        compopt -o nospace 2>/dev/null
    fi
    if (( directive & 4 )); then
        compopt +o default 2>/dev/null
    fi
}

complete -o default -F __start_kubectl kubectl
`;

const zsh = `#compdef kubectl
compdef _kubectl kubectl

_kubectl() {
    local out line
    local -a completions
    out=$(kubectl __complete "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null) || return
    for line in "\${(f)out}"; do
        [[ $line == :* ]] || completions+=("\${line//$'\\t'/:}")
    done
    _describe kubectl completions
}
`;

const fish = `function __kubectl_complete
    kubectl __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null | string match -rv '^:'
end
complete -c kubectl -f -a '(__kubectl_complete)'
`;

const powershell = `Register-ArgumentCompleter -Native -CommandName kubectl -ScriptBlock {
    param($word, $line)
    $words = @($line.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
    if ($word -eq '') { $words += '' }
    kubectl __complete @words 2>$null | Where-Object { $_ -notmatch '^:' } | ForEach-Object { ($_ -split "\`t")[0] }
}
`;

const scripts = new Map(Object.entries({ bash, zsh, fish, powershell }));

export const completion: Command = {
  path: "completion",
  // eslint-disable-next-line require-yield
  *run(k) {
    const [shell, ...more] = k.args;
    if (shell === undefined) return k.usage("Shell not specified.");
    if (more.length > 0) k.usage("Too many arguments. Expected only the shell type.");
    const script = scripts.get(shell);
    if (script === undefined) return k.usage(`Unsupported shell type ${goQuote(shell)}.`);
    k.out(script);
    return 0;
  },
};
