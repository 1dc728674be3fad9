/**
 * What a node's bash completes by: the functions that completion scripts expect of the package bash-completion, a loader of
 * scripts at the first Tab, and root's ~/.bashrc. Reading none of it costs a terminal's start anything.
 */
import type { FileTable } from "../image/base-files.ts";

const folder = "/usr/share/bash-completion";

const functions = `# What completion scripts call, and a loader of them.

# Assigns to cur, prev, words and cword, or to what -c, -p, -w and -i name; signs of -n do not end words.
_get_comp_words_by_ref() {
    local _keep='' _c='' _p='' _w='' _i='' _rest=$COMP_LINE _at=0 _cut=0 _k _part _blank
    local -a _all=()
    while (($#)); do
        case $1 in
            -n) _keep=$2 && shift ;;
            -c) _c=$2 && shift ;;
            -p) _p=$2 && shift ;;
            -w) _w=$2 && shift ;;
            -i) _i=$2 && shift ;;
            cur) _c=cur ;;
            prev) _p=prev ;;
            words) _w=words ;;
            cword) _i=cword ;;
        esac
        shift
    done
    for _k in "\${!COMP_WORDS[@]}"; do
        _part=\${COMP_WORDS[_k]} _blank=''
        while [[ $_rest == [[:blank:]]* ]]; do
            _rest=\${_rest:1} _blank=1
        done
        _rest=\${_rest:\${#_part}}
        if [[ \${#_all[@]} -gt 0 && -n $_keep && -z $_blank && ( $_part == ["$_keep"]* || \${_all[-1]} == *["$_keep"] ) ]]; then
            _all[-1]+=$_part
        else
            _all+=("$_part")
        fi
        if ((_k == COMP_CWORD)); then
            ((_at = \${#_all[@]} - 1, _cut = \${#COMP_LINE} - \${#_rest} - COMP_POINT))
            _part=\${_all[_at]}
            ((_cut > 0)) && _part=\${_part:0:\${#_part}-_cut}
            [[ -z $_c ]] || printf -v "$_c" %s "$_part"
        fi
    done
    [[ -z $_p ]] || printf -v "$_p" %s "\${_all[_at > 0 ? _at - 1 : 0]}"
    [[ -z $_w ]] || eval "$_w=(\\"\\\${_all[@]}\\")"
    [[ -z $_i ]] || printf -v "$_i" %s "$_at"
}

# The beginning of a completion function: 1 where a file is wanted, behind a redirection.
_init_completion() {
    local _signs='<>&' _redirection='[<>]'
    COMPREPLY=()
    while [[ \${1-} == -* ]]; do
        [[ $1 == -n ]] && _signs+=$2 && shift
        shift
    done
    _get_comp_words_by_ref -n "$_signs" cur prev words cword
    if [[ $prev == *$_redirection ]]; then
        _filedir
        return 1
    fi
}

# Takes what stands before the last colon out of COMPREPLY, which is no part of the word for bash.
__ltrim_colon_completions() {
    [[ $1 == *:* && $COMP_WORDBREAKS == *:* ]] || return 0
    local _start=\${1%"\${1##*:}"}
    COMPREPLY=("\${COMPREPLY[@]#"$_start"}")
}

# Files, folders (-d), or files whose names end in one of A|B.
_filedir() {
    local _name _ends="|\${1-}|"
    _ends=\${_ends//[@()]/|}
    compopt -o filenames
    if [[ \${1-} == -d ]]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
        return
    fi
    for _name in $(compgen -f -- "$cur"); do
        [[ -z \${1-} || -d $_name || $_ends == *"|\${_name##*.}|"* ]] && COMPREPLY+=("$_name")
    done
}

# The script of a command; 124 lets bash look again.
_completion_loader() {
    local _file=${folder}/completions/\${1##*/}
    if [[ -n \${1-} && -f $_file ]]; then
        . "$_file"
    else
        complete -o default -o bashdefault "\${1:-_}"
    fi
    return 124
}
complete -D -F _completion_loader
`;

export const completionFiles: FileTable = {
  [`${folder}/bash_completion`]: functions,
  "/etc/bash_completion": `. ${folder}/bash_completion\n`,
  [`${folder}/completions/kubectl`]: "source <(kubectl completion bash)\n",
};

/** root's, where kubectl has an administrator's kubeconfig. */
export const administratorsBashrc = `# kubectl's completion comes with the first Tab, for k as well.
alias k=kubectl
_load_kubectl() {
    source <(kubectl completion bash)
    complete -o default -F __start_kubectl k
    return 124
}
complete -F _load_kubectl kubectl k
`;
