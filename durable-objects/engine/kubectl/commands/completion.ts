/**
 * kubectl completion: scripts that ask `kubectl __complete`, as cobra's do, in as few lines as the shells need.
 * k8s: kubectl/pkg/cmd/completion
 */
import { goQuote } from "../../machinery/field.ts";
import type { Command } from "../command.ts";

/** Lists what fits with its descriptions, as wide as the terminal is; cobra's needs bash-completion, this one only bash. */
const bash = `# bash completion for kubectl
__start_kubectl() {
    local rest=$COMP_LINE cur='' part blank i out directive line name room longest=0 tab=$'\\t'
    local -a words=() lines=()
    # Neither = nor : ends a word of kubectl's.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        part=\${COMP_WORDS[i]} blank=''
        while [[ $rest == [[:blank:]]* ]]; do
            rest=\${rest:1} blank=1
        done
        rest=\${rest:\${#part}}
        if [[ -z $blank && ( $part == [=:]* || $cur == *[=:] ) ]]; then
            cur+=$part words[-1]=$cur
        else
            cur=$part words+=("$part")
        fi
    done
    ((i = \${#COMP_LINE} - \${#rest} - COMP_POINT))
    if ((i > 0)); then
        cur=\${cur:0:\${#cur}-i} words[-1]=$cur
    fi
    part="\${words[*]:1}"
    [[ -n $cur ]] || part+=" ''"
    out=$(eval "kubectl __complete $part" 2>/dev/null) || return
    directive=\${out##*:} out=\${out%:*}
    ((directive & 1)) && return
    ((directive & 2)) && compopt -o nospace
    ((directive & 4)) && compopt +o default
    ((directive & 32)) && compopt -o nosort
    [[ $cur == -*=* ]] && cur=\${cur#*=}
    COMPREPLY=()
    mapfile -t lines <<< "$out"
    # Files whose names end in what was answered; folders.
    if ((directive & 24)); then
        compopt -o filenames
        printf -v part '|%s' "\${lines[@]}"
        mapfile -t lines < <(compgen -f -- "$cur")
        for name in "\${lines[@]}"; do
            [[ -d $name || (directive -lt 16 && "$part|" == *"|\${name##*.}|"*) ]] && COMPREPLY+=("$name")
        done
        return
    fi
    for line in "\${lines[@]}"; do
        name=\${line%%$tab*}
        [[ -n $name ]] || continue
        printf -v part %q "$name"
        [[ $part == "$cur"* ]] || continue
        COMPREPLY+=("$line")
        ((\${#name} > longest)) && longest=\${#name}
    done
    if ((\${#COMPREPLY[@]} == 1)); then
        printf -v line %q "\${COMPREPLY[0]%%$tab*}"
        COMPREPLY=("$line")
    else
        for i in "\${!COMPREPLY[@]}"; do
            line=\${COMPREPLY[i]}
            [[ $line == *$tab* ]] || continue
            name=\${line%%$tab*} line=\${line#*$tab}
            ((room = COLUMNS - longest - 4))
            if ((room > 8)); then
                printf -v name %-\${longest}s "$name"
            else
                ((room = COLUMNS - \${#name} - 4))
            fi
            if ((\${#line} > room && room > 0)); then
                line=\${line:0:room-1}…
            fi
            ((room > 0)) && name+="  ($line)"
            COMPREPLY[i]=$name
        done
    fi
    # What stands before the last of these signs is no part of the word for bash.
    for part in : =; do
        [[ $cur == *$part* && $COMP_WORDBREAKS == *$part* ]] || continue
        line=\${cur%"\${cur##*$part}"}
        COMPREPLY=("\${COMPREPLY[@]#"$line"}")
    done
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
