# bash completion for slotstorm: source <(slotstorm completion bash)

_slotstorm() {
    local cur=${COMP_WORDS[COMP_CWORD]} prefix='' line directive=:none
    local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    words=("${words[@]//\\/}") # an escaped space is a space
    COMPREPLY=()
    # bash splits --flag=value at each '=' and replaces what follows the last one only.
    local at=$((COMP_CWORD - 1))
    if [[ $cur == '=' ]]; then
        at=$COMP_CWORD
        cur=
    fi
    while ((at > 1)) && [[ ${COMP_WORDS[at]} == '=' ]]; do
        prefix=${COMP_WORDS[at - 1]}=$prefix
        at=$((at - 2))
    done
    while IFS= read -r line; do
        case $line in
            :*) directive=$line ;;
            *)
                line=${line%%$'\t'*}
                line=${line#"$prefix"}
                # A value of several words, such as a target, stays one word.
                [[ $line == *' '* ]] && printf -v line %q "$line"
                COMPREPLY+=("$line")
                ;;
        esac
    done < <("${COMP_WORDS[0]/#\~/$HOME}" __complete "${words[@]}" 2>/dev/null)

    local flag=
    case $directive in
        :files) flag=-f ;;
        :dirs) flag=-d ;;
        :nospace)
            compopt -o nospace 2>/dev/null
            return
            ;;
        *) return ;;
    esac
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(compgen "$flag" -- "$cur")
}

complete -F _slotstorm slotstorm
