#compdef vrbench
# SPDX-License-Identifier: GPL-3.0-or-later
# zsh completion of vrbench: source this text after compinit, or install it as _vrbench in a folder of
# $fpath.
_vrbench() {
    local line word files=0
    local -a described
    for line in "${(@f)$(${~words[1]} completion candidates -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        word=${line%%$'\t'*}
        if [[ $word == :file ]]; then
            files=1
        elif [[ -n $word ]]; then
            described+=("${word//:/\\:}:${line#*$'\t'}")
        fi
    done
    (( ${#described} )) && _describe vrbench described
    (( files )) && _files
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _vrbench "$@"
else
    compdef _vrbench vrbench
fi
