# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion of vrbench: source this text, or install it in bash-completion/completions/vrbench.
_vrbench() {
    local words=() word joined= typed stem candidate i
    # bash splits words at "=".
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ ${#words[@]} -gt 0 && ($word == "=" || -n $joined) ]]; then
            words[${#words[@]} - 1]+=$word
            joined=
            [[ $word == "=" ]] && joined=1
        else
            words+=("$word")
        fi
    done
    typed=${words[${#words[@]} - 1]}
    stem=
    [[ $typed == --*=* ]] && stem=${typed%%=*}=
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        if [[ $candidate == :file ]]; then
            compopt -o filenames 2>/dev/null
            while IFS= read -r candidate; do
                COMPREPLY+=("$candidate")
            done < <(compgen -f -- "${typed#"$stem"}")
        else
            COMPREPLY+=("${candidate#"$stem"}")
        fi
    done < <("${COMP_WORDS[0]/#\~/$HOME}" completion candidates -- "${words[@]}" 2>/dev/null)
}
complete -F _vrbench vrbench
