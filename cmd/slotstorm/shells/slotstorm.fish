# fish completion for slotstorm: save as ~/.config/fish/completions/slotstorm.fish

function __slotstorm_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l directive :none
    for line in (command $before[1] __complete $before[2..-1] "$current" 2>/dev/null)
        if string match -q ':*' -- $line
            set directive $line
        else
            echo $line
        end
    end
    switch $directive
        case :files
            __fish_complete_path "$current"
        case :dirs
            __fish_complete_directories "$current"
    end
end

complete -c slotstorm -f -a '(__slotstorm_complete)'
