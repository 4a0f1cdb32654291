# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion of vrbench: source this text, or install it in fish/vendor_completions.d/vrbench.fish.
function __vrbench_candidates
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] completion candidates -- $words[2..-1] 2>/dev/null)
        if test "$line" = :file
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c vrbench -f -a '(__vrbench_candidates)'
