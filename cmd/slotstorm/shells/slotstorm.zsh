#compdef slotstorm
# zsh completion for slotstorm: put it into a folder of $fpath as _slotstorm.

_slotstorm() {
    local line word about directive=:none
    local -a shown plain
    while IFS= read -r line; do
        case $line in
            :*) directive=$line ;;
            *)
                word=${line%%$'\t'*} about=${line#*$'\t'}
                plain+=("$word")
                shown+=("$word${about:+  -- $about}")
                ;;
        esac
    done < <("${(Q)words[1]/#\~/$HOME}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)

    local -a more
    [[ $directive == :nospace ]] && more=(-S '')
    (( $#plain )) && compadd $more -l -d shown -- "${plain[@]}"
    case $directive in
        :files) _files ;;
        :dirs) _files -/ ;;
    esac
}

# Read by autoload from $fpath, or by source.
if [ "$funcstack[1]" = _slotstorm ]; then
    _slotstorm "$@"
else
    compdef _slotstorm slotstorm
fi
